import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { ApiObject } from "../../object.ts";

/** A condition of a KubeVirt object. */
export interface ObservedCondition {
	readonly type: string;
	/** True, False or Unknown. */
	readonly status: string;
	/** One CamelCase word. */
	readonly reason: string;
	/** For people; cut at `maxMessageLength`. */
	readonly message: string;
	/** When the status last changed, in milliseconds since 1970; undefined: not said. */
	readonly sinceMs: number | undefined;
}

/** What is kept of a KubeVirt object, whatever its kind. No labels are kept. */
interface KubeVirtObject extends ApiObject {
	readonly uid: string;
	/** `uid` of the controller among the ownerReferences; undefined: there is none. */
	readonly ownerUid: string | undefined;
	readonly createMs: number | undefined;
	/** It has a deletionTimestamp. */
	readonly deleting: boolean;
	/** One per type, of the types that matter. */
	readonly conditions: readonly ObservedCondition[];
}

/** What is kept of a `virtualmachines.kubevirt.io`. */
export interface VirtualMachine extends KubeVirtObject {
	/** What KubeVirt is told, by `running` or `runStrategy`; undefined: neither on nor off for good. */
	readonly wantedOn: boolean | undefined;
	/** `status.printableStatus`; empty: not said. */
	readonly printableStatus: string;
	/** `status.created`: it has an instance. */
	readonly created: boolean;
	/** Starts that failed in a row; undefined: the last one did not. */
	readonly startFailure:
		| {
				readonly count: number;
				/** When the next one is tried, in milliseconds since 1970; undefined: not said. */
				readonly retryMs: number | undefined;
		  }
		| undefined;
}

/** An interface of a running VM. */
export interface ObservedInterface {
	/** Name of the network in the VM's spec. */
	readonly name: string;
	/** Name in the guest; empty: not said. */
	readonly interfaceName: string;
	readonly ipAddress: string;
	readonly macAddress: string;
}

/** What is kept of a `virtualmachineinstances.kubevirt.io`: one run of a VM. */
export interface VirtualMachineInstance extends KubeVirtObject {
	/** `status.phase`; empty: not said. */
	readonly phase: string;
	/** When each phase began, in milliseconds since 1970. */
	readonly phaseMs: Readonly<Record<string, number>>;
	readonly nodeName: string;
	/** Those that have a name in spec. */
	readonly interfaces: readonly ObservedInterface[];
}

/** All that the state of a VM is told from. Equal evidence is an equal state, on every replica. */
export interface PowerEvidence {
	/** As the cluster has it; its power fields are not looked at. */
	readonly wukong: Wukong;
	/**
	 * When its start was last asked for, in milliseconds since 1970: the latest of its creation, the
	 * last change of spec and the last call of Start; undefined: not known.
	 */
	readonly startAskedMs: number | undefined;
	/** Undefined: there is none. */
	readonly vm: VirtualMachine | undefined;
	/** Undefined: there is none, or instances are not known. */
	readonly vmi: VirtualMachineInstance | undefined;
	/** False where the cluster does not show us instances. */
	readonly knowsInstances: boolean;
}

/** Longest message of a condition that is kept, in UTF-16 code units. */
export const maxMessageLength = 1_024;

/** Returns the condition of a type if it has this status. */
export function conditionOf(
	object: Pick<KubeVirtObject, "conditions"> | undefined,
	type: string,
	status: "True" | "False",
): ObservedCondition | undefined {
	return object?.conditions.find(
		(condition) => condition.type === type && condition.status === status,
	);
}

/** Phases of an instance that has ended. */
const finalPhases = new Set(["Succeeded", "Failed"]);

/**
 * Checks for an instance, one that has ended included. VM and instance are told in no order: it is
 * gone when both say so.
 */
export function hasInstance({ vm, vmi }: PowerEvidence): boolean {
	return vmi !== undefined || vm?.created === true;
}

/** Checks for an instance that has not ended. */
export function hasLiveInstance(evidence: PowerEvidence): boolean {
	const { vmi } = evidence;
	return vmi === undefined ? hasInstance(evidence) : !finalPhases.has(vmi.phase);
}
