import type { JsonObject } from "@bufbuild/protobuf";
import type { Unstructured } from "../../../server/src/store/kubernetes/unstructured.ts";
import type { KubeAccess, KubeApi } from "../kube-api.ts";
import { type KnownChange, recordHistory } from "../rolling/cluster-history.ts";
import {
	type KubeVirtPlural,
	kubevirtPath,
	kubevirtResource,
	setStatus,
} from "./kubevirt-objects.ts";

/** A change of a VM of KubeVirt or of its run, and whose it is. */
export interface MachineChange extends KnownChange {
	readonly name: string;
	/** `uid` of the controller; undefined: it goes by its name. */
	readonly ownerUid: string | undefined;
}

/** A way to KubeVirt's VMs and their runs, past the service. */
export interface MachineHand {
	/** @param ownerUid of the controller; undefined: none */
	create(plural: KubeVirtPlural, name: string, ownerUid: string | undefined): Promise<void>;
	/** Replaces the fields of the status that it names. */
	say(plural: KubeVirtPlural, name: string, status: JsonObject): Promise<void>;
	remove(plural: KubeVirtPlural, name: string): Promise<void>;
	/** All objects as they are now. */
	objects(plural: KubeVirtPlural): Promise<readonly Unstructured[]>;
	/** Each change since the beginning, in order; may be behind for a moment. */
	changes(plural: KubeVirtPlural): readonly MachineChange[];
}

/** Returns what is to be known of an event of a watch. */
export function machineChange(type: string, { metadata }: Unstructured): MachineChange {
	const { uid, name, resourceVersion, ownerReferences } = metadata;
	const owners = Array.isArray(ownerReferences) ? ownerReferences : [];
	const [owner] = owners as { uid: string }[];
	return { type, uid, version: resourceVersion, name, ownerUid: owner?.uid };
}

/** A hand in one namespace of a real cluster that has KubeVirt's definitions. */
export interface ClusterMachineHand extends MachineHand {
	close(): Promise<void>;
}

/** @param access an administrator's, past all proxies */
export async function createClusterMachineHand(
	admin: KubeApi,
	access: KubeAccess,
	namespace: string,
): Promise<ClusterMachineHand> {
	const listOf = (plural: KubeVirtPlural) =>
		admin.expect({ method: "GET", path: kubevirtPath(plural, namespace) });
	const record = async (plural: KubeVirtPlural) => {
		const { metadata } = await listOf(plural);
		const path = kubevirtPath(plural, namespace);
		return recordHistory(access, path, metadata.resourceVersion, machineChange);
	};
	const histories = {
		virtualmachines: await record("virtualmachines"),
		virtualmachineinstances: await record("virtualmachineinstances"),
	};
	return {
		async create(plural, name, ownerUid) {
			const body = kubevirtResource(plural, name, ownerUid);
			await admin.expect({ method: "POST", path: kubevirtPath(plural, namespace), body });
		},
		say: (plural, name, status) => setStatus(admin, kubevirtPath(plural, namespace, name), status),
		async remove(plural, name) {
			await admin.expect({ method: "DELETE", path: kubevirtPath(plural, namespace, name) });
		},
		objects: async (plural) => (await listOf(plural)).items,
		changes: (plural) => histories[plural].changes,
		async close() {
			await Promise.all(Object.values(histories).map((history) => history.close()));
		},
	};
}
