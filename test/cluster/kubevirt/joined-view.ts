import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { placesIn } from "../../../server/src/resource/version.ts";
import { defaultStuckRules } from "../../../server/src/resource/wukong/power/power-times.ts";
import { hashIn } from "../../../server/src/resource/wukong/precondition-hash.ts";
import { joinWukong } from "../../../server/src/store/kubernetes/joined/join.ts";
import { observedWukongKind } from "../../../server/src/store/kubernetes/kinds/observed-wukong.ts";
import { virtualMachineKind } from "../../../server/src/store/kubernetes/kinds/virtual-machine.ts";
import { virtualMachineInstanceKind } from "../../../server/src/store/kubernetes/kinds/virtual-machine-instance.ts";
import type { Unstructured } from "../../../server/src/store/kubernetes/unstructured.ts";
import type { MachineHand } from "./machine-hand.ts";

/** What a cluster holds of all kinds. */
export interface ClusterContent {
	readonly wukongs: readonly Unstructured[];
	/** Undefined: it has no KubeVirt. */
	readonly machines: MachineHand | undefined;
}

/** Returns f(wukong, vm, vmi) of what is there now. Owners are found anew, by looking at everything. */
export async function viewsOf({ wukongs, machines }: ClusterContent): Promise<Wukong[]> {
	const observed = wukongs.map((raw) => observedWukongKind.read(raw));
	if (machines === undefined) return observed.map(({ wukong }) => wukong);
	const vms = (await machines.objects("virtualmachines")).map((raw) =>
		virtualMachineKind.read(raw),
	);
	const vmis = (await machines.objects("virtualmachineinstances")).map((raw) =>
		virtualMachineInstanceKind.read(raw),
	);
	const views = observed.map((one) => {
		const vm = belongingTo(vms, one.uid, `${one.name}-vm`);
		const vmi = vm && belongingTo(vmis, vm.uid, vm.name);
		const sourceOf = <T extends { resourceVersion: string }>(object: T | undefined) => ({
			object,
			version: BigInt(object?.resourceVersion ?? "0"),
		});
		return joinWukong([one, sourceOf(vm), sourceOf(vmi)], defaultStuckRules);
	});
	return views.filter((view) => view !== undefined);
}

/** Returns a VM with that part of its version that two ways to it agree about: its own, and the hash. */
export function comparable(wukong: Wukong): Wukong {
	const { resourceVersion } = wukong;
	return {
		...wukong,
		resourceVersion: `${ownVersion(resourceVersion)}-${hashIn(resourceVersion)}`,
	};
}

/** Returns the place of the Wukong itself in a version of a VM. */
function ownVersion(resourceVersion: string): string {
	return placesIn(resourceVersion).split("~", 1)[0] ?? "";
}

/** Of several the namesake, then the one with the least name; one without a controller goes by name. */
function belongingTo<T extends { readonly name: string; readonly ownerUid: string | undefined }>(
	objects: readonly T[],
	ownerUid: string,
	name: string,
): T | undefined {
	const namesake = objects.find((one) => one.name === name);
	if (namesake !== undefined && (namesake.ownerUid ?? ownerUid) === ownerUid) return namesake;
	const owned = objects.filter((one) => one.ownerUid === ownerUid);
	return owned.sort((one, other) => (one.name < other.name ? -1 : 1))[0];
}
