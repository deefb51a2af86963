import { type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { type Wukong, type WukongStatus, WukongStatusSchema } from "@novasphere/wukong-gen/wukong";
import type { Clock, Timer } from "../../../clock.ts";
import { Failure } from "../../../failure.ts";
import { keyOf, type ObjectRef } from "../../../resource/object.ts";
import { placesIn } from "../../../resource/version.ts";
import type { Sink } from "../../change-feed.ts";
import type { OperatorOptions } from "../../simulator/operator-options.ts";
import { reconcile } from "../../simulator/reconcile.ts";
import type { OperatorApi } from "../api.ts";
import { wukongKind } from "../kinds/wukong.ts";
import { createReflector } from "../reflector.ts";
import { defaultReflectorTimings, type ReflectorTimings } from "../reflector-timings.ts";
import { isJsonObject, type Unstructured } from "../unstructured.ts";
import { refusalCode } from "../upstream-error.ts";
import type { UpstreamObserver } from "../upstream-observer.ts";
import { isNotFound } from "../write-failure.ts";
import { createWorkQueue } from "./work-queue.ts";

/** Observes the operator. */
export interface OperatorObserver extends UpstreamObserver {
	/** A step was written. @param phase empty: the VM is cleaned up, the Wukong may go */
	stepped(ref: ObjectRef, phase: string): void;
	/** A step could not be written and is tried again. @param error for the log only */
	stepFailed(ref: ObjectRef, error: unknown): void;
}

/** Options of the simulated operator. */
export interface SimulatedOperatorOptions {
	readonly api: OperatorApi;
	/** Timings of the phases, and storage classes. */
	readonly life: OperatorOptions;
	/** Default: `defaultReflectorTimings`. */
	readonly reflectorTimings?: Partial<ReflectorTimings>;
	readonly clock: Clock;
	/** Random number from 0 to below 1. Default: `Math.random`. */
	readonly random?: () => number;
	readonly observer: OperatorObserver;
}

/** Simulates the operator in a cluster that has none: moves every Wukong through its phases. */
export interface SimulatedOperator {
	/** Resolves once it has seen all Wukongs, however long that takes. @throws SHUTTING_DOWN */
	start(): Promise<void>;
	/** Ends it after the writes under way. The API stays open. */
	close(): Promise<void>;
}

/** Delay after a failed write before a Wukong is reconciled again, in milliseconds. */
const retryMs = 1_000;

/** Most Wukongs that are worked on at one time. */
const maxAtOnce = 8;

/**
 * Creates the operator. Each reconciliation decides on the state that the watch last brought, and
 * writes on condition that it is still current: a second one, or a second operator, repeats no step.
 */
export function createSimulatedOperator(options: SimulatedOperatorOptions): SimulatedOperator {
	const { api, life, clock, observer } = options;
	const closing = new AbortController();
	const { signal } = closing;
	const held = new Map<string, Wukong>();
	const timers = new Map<string, Timer>();
	/** Wukongs whose status was held back, and is written at the next look. */
	const ripe = new Set<string>();

	const lookAgain = (key: string, delayMs: number) => {
		// Gone while it was looked at.
		if (!held.has(key)) return;
		timers.get(key)?.cancel();
		timers.set(
			key,
			clock.setTimer(delayMs, () => queue.add(key)),
		);
	};

	const look = async (key: string) => {
		timers.get(key)?.cancel();
		timers.delete(key);
		const wukong = held.get(key);
		if (wukong === undefined) return;
		const nowMs = clock.nowMs();
		const {
			status,
			finalized,
			wakeAtMs,
			holdMs,
			dropsZeroValues = false,
		} = reconcile(wukong, nowMs, life);
		try {
			const isNews = finalized || status !== wukong.status;
			if (holdMs !== undefined && !ripe.delete(key)) {
				lookAgain(key, holdMs);
				ripe.add(key);
				return;
			}
			// The change that a write makes brings the next look; one that changes nothing brings none.
			if (wakeAtMs !== undefined) lookAgain(key, Math.max(0, wakeAtMs - nowMs));
			if (finalized) await release(wukong);
			else if (isNews) await report(wukong, status, dropsZeroValues);
		} catch (error) {
			if (signal.aborted) return;
			if (!isOvertaken(error, wukong)) observer.stepFailed(wukong, error);
			lookAgain(key, retryMs);
		}
	};

	const report = async (wukong: Wukong, status: WukongStatus, dropsZeroValues: boolean) => {
		const raw = await readAsDecidedOn(wukong);
		if (raw === undefined) return;
		// What is being deleted takes no new finalizer.
		const whole = dropsZeroValues ? withoutZeroValues(raw) : raw;
		const kept = wukong.deleteTime === undefined ? withFinalizer(whole) : raw;
		const current = kept === raw ? raw : await api.replace(kept, { dryRun: false });
		await api.replaceStatus({ ...current, status: statusJson(status) });
		observer.stepped(wukong, status.phase);
	};

	const release = async (wukong: Wukong) => {
		const raw = await readAsDecidedOn(wukong);
		if (raw === undefined) return;
		const released = withoutFinalizer(raw);
		if (released === raw) return;
		await api.replace(released, { dryRun: false });
		observer.stepped(wukong, "");
	};

	/** Reads the whole object; undefined where it has changed since, which the watch will bring. */
	const readAsDecidedOn = async (wukong: Wukong): Promise<Unstructured | undefined> => {
		const raw = await api.get(wukong, signal);
		return raw.metadata.resourceVersion === placesIn(wukong.resourceVersion) ? raw : undefined;
	};

	const forget = (key: string) => {
		held.delete(key);
		ripe.delete(key);
		timers.get(key)?.cancel();
		timers.delete(key);
	};

	const hold = (wukong: Wukong) => {
		const key = keyOf(wukong);
		held.set(key, wukong);
		queue.add(key);
	};

	const sink: Sink = {
		load({ objects }) {
			for (const key of [...held.keys()]) forget(key);
			for (const object of objects) hold(object);
		},
		append(changes) {
			for (const { object, deleted } of changes) {
				if (deleted) forget(keyOf(object));
				else hold(object);
			}
		},
		advance() {},
	};

	const queue = createWorkQueue(look, maxAtOnce);
	const reflector = createReflector({
		upstream: api,
		// It writes on condition of the newest version, whatever is new in that.
		kind: { ...wukongKind, isNews: () => true },
		sink,
		clock,
		random: options.random ?? Math.random,
		// Only what is now matters to it.
		timings: { ...defaultReflectorTimings, historyVersions: 0n, ...options.reflectorTimings },
		observer,
		onPassed() {},
	});

	return {
		start: reflector.start,
		async close() {
			const reason = new Failure(ErrorReason.SHUTTING_DOWN, "the operator is closed");
			closing.abort(reason);
			await reflector.close(reason);
			await queue.close();
			for (const key of [...held.keys()]) forget(key);
		},
	};
}

/** Checks whether someone else wrote, or the object is gone. The watch brings the present state. */
function isOvertaken(error: unknown, ref: ObjectRef): boolean {
	return refusalCode(error) === 409 || isNotFound(error, ref);
}

/** Keeps a deleted Wukong until its VM is cleaned up; the name that the real operator uses. */
export const finalizer = "wukong.novasphere.dev/finalizer";

/** Adds the finalizer to a Wukong; returns the Wukong itself where it has it. */
export function withFinalizer(raw: Unstructured): Unstructured {
	const present = finalizersOf(raw);
	return present.includes(finalizer) ? raw : withFinalizers(raw, [...present, finalizer]);
}

/**
 * Drops what is zero in spec, as a client does that writes a whole typed object: false, 0 and empty
 * texts, but no object, however empty.
 */
function withoutZeroValues(raw: Unstructured): Unstructured {
	return raw.spec === undefined ? raw : { ...raw, spec: dropZeros(raw.spec) };
}

function dropZeros(value: JsonValue): JsonValue {
	if (Array.isArray(value)) return value.map(dropZeros);
	if (!isJsonObject(value)) return value;
	const kept = Object.entries(value).filter(([, item]) => ![false, 0, ""].includes(item as never));
	return Object.fromEntries(kept.map(([key, item]) => [key, dropZeros(item)]));
}

/**
 * Removes the finalizer from a Wukong, not those of others; returns the Wukong itself where it has
 * none.
 */
export function withoutFinalizer(raw: Unstructured): Unstructured {
	const present = finalizersOf(raw);
	const rest = present.filter((one) => one !== finalizer);
	return rest.length === present.length ? raw : withFinalizers(raw, rest);
}

function finalizersOf({ metadata }: Unstructured): readonly JsonValue[] {
	return Array.isArray(metadata.finalizers) ? metadata.finalizers : [];
}

function withFinalizers(raw: Unstructured, finalizers: JsonValue[]): Unstructured {
	return { ...raw, metadata: { ...raw.metadata, finalizers } };
}

/**
 * Converts a status to the form of the resource: the contract's JSON without the power state, which is derived,
 * and with the 64-bit numbers of the conditions as numbers.
 */
export function statusJson(status: WukongStatus): JsonObject {
	const { powerState: _, ...json } = toJson(WukongStatusSchema, status) as JsonObject;
	const conditions = Array.isArray(json.conditions) ? json.conditions : [];
	return { ...json, conditions: conditions.map(conditionJson) };
}

function conditionJson(condition: JsonValue): JsonValue {
	if (!isJsonObject(condition)) return condition;
	return { ...condition, observedGeneration: Number(condition.observedGeneration ?? 0) };
}
