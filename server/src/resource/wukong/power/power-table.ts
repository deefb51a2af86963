import { WukongStatus_PowerState as PowerState } from "@novasphere/wukong-gen/wukong";
import { wantedOn } from "../power-state.ts";
import { conditionOf, hasInstance, hasLiveInstance, type PowerEvidence } from "./evidence.ts";

/** A power state, and the word that says why: KubeVirt's printableStatus, or one of `reasons`. */
export interface Verdict {
	readonly state: PowerState;
	readonly reason: string;
}

/** Our own words for reasons, where KubeVirt has none. */
export const reasons = {
	/** It is wanted on, was stopped past the operator, and nothing starts it. */
	stoppedOutside: "StoppedOutside",
	/** VM and instance are gone; what is left waits for a finalizer. */
	waitingForFinalizer: "WaitingForFinalizer",
	/** It is being deleted, and KubeVirt has not said anything about its VM. */
	deleting: "Deleting",
	/** The operator has not made a VM of it, or that is gone. */
	noVirtualMachine: "NoVirtualMachine",
	/** The last run of the VM has failed. */
	failed: "Failed",
	/** The operator reports an error. */
	operatorError: "Error",
	/** KubeVirt takes the VM away, but not at our Wukong's deletion. */
	terminating: "Terminating",
	/** KubeVirt has not said anything about its VM. */
	notReported: "NotReported",
} as const;

/** The column of the table that a state is taken from. */
type Column = (evidence: PowerEvidence) => PowerState;

const always =
	(state: PowerState): Column =>
	() =>
		state;

/** Wanted off, and its start is not under way any more: off once there is no instance. */
const offOnceGone: Column = (evidence) =>
	hasInstance(evidence) ? PowerState.STOPPING : PowerState.STOPPED;

interface Row {
	readonly words: readonly string[];
	/** Where it is wanted on. */
	readonly on: Column;
	/** Where it is wanted off. */
	readonly off: Column;
}

/**
 * What each word of KubeVirt's `printableStatus` means. `Stopped` where it is wanted on has rules of
 * its own.
 */
const rows: readonly Row[] = [
	{ words: ["Running"], on: always(PowerState.RUNNING), off: always(PowerState.STOPPING) },
	{ words: ["Paused"], on: always(PowerState.PAUSED), off: always(PowerState.STOPPING) },
	{ words: ["Migrating"], on: always(PowerState.RUNNING), off: always(PowerState.STOPPING) },
	{
		words: ["Stopping", "Terminating"],
		on: always(PowerState.STOPPING),
		off: always(PowerState.STOPPING),
	},
	{
		words: ["Starting", "Provisioning", "WaitingForVolumeBinding", "WaitingForReceiver"],
		on: always(PowerState.STARTING),
		off: offOnceGone,
	},
	{
		words: [
			"CrashLoopBackOff",
			"ErrorUnschedulable",
			"ErrImagePull",
			"ImagePullBackOff",
			"ErrorPvcNotFound",
			"DataVolumeError",
		],
		on: always(PowerState.ERROR),
		off: offOnceGone,
	},
	{ words: ["Unknown"], on: always(PowerState.UNKNOWN), off: always(PowerState.UNKNOWN) },
];

const rowOf: ReadonlyMap<string, Row> = new Map(
	rows.flatMap((row) => row.words.map((word) => [word, row] as const)),
);

/** What the phase of an instance means where KubeVirt says no word that is known here. */
const stateOfPhase: ReadonlyMap<string, PowerState> = new Map([
	["", PowerState.STARTING],
	["Pending", PowerState.STARTING],
	["Scheduling", PowerState.STARTING],
	["Scheduled", PowerState.STARTING],
	["WaitingForSync", PowerState.STARTING],
	["Running", PowerState.RUNNING],
	["Succeeded", PowerState.STOPPED],
	["Failed", PowerState.ERROR],
]);

/**
 * Judges the power of a VM by what KubeVirt says of it. It needs no clock and no memory of earlier
 * states.
 */
export function judgePower(evidence: PowerEvidence): Verdict {
	const { wukong, vm } = evidence;
	if (wukong.deleteTime !== undefined) return judgeDeletion(evidence);
	const on = wantedOn(wukong.spec);
	if (vm === undefined) return judgeAbsence(evidence, on);
	if (vm.deleting) return { state: PowerState.STOPPING, reason: reasons.terminating };
	const word = vm.printableStatus;
	if (word === "Stopped") return judgeStopped(evidence, on);
	const row = rowOf.get(word);
	if (row === undefined) return judgePhase(evidence, on);
	return { state: (on ? row.on : row.off)(evidence), reason: word };
}

function judgeDeletion({ vm, vmi }: PowerEvidence): Verdict {
	if (vm === undefined && vmi === undefined) {
		return { state: PowerState.STOPPED, reason: reasons.waitingForFinalizer };
	}
	return { state: PowerState.STOPPING, reason: vm?.printableStatus || reasons.deleting };
}

/** There is no VM: the operator's phase is all that says something. */
function judgeAbsence({ wukong }: PowerEvidence, on: boolean): Verdict {
	if (!on) return { state: PowerState.STOPPED, reason: reasons.noVirtualMachine };
	return wukong.status?.phase === "Error"
		? { state: PowerState.ERROR, reason: reasons.operatorError }
		: { state: PowerState.STARTING, reason: reasons.noVirtualMachine };
}

function judgeStopped(evidence: PowerEvidence, on: boolean): Verdict {
	const reason = "Stopped";
	if (!on) return { state: PowerState.STOPPED, reason };
	if (isStartUnderWay(evidence)) return { state: PowerState.STARTING, reason };
	return hasFailed(evidence)
		? { state: PowerState.ERROR, reason: reasons.failed }
		: { state: PowerState.STOPPED, reason: reasons.stoppedOutside };
}

/** The word is missing, or of a KubeVirt that is newer than this table. */
function judgePhase(evidence: PowerEvidence, on: boolean): Verdict {
	const { vm, vmi, knowsInstances } = evidence;
	const reason = vm?.printableStatus || vmi?.phase || reasons.notReported;
	if (!on) {
		const state = hasLiveInstance(evidence) ? PowerState.STOPPING : PowerState.STOPPED;
		return { state, reason };
	}
	// An instance that cannot be seen is in any phase.
	const isHidden = !knowsInstances && hasInstance(evidence);
	const state = isHidden ? PowerState.UNKNOWN : stateOfPhase.get(vmi?.phase ?? "");
	return { state: state ?? PowerState.UNKNOWN, reason };
}

const second = 1_000;
/**
 * A VM that ceased to be ready so soon after it was made has never been up: that is KubeVirt's first
 * look at it, however late the operator made it.
 */
const firstLookMs = 5 * second;
const toSecond = (ms: number) => Math.floor(ms / second);

/**
 * Checks whether a start that was asked for is still to come: it was asked for after the VM went
 * off. Kubernetes' times are whole seconds; within one, what KubeVirt is told decides.
 */
function isStartUnderWay(evidence: PowerEvidence): boolean {
	const { vm, startAskedMs } = evidence;
	const offMs = wentOffMs(evidence);
	if (offMs === undefined || startAskedMs === undefined) return vm?.wantedOn !== false;
	if (vm?.wantedOn === true && vm.createMs !== undefined && offMs - vm.createMs <= firstLookMs) {
		return !hasFailed(evidence);
	}
	const [asked, off] = [toSecond(startAskedMs), toSecond(offMs)];
	return asked === off ? vm?.wantedOn !== false && !hasFailed(evidence) : asked > off;
}

/** Returns when the VM went off: its last run ended, or else it ceased to be ready. */
function wentOffMs({ vm, vmi }: PowerEvidence): number | undefined {
	const failedMs = vmi?.phase === "Failed" ? vmi.phaseMs.Failed : undefined;
	return failedMs ?? conditionOf(vm, "Ready", "False")?.sinceMs;
}

function hasFailed({ vm, vmi }: PowerEvidence): boolean {
	return vmi?.phase === "Failed" || vm?.startFailure !== undefined;
}
