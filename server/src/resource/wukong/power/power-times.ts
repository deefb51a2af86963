import { WukongStatus_PowerState as PowerState } from "@novasphere/wukong-gen/wukong";
import { maxTimeMs } from "../../time.ts";
import { conditionOf, type PowerEvidence, type VirtualMachineInstance } from "./evidence.ts";
import { reasons, type Verdict } from "./power-table.ts";

/**
 * Returns since when a state lasts, in milliseconds since 1970, where the cluster says it: by the
 * times of an instance's phases, or of a VM's conditions.
 */
export function powerSinceMs(evidence: PowerEvidence, { state }: Verdict): number | undefined {
	const { vm, vmi } = evidence;
	if (evidence.wukong.deleteTime !== undefined) return undefined;
	switch (state) {
		case PowerState.RUNNING:
			return vmi?.phaseMs.Running ?? conditionOf(vm, "Ready", "True")?.sinceMs;
		case PowerState.PAUSED:
			return (conditionOf(vmi, "Paused", "True") ?? conditionOf(vm, "Paused", "True"))?.sinceMs;
		case PowerState.STARTING:
			return firstPhaseMs(vmi);
		case PowerState.STOPPED:
			return endedMs(vmi) ?? (vmi === undefined ? notReadySinceMs(evidence) : undefined);
		case PowerState.ERROR:
			return endedMs(vmi) ?? notReadySinceMs(evidence);
		default:
			return undefined;
	}
}

function notReadySinceMs({ vm }: PowerEvidence): number | undefined {
	return conditionOf(vm, "Ready", "False")?.sinceMs;
}

/** Returns when a run began. */
function firstPhaseMs(vmi: VirtualMachineInstance | undefined): number | undefined {
	const times = Object.values(vmi?.phaseMs ?? {});
	return times.length === 0 ? vmi?.createMs : Math.min(...times);
}

function endedMs(vmi: VirtualMachineInstance | undefined): number | undefined {
	return vmi?.phaseMs.Failed ?? vmi?.phaseMs.Succeeded;
}

/** Times after which what has not come about counts as stuck, in milliseconds. */
export interface StuckRules {
	/** From the start that was asked for, or the end of the last run. Default 600,000. */
	readonly stuckStartingMs: number;
	/** From the deletion. Default 300,000. */
	readonly stuckDeletingMs: number;
	/** The first, where a volume is not bound. Default 300,000. */
	readonly stuckVolumeMs: number;
}

/** The rules as shipped. */
export const defaultStuckRules: StuckRules = {
	stuckStartingMs: 600_000,
	stuckDeletingMs: 300_000,
	stuckVolumeMs: 300_000,
};

/** The rule by which a state comes to count as stuck. */
export interface StuckRule {
	readonly rule: "starting" | "deleting" | "volume";
	/** What it allows, in milliseconds. */
	readonly afterMs: number;
	/** When it is over, in milliseconds since 1970; may lie ahead. */
	readonly atMs: number;
}

/**
 * Returns the rule that a state falls under; undefined where it falls under none, or nothing says
 * when the time began.
 */
export function stuckRuleOf(
	evidence: PowerEvidence,
	verdict: Verdict,
	rules: StuckRules,
): StuckRule | undefined {
	const { wukong } = evidence;
	if (wukong.deleteTime !== undefined) {
		const { seconds, nanos } = wukong.deleteTime;
		const deletedMs = Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000);
		return ruleFrom("deleting", rules.stuckDeletingMs, deletedMs);
	}
	if (verdict.state !== PowerState.STARTING) return undefined;
	const beganMs = startBeganMs(evidence);
	if (beganMs === undefined) return undefined;
	return unboundVolumes(evidence, verdict).length > 0 || isUnbound(verdict)
		? ruleFrom("volume", rules.stuckVolumeMs, beganMs)
		: ruleFrom("starting", rules.stuckStartingMs, beganMs);
}

function ruleFrom(rule: StuckRule["rule"], afterMs: number, fromMs: number): StuckRule {
	return { rule, afterMs, atMs: Math.min(fromMs + afterMs, maxTimeMs) };
}

/**
 * Returns when a start began: it was asked for, or KubeVirt started it again when the last run had
 * ended. A stamp on an unbound volume is no help: the operator renews it all the time.
 */
function startBeganMs(evidence: PowerEvidence): number | undefined {
	const { startAskedMs, vmi } = evidence;
	const times = [startAskedMs, firstPhaseMs(vmi), notReadySinceMs(evidence)];
	const known = times.filter((ms) => ms !== undefined);
	return known.length === 0 ? undefined : Math.max(...known);
}

function isUnbound({ reason }: Verdict): boolean {
	return reason === "WaitingForVolumeBinding";
}

/** Lists the volumes that the operator waits for. */
export function unboundVolumes({ wukong }: PowerEvidence, { reason }: Verdict): string[] {
	// Once there is a VM, KubeVirt says it: the operator's word may be old.
	if (reason !== reasons.noVirtualMachine && reason !== "WaitingForVolumeBinding") return [];
	return (wukong.status?.volumes ?? []).filter(({ bound }) => !bound).map(({ name }) => name);
}
