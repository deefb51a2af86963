import { describe, expect, test } from "vitest";
import { observedStream } from "../../../../server/src/service/interceptors/observed-stream.ts";

function hooks() {
	const told: string[] = [];
	return {
		told,
		failed(error: unknown) {
			told.push(`failed ${error}`);
			return "mapped";
		},
		ended: () => void told.push("ended"),
		left: (reason: unknown) => void told.push(reason === undefined ? "left" : `left ${reason}`),
	};
}

const stays = { signal: new AbortController().signal };

async function* numbers(count: number) {
	for (let index = 1; index <= count; index++) yield index;
}

describe("an observed stream", () => {
	test("gives the same messages and tells its end", async () => {
		const observed = hooks();
		const got: number[] = [];
		for await (const number of observedStream(numbers(3), observed, stays)) got.push(number);
		expect(got).toEqual([1, 2, 3]);
		expect(observed.told).toEqual(["ended"]);
	});

	test("tells when its reader leaves, and leaves the stream itself", async () => {
		const observed = hooks();
		const stream = numbers(3);
		for await (const _ of observedStream(stream, observed, stays)) break;
		expect(observed.told).toEqual(["left"]);
		expect(await stream.next()).toEqual({ done: true, value: undefined });
	});

	test("can be taken in slices where the stream can", () => {
		const observed = hooks();
		let closed: unknown;
		const sliced = Object.assign(numbers(0), {
			take(maxBytes: number) {
				if (maxBytes === 0) throw "gone";
				return [maxBytes];
			},
			hasMore: true,
			onReady: (waiter: { ready(): void }) => waiter.ready(),
			close: (reason?: unknown) => {
				closed = reason;
			},
		});
		const unasked = {
			get signal(): AbortSignal {
				throw new Error("a signal is made for nothing");
			},
		};
		const stream = observedStream<number>(sliced, observed, unasked) as unknown as typeof sliced;
		expect(stream.take(7)).toEqual([7]);
		expect(() => stream.take(0)).toThrow("mapped");
		let ready = false;
		stream.onReady({
			ready: () => {
				ready = true;
			},
		});
		stream.close("late");
		expect({ ready, closed, told: observed.told }).toEqual({
			ready: true,
			closed: "late",
			told: ["failed gone", "left late"],
		});
	});

	test("that is stalled tells its end at its caller's abort, sliced or not", () => {
		const slices = { take: () => [], hasMore: false, onReady() {}, close() {} };
		for (const stream of [numbers(1), Object.assign(numbers(1), slices)]) {
			const observed = hooks();
			const leaver = new AbortController();
			observedStream(stream, observed, leaver)[Symbol.asyncIterator]();
			leaver.abort("gone");
			expect(observed.told).toEqual(["left gone"]);
		}
	});

	test("has no slices where the stream has none", () => {
		expect("take" in observedStream(numbers(1), hooks(), stays)).toBe(false);
	});
});
