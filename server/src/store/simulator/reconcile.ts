import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Wukong, type WukongStatus, WukongStatusSchema } from "@novasphere/wukong-gen/wukong";
import { wantedOn } from "../../resource/wukong/power-state.ts";
import { networksOf, unboundDisk, volumesOf } from "./devices.ts";
import { graceMs } from "./grace-period.ts";
import { kubevirtWords } from "./kubevirt-words.ts";
import type { OperatorOptions } from "./operator-options.ts";
import {
	conditionsOf,
	findingsOf,
	lastTransitionMs,
	phaseOf,
	type Step,
	stepOf,
} from "./phases.ts";

/** Result of one reconciliation of a VM. */
export interface ReconcileResult {
	/** The new status; the one that the Wukong has where nothing is new. */
	readonly status: WukongStatus;
	/** The deletion is complete: the finalizer is off, the VM is gone. */
	readonly finalized: boolean;
	/** Time to look again, in milliseconds since 1970; undefined: not before the next change. */
	readonly wakeAtMs: number | undefined;
}

/**
 * Reconciles a VM: computes what the operator does next, in at most one step, as a pure function.
 * Pending → Creating → Running; wanted off → Stopped; a storage class that does
 * not exist → Error, until spec names one that does; deletion → Stopped, then gone; a restart →
 * shut down, then Creating.
 * @param nowMs wall-clock time in milliseconds since 1970.
 */
export function reconcile(
	wukong: Wukong,
	nowMs: number,
	options: OperatorOptions,
): ReconcileResult {
	const step = stepOf(wukong);
	const deleteMs = wukong.deleteTime === undefined ? 0 : timestampMs(wukong.deleteTime);
	const sinceMs = Math.max(lastTransitionMs(wukong), step === "stopped" ? deleteMs : 0);
	// A wall clock that was set back must not hold a VM in its step: then the step is over.
	const over = (lastsMs: number) => nowMs >= sinceMs + lastsMs || nowMs < sinceMs;
	const stayMs = durationOf(step, wukong, options);
	const isOver = stayMs !== undefined && over(stayMs);
	if (step === "stopped" && deleteMs !== 0 && isOver) {
		return { status: statusOf(wukong), finalized: true, wakeAtMs: undefined };
	}

	const next = nextStep(step, wukong, isOver, options);
	const lastsMs = durationOf(next, wukong, options);
	const startMs = next === step ? sinceMs : nowMs;
	return {
		status:
			next === step && isDescribed(wukong)
				? statusOf(wukong)
				: describe(wukong, next, { nowMs, options }),
		finalized: false,
		wakeAtMs: lastsMs === undefined ? undefined : startMs + lastsMs,
	};
}

function nextStep(step: Step, wukong: Wukong, isOver: boolean, options: OperatorOptions): Step {
	const deleting = wukong.deleteTime !== undefined;
	if (!deleting && unboundDisk(wukong, options) !== undefined) return "failed";
	const on = wantedOn(wukong.spec) && !deleting;
	switch (step) {
		case "new":
		case "failed":
			return deleting ? "stopped" : "pending";
		case "pending":
			if (deleting) return "stopped";
			if (!isOver) return "pending";
			return on ? "creating" : "stopped";
		case "creating":
			// What never ran needs no shutdown.
			if (!on) return "stopped";
			return isOver ? "running" : "creating";
		case "running":
		case "paused":
			return on ? step : "stopping";
		case "stopping":
			if (on) return "running";
			return isOver ? "stopped" : "stopping";
		case "restarting":
			if (isOver) return on ? "creating" : "stopped";
			return on ? "restarting" : "stopping";
		case "stopped":
			return on ? "creating" : "stopped";
	}
}

/** Returns how long a step lasts, in milliseconds; undefined: until something is changed. */
function durationOf(step: Step, wukong: Wukong, options: OperatorOptions): number | undefined {
	switch (step) {
		case "pending":
			return options.pendingMs;
		case "creating":
			return options.creatingMs;
		case "stopping":
		case "restarting":
			return Math.min(options.stoppingMs, graceMs(wukong));
		case "stopped":
			return wukong.deleteTime === undefined ? undefined : options.deletingMs;
		default:
			return undefined;
	}
}

/**
 * Describes a VM at a step.
 * @param nowMs wall-clock time; the step has begun then, unless the VM was at it already
 */
export function describe(
	wukong: Wukong,
	step: Step,
	{ nowMs, options }: { readonly nowMs: number; readonly options: OperatorOptions },
): WukongStatus {
	const before = statusOf(wukong);
	const runs = runningSteps.has(step);
	const placed = step === "creating" || runs;
	const provisioned = placed || step === "stopped";
	const findings = findingsOf(step, unboundDisk(wukong, options));
	const sinceMs = step === stepOf(wukong) ? lastTransitionMs(wukong) : nowMs;
	return create(WukongStatusSchema, {
		phase: phaseOf[step],
		vmName: `${wukong.name}-vm`,
		conditions: conditionsOf(wukong, findings, nowMs),
		nodeName: before.nodeName === "" && placed ? nodeOf(wukong) : before.nodeName,
		networks: provisioned ? networksOf(wukong, runs) : [],
		volumes: volumesOf(wukong, provisioned, options),
		...(options.playsKubeVirt === true && kubevirtWords(step, findings, sinceMs)),
	});
}

/** Steps at which the guest has its addresses. */
const runningSteps: ReadonlySet<Step> = new Set(["running", "paused", "stopping", "restarting"]);

/** Checks whether the status describes the present spec: all of it follows from step and spec. */
function isDescribed({ status, generation }: Wukong): boolean {
	const conditions = status?.conditions ?? [];
	return (
		conditions.length > 0 &&
		conditions.every(({ observedGeneration }) => observedGeneration === generation)
	);
}

function statusOf(wukong: Wukong): WukongStatus {
	return wukong.status ?? create(WukongStatusSchema);
}

/** Picks one of three nodes, always the same for a VM. */
function nodeOf(wukong: Wukong): string {
	const [byte = 0] = createHash("sha256").update(wukong.uid).digest();
	return `node-${1 + (byte % 3)}`;
}
