import { describe, expect, test } from "vitest";
import { observedStream } from "../../../server/src/service/observed-stream.ts";

function hooks() {
	const told: string[] = [];
	return {
		told,
		failed(error: unknown) {
			told.push(`failed ${error}`);
			return "mapped";
		},
		ended: () => void told.push("ended"),
		left: () => void told.push("left"),
	};
}

async function* numbers(count: number) {
	for (let index = 1; index <= count; index++) yield index;
}

describe("an observed stream", () => {
	test("gives the same messages and tells its end", async () => {
		const observed = hooks();
		const got: number[] = [];
		for await (const number of observedStream(numbers(3), observed)) got.push(number);
		expect(got).toEqual([1, 2, 3]);
		expect(observed.told).toEqual(["ended"]);
	});

	test("tells when its reader leaves, and leaves the stream itself", async () => {
		const observed = hooks();
		const stream = numbers(3);
		for await (const _ of observedStream(stream, observed)) break;
		expect(observed.told).toEqual(["left"]);
		expect(await stream.next()).toEqual({ done: true, value: undefined });
	});

	test("can be taken in slices where the stream can", () => {
		const observed = hooks();
		let closed = false;
		const sliced = Object.assign(numbers(0), {
			take(maxBytes: number) {
				if (maxBytes === 0) throw "gone";
				return [maxBytes];
			},
			onReady: (callback: () => void) => callback(),
			close: () => {
				closed = true;
			},
		});
		const stream = observedStream<number>(sliced, observed) as unknown as typeof sliced;
		expect(stream.take(7)).toEqual([7]);
		expect(() => stream.take(0)).toThrow("mapped");
		let ready = false;
		stream.onReady(() => {
			ready = true;
		});
		stream.close();
		expect({ ready, closed, told: observed.told }).toEqual({
			ready: true,
			closed: true,
			told: ["failed gone", "left"],
		});
	});

	test("has no slices where the stream has none", () => {
		expect("take" in observedStream(numbers(1), hooks())).toBe(false);
	});
});
