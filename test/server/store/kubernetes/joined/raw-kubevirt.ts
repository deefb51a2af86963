import type { JsonObject } from "@bufbuild/protobuf";
import type { Unstructured } from "../../../../../server/src/store/kubernetes/unstructured.ts";
import { rawNamed } from "../raw.ts";

interface Parts {
	readonly uid?: string;
	/** `uid` of the controller; default: none. */
	readonly owner?: string;
	readonly metadata?: JsonObject;
	readonly spec?: JsonObject;
	readonly status?: JsonObject;
}

function raw(kind: string, name: string, version: number, parts: Parts): Unstructured {
	const { owner, uid = `${kind}-${name}`, metadata, spec, status } = parts;
	const ownerReferences =
		owner === undefined ? [] : [{ kind: "Owner", name: "owner", uid: owner, controller: true }];
	const made = rawNamed(name, {
		...{ version, uid, metadata: { ownerReferences, ...metadata } },
		...(spec && { spec }),
		...(status && { status }),
	});
	return { ...made, apiVersion: "kubevirt.io/v1", kind };
}

/** A VM of KubeVirt as an API server has it, in the namespace `default`. */
export function rawVm(name: string, version: number, parts: Parts = {}): Unstructured {
	return raw("VirtualMachine", name, version, parts);
}

/** An instance of KubeVirt as an API server has it, in the namespace `default`. */
export function rawVmi(name: string, version: number, parts: Parts = {}): Unstructured {
	return raw("VirtualMachineInstance", name, version, parts);
}
