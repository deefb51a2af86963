import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Clock, Timer } from "../../clock.ts";
import { keyOf, type ObjectRef } from "../../resource/object.ts";
import type { OperatorOptions } from "../simulator/operator-options.ts";
import { withoutZeroValues } from "../simulator/public-operator.ts";
import { reconcile } from "../simulator/reconcile.ts";
import type { WriteQueue } from "./write-queue.ts";

/** Delay after a failed write before the operator tries again, in milliseconds. */
const retryMs = 1_000;

/** Simulates the operator: moves the status of every Wukong through the phases of its life. */
export interface Operator {
	/** Reconciles one Wukong, now and whenever its next step is due. Call after each change. */
	look(ref: ObjectRef): void;
	/** Ends all timers; nothing is reconciled any more. */
	close(): void;
}

/** Creates the operator. @param writeQueue it reads and writes there, as every caller does. */
export function createOperator(
	writeQueue: WriteQueue,
	options: OperatorOptions,
	clock: Clock,
): Operator {
	const timers = new Map<string, Timer>();
	let closed = false;

	/** @param isRipe what was held is written now */
	const look = (ref: ObjectRef, isRipe = false): void => {
		if (closed) return;
		const key = keyOf(ref);
		timers.get(key)?.cancel();
		timers.delete(key);
		const { entry } = writeQueue.see(ref);
		if (entry === undefined) return;

		const nowMs = clock.nowMs();
		const { record, origin } = entry;
		const { status, finalized, wakeAtMs, holdMs, dropsZeroValues } = reconcile(
			record,
			nowMs,
			options,
		);
		const lookIn = (delayMs: number, ripe = false) => {
			timers.get(key)?.cancel();
			timers.set(
				key,
				clock.setTimer(delayMs, () => look(ref, ripe)),
			);
		};
		if (holdMs !== undefined && !isRipe) lookIn(holdMs, true);
		else if (finalized || status !== record.status) {
			// Once it is committed, that change brings the next look.
			const dropped = dropsZeroValues === true ? droppedRecord(record) : record;
			const next = finalized ? undefined : { ...dropped, status };
			writeQueue.write(ref, next, origin).catch(() => closed || lookIn(retryMs));
		} else if (wakeAtMs !== undefined) {
			lookIn(Math.max(0, wakeAtMs - nowMs));
		}
	};

	return {
		look,
		close() {
			closed = true;
			for (const timer of timers.values()) timer.cancel();
			timers.clear();
		},
	};
}

/** Drops what is false in spec: that is a change of spec to whoever reads the generation. */
function droppedRecord(record: Wukong): Wukong {
	const { spec } = record;
	const next = spec && withoutZeroValues(spec);
	return next === undefined || next === spec
		? record
		: { ...record, spec: next, generation: record.generation + 1n };
}
