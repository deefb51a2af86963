import { create, equals } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
	type Wukong,
	type WukongSpec,
	type WukongStatus,
	WukongStatusSchema,
} from "@novasphere/wukong-gen/wukong";
import { wantedOn } from "../../resource/wukong/power-state.ts";
import { type Advance, advance, type ReconcileResult, type Stay } from "./advance.ts";
import { networksOf, nodeOf, unboundDisk, volumesOf } from "./devices.ts";
import { kubevirtWords, stepOfWords } from "./kubevirt-words.ts";
import type { OperatorOptions } from "./operator-options.ts";
import { conditionsOf, findingsOf, lastTransitionMs, runningSteps, type Step } from "./phases.ts";

/** Default of `errorLoopMs`: 146 changes a second were counted. */
const defaultErrorLoopMs = 7;

/** Time after which the operator looks again at an unbound disk, and at a deletion, in milliseconds. */
const unboundRetryMs = 10_000;
const deletingRetryMs = 2_000;

interface Moment {
	readonly nowMs: number;
	readonly options: OperatorOptions;
}

/**
 * Reconciles a VM as the public operator does at commit 437e853, faults included:
 *
 * - its phase goes up to Running and never to Stopped, whatever becomes of the VM;
 * - each look renews the times of all conditions, in whole seconds, so that changes without news follow
 *   every change, and come by themselves while a disk waits for its volume;
 * - a network that it cannot make, and a run that has failed (once something touches the Wukong), are an
 *   endless change of Creating and Error;
 * - `vm_name` is empty until the VM runs;
 * - its first write drops values that are false;
 * - a deletion never ends once status has volumes.
 */
export function reconcilePublic(
	wukong: Wukong,
	nowMs: number,
	options: OperatorOptions,
): ReconcileResult {
	const moment = { nowMs, options };
	const before = wukong.status ?? create(WukongStatusSchema);
	const truth = truthOf(wukong, moment);
	if (wukong.deleteTime !== undefined && before.volumes.length === 0) {
		return { status: before, finalized: true, wakeAtMs: undefined };
	}
	const failing = wukong.deleteTime === undefined && isFailing(wukong, options);
	const phase = failing ? flipped(before.phase) : phaseAfter(wukong, truth.step);
	const next = describe(wukong, phase, { truth, moment });
	const status = equals(WukongStatusSchema, before, next) ? before : next;
	const isFirst = before.phase === "";
	return {
		status,
		finalized: false,
		wakeAtMs: earliest(
			truth.wakeAtMs,
			wukong.deleteTime !== undefined ? nowMs + deletingRetryMs : undefined,
			isUnbound(wukong, moment) ? nowMs + unboundRetryMs : undefined,
		),
		...(failing && { holdMs: options.errorLoopMs ?? defaultErrorLoopMs }),
		...(isFirst && { dropsZeroValues: true }),
	};
}

/** Returns where the VM itself is, whatever the operator says of it. */
function truthOf(wukong: Wukong, moment: Moment): Advance {
	if (moment.options.playsKubeVirt !== true) return unobservedTruth(wukong, moment);
	const { powerSince, phase = "" } = wukong.status ?? {};
	if (phase === "" || isUnbound(wukong, moment)) return pendingSince(wukong, moment);
	const stay: Stay = {
		step: stepOfWords(wukong.status),
		sinceMs: powerSince === undefined ? lastTransitionMs(wukong) : timestampMs(powerSince),
	};
	return advance(wukong, stay, moment);
}

/** Checks for a VM that has never run, and cannot, for want of a volume. */
function isUnbound(wukong: Wukong, { options }: Moment): boolean {
	const { deleteTime, status } = wukong;
	return (
		deleteTime === undefined &&
		status?.phase !== "Running" &&
		unboundDisk(wukong, options) !== undefined
	);
}

function pendingSince({ status, createTime }: Wukong, { nowMs, options }: Moment): Advance {
	const since = status?.powerSince ?? createTime;
	const sinceMs = since === undefined ? nowMs : timestampMs(since);
	const wakeAtMs = sinceMs + options.pendingMs;
	return {
		step: "pending",
		sinceMs,
		isCleanedUp: false,
		wakeAtMs: wakeAtMs > nowMs ? wakeAtMs : undefined,
	};
}

/** Follows from the time of creation alone: nobody keeps what KubeVirt would do. */
function unobservedTruth(wukong: Wukong, { nowMs, options }: Moment): Advance {
	const createMs = wukong.createTime === undefined ? nowMs : timestampMs(wukong.createTime);
	const createdMs = createMs + options.pendingMs;
	const runsMs = createdMs + options.creatingMs;
	const at = (step: Step, sinceMs: number, wakeAtMs?: number): Advance => ({
		...{ step, sinceMs, wakeAtMs, isCleanedUp: false },
	});
	if (isUnbound(wukong, { nowMs, options })) return at("pending", createMs);
	if (nowMs < createdMs) return at("pending", createMs, createdMs);
	if (!wantedOn(wukong.spec)) return at("stopped", createdMs);
	return nowMs < runsMs ? at("creating", createdMs, runsMs) : at("running", runsMs);
}

/** Checks for a network that the operator fails on. */
function isRefused({ spec }: Wukong): boolean {
	return (spec?.networks ?? []).some(
		({ type, vlanId, physicalInterface, ipConfig }) =>
			ipConfig?.mode === "static" ||
			vlanId !== undefined ||
			(type === "bridge" && physicalInterface === ""),
	);
}

/** Checks for what the operator fails on each time that it looks. */
function isFailing(wukong: Wukong, { hasFailed }: OperatorOptions): boolean {
	switch (wukong.status?.phase) {
		case "Creating":
		case "Error":
			return isRefused(wukong) || hasFailed?.(wukong) === true;
		case "Running":
			return hasFailed?.(wukong) === true;
		default:
			return false;
	}
}

function flipped(phase: string): string {
	return phase === "Error" ? "Creating" : "Error";
}

function phaseAfter({ status, deleteTime }: Wukong, truth: Step): string {
	const { phase = "" } = status ?? {};
	if (deleteTime !== undefined) return phase;
	switch (phase) {
		case "":
			return "Pending";
		case "Pending":
			return truth === "pending" ? "Pending" : "Creating";
		case "Running":
			return "Running";
		default:
			return runningSteps.has(truth) ? "Running" : "Creating";
	}
}

const stepOfPhase: Readonly<Record<string, Step>> = {
	Pending: "pending",
	Creating: "creating",
	Running: "running",
	Error: "failed",
};

function describe(
	wukong: Wukong,
	phase: string,
	{ truth, moment }: { readonly truth: Advance; readonly moment: Moment },
): WukongStatus {
	const { nowMs, options } = moment;
	const before = wukong.status ?? create(WukongStatusSchema);
	const unbound = unboundDisk(wukong, options);
	const said = stepOfPhase[phase] ?? "creating";
	const stampMs = Math.floor(nowMs / 1_000) * 1_000;
	const lastTransitionTime = timestampFromMs(stampMs);
	const isUp = phase === "Running";
	return create(WukongStatusSchema, {
		phase,
		vmName: isUp ? `${wukong.name}-vm` : before.vmName,
		// A deletion that waits is looked at, but nothing is written.
		conditions:
			wukong.deleteTime !== undefined
				? before.conditions
				: conditionsOf(wukong, findingsOf(said, unbound), stampMs).map((condition) => ({
						...condition,
						lastTransitionTime,
					})),
		nodeName: before.nodeName === "" && isUp ? nodeOf(wukong) : before.nodeName,
		networks: isUp ? networksOf(wukong, true) : before.networks,
		volumes: volumesOf(wukong, phase !== "Pending", options),
		...(options.playsKubeVirt === true && wordsOf(wukong, truth, unbound)),
	});
}

function wordsOf(wukong: Wukong, truth: Advance, unbound: ReturnType<typeof unboundDisk>) {
	const { step, sinceMs } = truth;
	const words = kubevirtWords(step, findingsOf(step, unbound), sinceMs);
	if (wukong.deleteTime !== undefined) return step === "stopped" ? { ...words, ...gone } : words;
	// A network that the operator cannot make keeps it from making the VM.
	const hasNoVm = isRefused(wukong) && (step === "pending" || step === "creating");
	if (!hasNoVm || wukong.status?.phase === "Running") return words;
	return { ...noVm, powerSince: wukong.status?.powerSince ?? timestampFromMs(sinceMs) };
}

const noVm = { kubevirtStatus: "", powerReason: "", powerMessage: "" };
const gone = {
	powerReason: "WaitingForFinalizer",
	powerMessage: "the VM is gone; what is left waits for a finalizer",
};

function earliest(...timesMs: readonly (number | undefined)[]): number | undefined {
	const known = timesMs.filter((ms) => ms !== undefined);
	return known.length === 0 ? undefined : Math.min(...known);
}

/**
 * Drops what is false, as the operator's first write of a whole object does: callers see the
 * generation rise. A power wish of off stays one, because a start strategy without it means off.
 * @returns the spec itself where nothing of it is false
 */
export function withoutZeroValues(spec: WukongSpec): WukongSpec {
	const { startStrategy, cloudInitUser, highAvailability } = spec;
	const isFalse = [
		startStrategy?.autoStart,
		cloudInitUser?.lockPasswd,
		highAvailability?.antiAffinity,
	].includes(false);
	if (!isFalse) return spec;
	return {
		...spec,
		...(startStrategy && { startStrategy: withoutFalse(startStrategy, "autoStart") }),
		...(cloudInitUser && { cloudInitUser: withoutFalse(cloudInitUser, "lockPasswd") }),
		...(highAvailability && {
			highAvailability: withoutFalse(highAvailability, "antiAffinity"),
		}),
	};
}

function withoutFalse<T extends object, K extends keyof T>(message: T, key: K): T {
	if (message[key] !== false) return message;
	const { [key]: _, ...rest } = message;
	return rest as T;
}
