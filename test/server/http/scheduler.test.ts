import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { createStreamScheduler } from "../../../server/src/http/scheduler.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { endlessWatch, openPort, type PortUnderTest } from "../../support/port-fixture.ts";
import { until } from "../../support/until.ts";

describe("turns", () => {
	const options = { sliceBytes: 100, sliceMs: 5 };

	test("a stream may go on until its bytes are spent", () => {
		const budget = createStreamScheduler({ ...options, clock: createFakeClock() }).join();
		expect(budget.spend(60)).toBe(false);
		expect(budget.spend(60)).toBe(true);
	});

	test("the next turn of the loop brings new bytes", async () => {
		const budget = createStreamScheduler({ ...options, clock: createFakeClock() }).join();
		budget.spend(60);
		await new Promise(setImmediate);
		expect(budget.spend(60)).toBe(false);
	});

	test("all streams together stop when their time is spent", async () => {
		const clock = createFakeClock();
		const scheduler = createStreamScheduler({ ...options, clock });
		expect(scheduler.join().spend(1)).toBe(false);
		const advanced = clock.advance(6);
		expect(scheduler.join().spend(1)).toBe(false);
		await advanced;
	});

	test("tasks stop within eight of them once their time is spent, and the others have the next turn", async () => {
		let nowMs = 0;
		const clock = { ...createFakeClock(), monotonicMs: () => nowMs };
		const scheduler = createStreamScheduler({ ...options, clock });
		const turns: number[] = [];
		let turn = 0;
		const run = () => {
			nowMs += options.sliceMs;
			turns.push(turn);
		};
		for (let i = 0; i < 20; i++) scheduler.queue({ run });
		for (turn = 1; turn <= 4; turn++) await new Promise(setImmediate);
		expect([1, 2, 3].map((one) => turns.filter((at) => at === one).length)).toEqual([8, 8, 4]);
	});

	test("streams go on in the order in which they stopped, and timers come in between", async () => {
		const scheduler = createStreamScheduler({ ...options, clock: createFakeClock() });
		const order: string[] = [];
		const run = async (name: string) => {
			const budget = scheduler.join();
			for (let i = 0; i < 3; i++) {
				order.push(name);
				if (budget.spend(100)) await budget.nextTurn();
			}
		};
		const immediate = new Promise<void>((resolve) =>
			setImmediate(() => {
				order.push("loop");
				resolve();
			}),
		);
		await Promise.all([run("a"), run("b"), immediate]);
		expect(order.slice(0, 5)).toEqual(["a", "b", "loop", "a", "b"]);
	});
});

describe("a reader that always takes what a stream always has", () => {
	test.each([
		["HTTP/1.1", (url: string) => createConnectTransport({ baseUrl: url, httpVersion: "1.1" })],
		["HTTP/2", (url: string) => createGrpcTransport({ baseUrl: url })],
	])("does not keep 100 unary calls from their answers, %s", async (_name, transport) => {
		const holder: { port?: PortUnderTest } = {};
		const port = await openPort({
			implementation: {
				watchWukong: endlessWatch(() => (holder.port as PortUnderTest).seen, 256),
				getWukong: ({ name }) => ({ wukong: { name } }),
			},
		});
		holder.port = port;
		const leave = new AbortController();
		let read = 0;
		const greedy = (async () => {
			const client = createClient(WukongService, transport(port.url));
			for await (const _ of client.watchWukong({}, { signal: leave.signal })) read++;
		})().catch(() => {});
		await until("the stream runs", () => read > 100);
		const client = createClient(WukongService, transport(port.url));
		for (let i = 0; i < 100; i++) await client.getWukong({ name: "a" });
		expect(port.seen.live).toBe(1);
		leave.abort();
		await greedy;
	});
});
