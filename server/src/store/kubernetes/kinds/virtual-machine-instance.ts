import type { JsonObject } from "@bufbuild/protobuf";
import { freeze } from "../../../resource/freeze.ts";
import { parseTime } from "../../../resource/time.ts";
import type {
	ObservedInterface,
	VirtualMachineInstance,
} from "../../../resource/wukong/power/evidence.ts";
import type { ResourceKind } from "../resource-kind.ts";
import { objectAt, type Unstructured } from "../unstructured.ts";
import { differs, kubevirt, objectsAt, readKubeVirtObject, readWord } from "./kubevirt-object.ts";

/** Describes one run of a KubeVirt VM, of which phase, node and addresses are kept. */
export const virtualMachineInstanceKind: ResourceKind<VirtualMachineInstance> = {
	...kubevirt,
	plural: "virtualmachineinstances",
	kind: "VirtualMachineInstance",
	read: (raw) => freeze(readInstance(raw)),
	isNews: differs,
	markDeleted: (last) => freeze({ ...last, deleting: true }),
};

/** Most interfaces that are kept. */
const maxInterfaces = 64;

/** Most phases whose times are kept; KubeVirt has eight. */
const maxPhases = 16;

function readInstance(raw: Unstructured): VirtualMachineInstance {
	const status = objectAt(raw, "status");
	return {
		...readKubeVirtObject(raw),
		phase: readWord(status.phase),
		phaseMs: readPhaseTimes(status),
		nodeName: readWord(status.nodeName),
		interfaces: readInterfaces(status),
	};
}

function readPhaseTimes(status: JsonObject): Record<string, number> {
	const times = new Map<string, number>();
	for (const { phase, phaseTransitionTimestamp } of objectsAt(
		status,
		"phaseTransitionTimestamps",
	).slice(0, maxPhases)) {
		const ms = parseTime(phaseTransitionTimestamp);
		if (ms !== undefined) times.set(readWord(phase), ms);
	}
	return Object.fromEntries(times);
}

/** Reads the interfaces that are in spec; what only a guest's agent sees has no name there. */
function readInterfaces(status: JsonObject): ObservedInterface[] {
	const found = new Map<string, ObservedInterface>();
	for (const one of objectsAt(status, "interfaces").slice(0, maxInterfaces)) {
		const name = readWord(one.name);
		if (name === "" || found.has(name)) continue;
		found.set(name, {
			name,
			interfaceName: readWord(one.interfaceName),
			ipAddress: readWord(one.ipAddress),
			macAddress: readWord(one.mac),
		});
	}
	return [...found.values()];
}
