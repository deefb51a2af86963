import type { JsonObject } from "@bufbuild/protobuf";
import { freeze } from "../../../resource/freeze.ts";
import { parseTime } from "../../../resource/time.ts";
import type { VirtualMachine } from "../../../resource/wukong/power/evidence.ts";
import type { ResourceKind } from "../resource-kind.ts";
import { objectAt, type Unstructured } from "../unstructured.ts";
import { differs, kubevirt, readKubeVirtObject, readWord } from "./kubevirt-object.ts";

/** Describes KubeVirt's VM, of which only what the power state is told from is kept. */
export const virtualMachineKind: ResourceKind<VirtualMachine> = {
	...kubevirt,
	plural: "virtualmachines",
	kind: "VirtualMachine",
	read: (raw) => freeze(readVirtualMachine(raw)),
	isNews: differs,
	markDeleted: (last) => freeze({ ...last, deleting: true }),
};

function readVirtualMachine(raw: Unstructured): VirtualMachine {
	const status = objectAt(raw, "status");
	return {
		...readKubeVirtObject(raw),
		wantedOn: wantedOnIn(objectAt(raw, "spec")),
		printableStatus: readWord(status.printableStatus),
		created: status.created === true,
		startFailure: readStartFailure(status),
	};
}

/** Run strategies that mean on or off for good; with the others it depends. */
const strategies: ReadonlyMap<unknown, boolean> = new Map([
	["Always", true],
	["RerunOnFailure", true],
	["Once", true],
	["Halted", false],
]);

function wantedOnIn({ running, runStrategy }: JsonObject): boolean | undefined {
	return typeof running === "boolean" ? running : strategies.get(runStrategy);
}

function readStartFailure(status: JsonObject): VirtualMachine["startFailure"] {
	const { consecutiveFailCount, retryAfterTimestamp } = objectAt(status, "startFailure");
	const count = Number.isSafeInteger(consecutiveFailCount) ? Number(consecutiveFailCount) : 0;
	if (count <= 0) return undefined;
	return { count, retryMs: parseTime(retryAfterTimestamp) };
}
