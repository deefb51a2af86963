import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Wukong, WukongStatus } from "@novasphere/wukong-gen/wukong";
import { wantedOn } from "../../resource/wukong/power-state.ts";
import { unboundDisk } from "./devices.ts";
import { graceMs } from "./grace-period.ts";
import type { OperatorOptions } from "./operator-options.ts";
import type { Step } from "./phases.ts";

/** Step of its life that a VM is at. */
export interface Stay {
	readonly step: Step;
	/** Time when it came there, in milliseconds since 1970. */
	readonly sinceMs: number;
}

/** Step of its life that a VM comes to. */
export interface Advance extends Stay {
	/** It is off, and the time of its cleaning up is over. */
	readonly isCleanedUp: boolean;
	/**
	 * Time when it goes on from there, in milliseconds since 1970; undefined: not before the next
	 * change.
	 */
	readonly wakeAtMs: number | undefined;
}

/** Moves a VM on by at most one step of its life. @param nowMs wall-clock time */
export function advance(
	wukong: Wukong,
	{ step, sinceMs }: Stay,
	{ nowMs, options }: { readonly nowMs: number; readonly options: OperatorOptions },
): Advance {
	const deleteMs = wukong.deleteTime === undefined ? 0 : timestampMs(wukong.deleteTime);
	const fromMs = Math.max(sinceMs, step === "stopped" ? deleteMs : 0);
	const stayMs = durationOf(step, wukong, options);
	// A wall clock that was set back must not hold a VM in its step: then the step is over.
	const isOver = stayMs !== undefined && (nowMs >= fromMs + stayMs || nowMs < fromMs);
	if (step === "stopped" && deleteMs !== 0 && isOver) {
		return { step, sinceMs, isCleanedUp: true, wakeAtMs: undefined };
	}
	const next = nextStep(step, wukong, isOver, options);
	const lastsMs = durationOf(next, wukong, options);
	const startMs = next === step ? fromMs : nowMs;
	return {
		step: next,
		sinceMs: next === step ? sinceMs : nowMs,
		isCleanedUp: false,
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

/** Result of one reconciliation of a VM. */
export interface ReconcileResult {
	/** The new status; the one that the Wukong has where nothing is new. */
	readonly status: WukongStatus;
	/** The deletion is complete: the finalizer is off, the VM is gone. */
	readonly finalized: boolean;
	/** Time to look again, in milliseconds since 1970; undefined: not before the next change. */
	readonly wakeAtMs: number | undefined;
	/** Time to wait before the new status is written, in milliseconds. Default: none. */
	readonly holdMs?: number;
	/** The write of the new status drops what is false in spec. Default: false. */
	readonly dropsZeroValues?: boolean;
}
