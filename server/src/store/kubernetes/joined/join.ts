import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { freeze } from "../../../resource/freeze.ts";
import { placesIn } from "../../../resource/version.ts";
import type {
	VirtualMachine,
	VirtualMachineInstance,
} from "../../../resource/wukong/power/evidence.ts";
import { observedStatus } from "../../../resource/wukong/power/observe-power.ts";
import type { StuckRules } from "../../../resource/wukong/power/power-times.ts";
import { hashedVersion, hashIn } from "../../../resource/wukong/precondition-hash.ts";
import type { ObservedWukong } from "../kinds/observed-wukong.ts";

/** One upstream object that a Wukong is joined from. */
export interface Source<T> {
	/** Undefined: there is none. */
	readonly object: T | undefined;
	/** Since when this is so, in the history of its kind. */
	readonly version: bigint;
}

/**
 * What one Wukong is joined from. Shorter where the cluster does not serve the later kinds, or does
 * not show them to us.
 */
export type WukongSources = readonly [
	wukong: ObservedWukong | undefined,
	vm?: Source<VirtualMachine>,
	vmi?: Source<VirtualMachineInstance>,
];

/**
 * Joins a Wukong from what is known of it: pure, and equal sources make equal bytes. Sources that
 * do not belong together, as a page of the past may bring them, are not joined.
 */
export function joinWukong(sources: WukongSources, rules: StuckRules): Wukong | undefined {
	const [observed, vm, vmi] = sources;
	if (observed === undefined || vm === undefined) return observed?.wukong;
	const { wukong, startAskedMs } = observed;
	const machine =
		vm.object !== undefined && ownsMachine(observed, vm.object) ? vm.object : undefined;
	const instance = vmi?.object;
	const evidence = {
		...{ wukong, startAskedMs, vm: machine, knowsInstances: vmi !== undefined },
		vmi:
			machine !== undefined && instance !== undefined && ownsInstance(machine, instance)
				? instance
				: undefined,
	};
	const own = placesIn(wukong.resourceVersion).split("~", 1)[0] ?? "";
	const places = [own, vm.version, ...(vmi === undefined ? [] : [vmi.version])].join("~");
	return freeze({
		...wukong,
		// What was not stored has no version.
		resourceVersion: own === "" ? "" : hashedVersion(places, hashIn(wukong.resourceVersion)),
		status: observedStatus(evidence, rules),
	});
}

/** Name of the VM that the operator makes of a Wukong. */
export function machineNameOf(name: string): string {
	return `${name}-vm`;
}

/**
 * Checks whether a VM is that of a Wukong: one with a controller is that controller's alone, one
 * without goes by its name.
 */
function ownsMachine(
	{ namespace, name, uid }: Pick<ObservedWukong, "namespace" | "name" | "uid">,
	vm: VirtualMachine,
): boolean {
	if (vm.namespace !== namespace) return false;
	return vm.ownerUid === undefined ? vm.name === machineNameOf(name) : vm.ownerUid === uid;
}

/** Checks whether an instance is a run of a VM. */
function ownsInstance(vm: VirtualMachine, vmi: VirtualMachineInstance): boolean {
	if (vmi.namespace !== vm.namespace) return false;
	return vmi.ownerUid === undefined ? vmi.name === vm.name : vmi.ownerUid === vm.uid;
}
