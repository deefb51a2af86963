import { create } from "@bufbuild/protobuf";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { WukongEventSchema, WukongService } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import {
	type BatchedStream,
	isBatched,
	wrapStream,
} from "../../../server/src/rpc/batched-stream.ts";
import { openPort } from "../../support/port-fixture.ts";
import { until } from "../../support/until.ts";

function hooks() {
	const told: string[] = [];
	return {
		told,
		onBatch: (batch: readonly unknown[]) => void told.push(`batch ${batch}`),
		onError(error: unknown) {
			told.push(`failed ${error}`);
			return "mapped";
		},
		onEnd: () => void told.push("ended"),
		onClose: (reason: unknown) => void told.push(reason === undefined ? "left" : `left ${reason}`),
	};
}

const stays = { signal: new AbortController().signal };

async function* numbers(count: number) {
	for (let index = 1; index <= count; index++) yield index;
}

describe("a wrapped stream", () => {
	test("gives the same messages and tells its end", async () => {
		const observed = hooks();
		const got: number[] = [];
		for await (const number of wrapStream(numbers(3), observed, stays)) got.push(number);
		expect(got).toEqual([1, 2, 3]);
		expect(observed.told).toEqual(["batch 1", "batch 2", "batch 3", "ended"]);
	});

	test("tells when its reader leaves, and leaves the stream itself", async () => {
		const observed = hooks();
		const stream = numbers(3);
		for await (const _ of wrapStream(stream, observed, stays)) break;
		expect(observed.told).toEqual(["batch 1", "left"]);
		expect(await stream.next()).toEqual({ done: true, value: undefined });
	});

	test("can be taken in batches where the stream can", () => {
		const observed = hooks();
		let closed: unknown;
		const batched = Object.assign(numbers(0), {
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
		const stream = wrapStream<number>(batched, observed, unasked) as unknown as typeof batched;
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
			told: ["batch 7", "failed gone", "left late"],
		});
	});

	test("that is stalled tells its end at its caller's abort, batched or not", () => {
		const batches = { take: () => [], hasMore: false, onReady() {}, close() {} };
		for (const stream of [numbers(1), Object.assign(numbers(1), batches)]) {
			const observed = hooks();
			const leaver = new AbortController();
			wrapStream(stream, observed, leaver)[Symbol.asyncIterator]();
			leaver.abort("gone");
			expect(observed.told).toEqual(["left gone"]);
		}
	});

	test("wrapped by two interceptors tells both in their order, and each may replace the failure", () => {
		let isBroken = false;
		let closed: unknown;
		const stream = Object.assign(numbers(0), {
			take(maxBytes: number) {
				if (isBroken) throw "gone";
				return maxBytes > 5 ? [maxBytes] : [];
			},
			hasMore: false,
			isComplete: true,
			onReady() {},
			close(reason?: unknown) {
				closed = reason;
			},
		});
		const told: string[] = [];
		const hooksOf = (name: string) => ({
			onBatch: (batch: readonly number[]) => void told.push(`${name}: ${batch}`),
			onError(error: unknown) {
				told.push(`${name}: failed ${error}`);
				return `${name}(${error})`;
			},
			onEnd: () => void told.push(`${name}: ended`),
			onClose: (reason: unknown) => void told.push(`${name}: left ${reason}`),
		});
		const inner = wrapStream<number>(stream, hooksOf("inner"), stays);
		const outer = wrapStream<number>(inner, hooksOf("outer"), stays);
		if (!isBatched(outer)) throw new Error("it has lost its batches");
		expect([outer.take(7), outer.take(1)]).toEqual([[7], []]);
		isBroken = true;
		expect(() => outer.take(1)).toThrow("outer(inner(gone))");
		outer.close("late");
		expect({ told, closed }).toEqual({
			closed: "late",
			told: [
				...["inner: 7", "outer: 7", "inner: ended", "outer: ended"],
				...["inner: failed gone", "outer: failed inner(gone)"],
				...["outer: left late", "inner: left late"],
			],
		});
	});

	test("wrapped again by one with another signal hears each signal in its layer", () => {
		const batches = { take: () => [], hasMore: false, onReady() {}, close() {} };
		const [first, second] = [hooks(), hooks()];
		const [callers, own] = [new AbortController(), new AbortController()];
		const inner = wrapStream<number>(Object.assign(numbers(1), batches), first, callers);
		wrapStream<number>(inner, second, own)[Symbol.asyncIterator]();
		callers.abort("gone");
		expect([first.told, second.told]).toEqual([["left gone"], []]);
	});

	test("has no batches where the stream has none", () => {
		expect(isBatched(wrapStream(numbers(1), hooks(), stays))).toBe(false);
	});
});

/** Gives events in batches until it is closed, and notes how it was read. */
function countingStream(batches: readonly (readonly string[])[]) {
	const used = { takes: 0, messages: 0, closed: 0 };
	const left = batches.map((versions) =>
		versions.map((resourceVersion) => create(WukongEventSchema, { resourceVersion })),
	);
	const one = left.flat();
	const stream: BatchedStream<object> = {
		take() {
			used.takes++;
			return left.shift() ?? [];
		},
		get hasMore() {
			return left.length > 0;
		},
		onReady() {},
		close: () => void used.closed++,
		async *[Symbol.asyncIterator]() {
			try {
				for (const message of one) {
					used.messages++;
					yield message;
				}
				await new Promise(() => {});
			} finally {
				used.closed++;
			}
		},
	};
	return { stream, used };
}

const wrapped: Interceptor = (next) => async (request) => {
	const response = await next(request);
	if (!response.stream) return response;
	const heard = { onError: (error: unknown) => error, onEnd() {}, onClose() {} };
	return { ...response, message: wrapStream(response.message, heard, request) };
};

/** As Connect's documentation has it. */
const generator: Interceptor = (next) => async (request) => {
	const response = await next(request);
	if (!response.stream) return response;
	async function* each<T>(messages: AsyncIterable<T>) {
		for await (const message of messages) yield message;
	}
	return { ...response, message: each(response.message as AsyncIterable<never>) };
};

describe.each([
	[
		"Connect, HTTP/1.1",
		(baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
	],
	["gRPC, HTTP/2", (baseUrl: string) => createGrpcTransport({ baseUrl })],
])(
	"behind an interceptor a batched stream gives every message in order, %s",
	(_wire, transport) => {
		test.each([
			["that wraps it: batch by batch", wrapped, { messages: 0, takes: 2 }],
			["that is an async generator: one message at a time", generator, { messages: 5, takes: 0 }],
		])("%s", async (_, interceptor, cost) => {
			const { stream, used } = countingStream([
				["1", "2", "3"],
				["4", "5"],
			]);
			const port = await openPort({
				implementation: { watchWukong: () => stream },
				interceptors: [interceptor],
			});
			const leaver = new AbortController();
			const versions: string[] = [];
			const read = async () => {
				const events = createClient(WukongService, transport(port.url)).watchWukong(
					{},
					{ signal: leaver.signal },
				);
				for await (const { resourceVersion } of events) {
					versions.push(resourceVersion);
					if (versions.length === 5) leaver.abort();
				}
			};
			await expect(read()).rejects.toThrow();
			expect(versions).toEqual(["1", "2", "3", "4", "5"]);
			await until("it is closed", () => used.closed > 0);
			expect({ messages: used.messages, takes: Math.min(used.takes, 2) }).toEqual(cost);
		});
	},
);
