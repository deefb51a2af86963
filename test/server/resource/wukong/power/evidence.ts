import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { WukongSchema, type WukongStatusSchema } from "@novasphere/wukong-gen/wukong";
import type {
	ObservedCondition,
	PowerEvidence,
	VirtualMachine,
	VirtualMachineInstance,
} from "../../../../../server/src/resource/wukong/power/evidence.ts";

/** Noon of some day; times of a test are seconds after it. */
const noonMs = Date.UTC(2026, 10, 26, 12);

export const at = (seconds: number) => noonMs + seconds * 1_000;

export function condition(
	type: string,
	status: string,
	parts: Partial<ObservedCondition> = {},
): ObservedCondition {
	return { type, status, reason: "", message: "", sinceMs: undefined, ...parts };
}

export function vmWith(parts: Partial<VirtualMachine> = {}): VirtualMachine {
	return {
		...{ namespace: "default", name: "web-vm", uid: "vm-uid", resourceVersion: "7", labels: {} },
		...{ ownerUid: "wukong-uid", createMs: at(0), deleting: false, conditions: [] },
		...{ wantedOn: true, printableStatus: "", created: false, startFailure: undefined },
		...parts,
	};
}

export function vmiWith(
	phase: string,
	parts: Partial<VirtualMachineInstance> = {},
): VirtualMachineInstance {
	return {
		...{ namespace: "default", name: "web-vm", uid: "vmi-uid", resourceVersion: "8", labels: {} },
		...{ ownerUid: "vm-uid", createMs: at(0), deleting: false, conditions: [] },
		...{ phase, phaseMs: {}, nodeName: "", interfaces: [] },
		...parts,
	};
}

/** Evidence of a Wukong that was created at noon, as it is wanted. */
export function evidenceOf(
	wish: "on" | "off",
	parts: Partial<Omit<PowerEvidence, "wukong">> & {
		readonly deletedAt?: number;
		readonly status?: MessageInitShape<typeof WukongStatusSchema>;
	} = {},
): PowerEvidence {
	const { deletedAt, status, ...rest } = parts;
	return {
		wukong: create(WukongSchema, {
			...{ namespace: "default", name: "web", uid: "wukong-uid", resourceVersion: "5" },
			spec: { startStrategy: { autoStart: wish === "on" } },
			...(status && { status }),
			...(deletedAt !== undefined && { deleteTime: timestampFromMs(at(deletedAt)) }),
		}),
		...{ startAskedMs: at(0), vm: undefined, vmi: undefined, knowsInstances: true },
		...rest,
	};
}
