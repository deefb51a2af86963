import type { JsonObject } from "@bufbuild/protobuf";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { ObjectRef } from "../../../resource/object.ts";
import { isJsonObject, objectAt, type Unstructured } from "../unstructured.ts";
import type { KubeVirtApi } from "./subresources.ts";

/** What an action has to know of a VM, as the API server has it at that moment. */
export interface Machine {
	/** Its name, which is that of its instance, too. */
	readonly ref: ObjectRef;
	/** Actions that KubeVirt was told of and has not begun, as in `Stop`, `Start`. */
	readonly pending: readonly string[];
	/** Its run; undefined: there is none. */
	readonly instance: Instance | undefined;
}

/** One run of a VM. */
export interface Instance {
	/** `status.phase`. */
	readonly phase: string;
	readonly isPaused: boolean;
	/** Its deletion has begun. */
	readonly isEnding: boolean;
}

/**
 * Finds the VM of a Wukong and its run. One that another object controls is not ours, whatever its
 * name. @returns undefined where there is none @throws UpstreamError
 */
export async function findMachine(
	api: KubeVirtApi,
	wukong: Pick<Wukong, "namespace" | "name" | "uid" | "status">,
	signal: AbortSignal,
): Promise<Machine | undefined> {
	const { namespace, uid } = wukong;
	const names = new Set([`${wukong.name}-vm`, wukong.status?.vmName || `${wukong.name}-vm`]);
	for (const name of names) {
		const ref = { namespace, name };
		const vm = await api.get("virtualmachines", ref, signal);
		if (vm === undefined || !mayBelongTo(vm, uid)) continue;
		const vmi = await api.get("virtualmachineinstances", ref, signal);
		const isOurs = vmi !== undefined && mayBelongTo(vmi, vm.metadata.uid);
		return { ref, pending: pendingIn(vm), instance: isOurs ? readInstance(vmi) : undefined };
	}
	return undefined;
}

/** Checks that an object is controlled by the owner, or by none. */
function mayBelongTo({ metadata }: Unstructured, ownerUid: string): boolean {
	const controller = objectsAt(metadata, "ownerReferences").find((it) => it.controller === true);
	return controller === undefined || controller.uid === ownerUid;
}

function pendingIn(vm: Unstructured): string[] {
	return objectsAt(objectAt(vm, "status"), "stateChangeRequests").map(({ action }) =>
		String(action),
	);
}

function readInstance(vmi: Unstructured): Instance {
	const status = objectAt(vmi, "status");
	const conditions = objectsAt(status, "conditions");
	return {
		phase: typeof status.phase === "string" ? status.phase : "",
		isPaused: conditions.some((it) => it.type === "Paused" && it.status === "True"),
		isEnding: vmi.metadata.deletionTimestamp !== undefined,
	};
}

function objectsAt(value: JsonObject, key: string): JsonObject[] {
	const list = value[key];
	return Array.isArray(list) ? list.filter(isJsonObject) : [];
}
