import type { Clock, Timer } from "../../clock.ts";
import { keyOf, type ObjectRef } from "../../resource/object.ts";
import type { OperatorOptions } from "../simulator/operator-options.ts";
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

	const look = (ref: ObjectRef): void => {
		if (closed) return;
		const key = keyOf(ref);
		timers.get(key)?.cancel();
		timers.delete(key);
		const { entry } = writeQueue.see(ref);
		if (entry === undefined) return;

		const nowMs = clock.nowMs();
		const { record, origin } = entry;
		const { status, finalized, wakeAtMs } = reconcile(record, nowMs, options);
		const lookIn = (delayMs: number) => {
			timers.get(key)?.cancel();
			timers.set(
				key,
				clock.setTimer(delayMs, () => look(ref)),
			);
		};
		if (finalized || status !== record.status) {
			// Once it is committed, that change brings the next look.
			const next = finalized ? undefined : { ...record, status };
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
