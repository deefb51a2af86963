import { WukongStatus_PowerState as PowerState } from "@novasphere/wukong-gen/wukong";
import { conditionOf, type ObservedCondition, type PowerEvidence } from "./evidence.ts";
import { reasons, type Verdict } from "./power-table.ts";
import { type StuckRule, unboundVolumes } from "./power-times.ts";

/** Conditions that say why something fails, by the word that they explain; the nearest first. */
const explainedBy: ReadonlyMap<string, readonly string[]> = new Map([
	["ErrorUnschedulable", ["PodScheduled"]],
	["ErrImagePull", ["Synchronized"]],
	["ImagePullBackOff", ["Synchronized"]],
	["ErrorPvcNotFound", ["Synchronized"]],
	["DataVolumeError", ["DataVolumesReady", "Synchronized"]],
]);

/** Those that are looked at for every other word, and where these say nothing. */
const anyTrouble = ["Failure", "Synchronized", "PodScheduled", "DataVolumesReady", "Ready"];

/** Types of the conditions that count; others are not kept. */
export const keptConditions: ReadonlySet<string> = new Set([
	...anyTrouble,
	"Paused",
	"RestartRequired",
]);

const words: ReadonlyMap<string, string> = new Map(
	Object.entries({
		Running: "The VM runs.",
		Paused: "The VM is paused.",
		Migrating: "The VM runs and moves to another node.",
		Stopped: "The VM is off.",
		Provisioning: "The VM's disks are made.",
		WaitingForVolumeBinding: "The VM waits for a volume to be bound.",
		WaitingForReceiver: "The VM waits for a migration to reach it.",
		CrashLoopBackOff: "The VM fails again and again.",
		ErrorUnschedulable: "No node takes the VM.",
		ErrImagePull: "An image of the VM cannot be pulled.",
		ImagePullBackOff: "An image of the VM cannot be pulled.",
		ErrorPvcNotFound: "A volume claim of the VM does not exist.",
		DataVolumeError: "A disk of the VM cannot be made.",
		Unknown: "KubeVirt does not know the state of the VM: its node may not answer.",
		[reasons.terminating]: "KubeVirt takes the VM away.",
		[reasons.stoppedOutside]: "The VM was stopped past this service, and nothing starts it.",
		[reasons.waitingForFinalizer]: "The VM is gone; what is left waits for a finalizer.",
		[reasons.failed]: "The last run of the VM has failed.",
		[reasons.operatorError]: "The operator reports an error.",
	}),
);

const ofState: Readonly<Partial<Record<PowerState, string>>> = {
	[PowerState.STOPPED]: "The VM is off.",
	[PowerState.STARTING]: "The VM starts.",
	[PowerState.RUNNING]: "The VM runs.",
	[PowerState.STOPPING]: "The VM stops.",
	[PowerState.ERROR]: "The VM has failed.",
};

/** Builds the message of a state, for people: what it is, why, and when it counts as stuck. */
export function powerMessage(
	evidence: PowerEvidence,
	verdict: Verdict,
	stuck: StuckRule | undefined,
): string {
	const parts = [sentenceOf(evidence, verdict), causeOf(evidence, verdict)];
	if (stuck !== undefined) parts.push(stuckSentence(evidence, verdict, stuck));
	return parts.filter((part) => part !== "").join(" ");
}

function sentenceOf({ wukong }: PowerEvidence, { state, reason }: Verdict): string {
	if (wukong.deleteTime !== undefined && state === PowerState.STOPPING) {
		return "The VM is being deleted.";
	}
	if (state === PowerState.STARTING && reason === "Stopped") return "A start was asked for.";
	if (state === PowerState.STARTING && reason === reasons.noVirtualMachine) {
		return "The operator has not made the VM yet.";
	}
	// A word says what is there, which is the state only where it is not on its way to another.
	const isOnItsWay = state === PowerState.STOPPING || state === PowerState.STOPPED;
	const isOurs = Object.values<string>(reasons).includes(reason);
	const word = isOnItsWay && !isOurs ? undefined : words.get(reason);
	return word ?? ofState[state] ?? "The state of the VM is not known.";
}

/** Returns why: the message of the condition that explains it. */
function causeOf(evidence: PowerEvidence, { state, reason }: Verdict): string {
	const { vm, wukong } = evidence;
	const isExplained =
		state === PowerState.ERROR || state === PowerState.STARTING || state === PowerState.UNKNOWN;
	if (!isExplained) return "";
	if (vm === undefined) return state === PowerState.ERROR ? operatorsWords(wukong.status) : "";
	const nearest = firstMessage(evidence, explainedBy.get(reason) ?? []);
	const failures = firstMessage(evidence, ["Failure"]) || failedStarts(evidence);
	if (state === PowerState.STARTING) return failures;
	return nearest || failures || firstMessage(evidence, anyTrouble);
}

/** Returns the first message among conditions of these types that are as they should not be. */
function firstMessage({ vm, vmi }: PowerEvidence, types: readonly string[]): string {
	for (const type of types) {
		const bad = type === "Failure" ? "True" : "False";
		for (const object of [vmi, vm]) {
			const text = textOf(conditionOf(object, type, bad));
			if (text !== "") return text;
		}
	}
	return "";
}

function textOf(condition: ObservedCondition | undefined): string {
	return condition?.message || condition?.reason || "";
}

function failedStarts({ vm }: PowerEvidence): string {
	if (vm?.startFailure === undefined) return "";
	const { count, retryMs } = vm.startFailure;
	const next =
		retryMs === undefined ? "" : `; the next try is at ${new Date(retryMs).toISOString()}`;
	return `Starts that failed in a row: ${count}${next}.`;
}

/** Returns what the operator says of its error: it need not say anything. */
function operatorsWords(status: PowerEvidence["wukong"]["status"]): string {
	const bad = (status?.conditions ?? []).find(
		(condition) => condition.status === "False" && condition.message !== "",
	);
	return bad?.message ?? "";
}

function stuckSentence(evidence: PowerEvidence, verdict: Verdict, stuck: StuckRule): string {
	const after = `${stuck.afterMs / 1_000} s`;
	switch (stuck.rule) {
		case "deleting":
			return `A deletion counts as stuck after ${after}.`;
		case "volume": {
			const names = unboundVolumes(evidence, verdict).join(", ");
			const which =
				names === "" ? "a volume that is not bound" : `volumes that are not bound (${names})`;
			return `A start that waits for ${which} counts as stuck after ${after}.`;
		}
		case "starting":
			return `A start counts as stuck after ${after}.`;
	}
}
