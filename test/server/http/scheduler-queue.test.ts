import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { createStreamScheduler, type ScheduledTask } from "../../../server/src/http/scheduler.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { until } from "../../support/until.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

describe("a queue that is never empty", () => {
	test("keeps nothing of the turns that were taken, however long", async () => {
		let nowMs = 0;
		const clock = { ...createFakeClock(), monotonicMs: () => nowMs++ };
		const scheduler = createStreamScheduler({ sliceBytes: 100, sliceMs: 5, clock });
		const taken: WeakRef<ScheduledTask>[] = [];
		let isSaturated = true;
		/** A greedy reader: each of its turns ends with its wish for the next. */
		const ask = () => {
			const task = {
				run() {
					taken.push(new WeakRef(task));
					if (isSaturated) ask();
				},
			};
			scheduler.queue(task);
		};
		for (let reader = 0; reader < 60; reader++) ask();
		await until("the loop was full for long", () => taken.length > 10_000);
		collectGarbage();
		const kept = taken.filter((task) => task.deref() !== undefined).length;
		isSaturated = false;
		const count = taken.length;
		await until("all had their turn", () => taken.length === count + 60);
		expect(kept).toBeLessThan(200);
	});

	test("takes the turns in the order in which they were asked for", async () => {
		const scheduler = createStreamScheduler({
			sliceBytes: 100,
			sliceMs: 5,
			clock: createFakeClock(),
		});
		const order: number[] = [];
		for (let place = 0; place < 100; place++) {
			scheduler.queue({
				run() {
					order.push(place);
					if (place < 50) scheduler.queue({ run: () => void order.push(100 + place) });
				},
			});
		}
		await until("all have run", () => order.length === 150);
		expect(order).toEqual(Array.from({ length: 150 }, (_, place) => place));
	});
});
