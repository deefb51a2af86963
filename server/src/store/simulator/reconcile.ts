import { create } from "@bufbuild/protobuf";
import { type Wukong, type WukongStatus, WukongStatusSchema } from "@novasphere/wukong-gen/wukong";
import { advance, type ReconcileResult } from "./advance.ts";
import { networksOf, nodeOf, unboundDisk, volumesOf } from "./devices.ts";
import { kubevirtWords } from "./kubevirt-words.ts";
import type { OperatorOptions } from "./operator-options.ts";
import {
	conditionsOf,
	findingsOf,
	lastTransitionMs,
	phaseOf,
	runningSteps,
	type Step,
	stepOf,
} from "./phases.ts";
import { reconcilePublic } from "./public-operator.ts";

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
	if (options.profile === "public-437e853") return reconcilePublic(wukong, nowMs, options);
	const moment = { nowMs, options };
	const step = stepOf(wukong);
	const next = advance(wukong, { step, sinceMs: lastTransitionMs(wukong) }, moment);
	if (next.isCleanedUp) return { status: statusOf(wukong), finalized: true, wakeAtMs: undefined };
	return {
		status:
			next.step === step && isDescribed(wukong)
				? statusOf(wukong)
				: describe(wukong, next.step, moment),
		finalized: false,
		wakeAtMs: next.wakeAtMs,
	};
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
