import { describe, expect, test } from "vitest";
import { createFakeClock } from "../support/fake-clock.ts";
import { createClientFrame, type openRawWebSocket } from "../support/raw-websocket.ts";
import { until } from "../support/until.ts";
import { openStage, subscribe, type Watch } from "./websocket-stage.ts";

describe("a message that comes too slowly", () => {
	// The peer cannot answer the close frame: the service waits for that as long as for a pong, by the
	// machine's clock.
	const limits = { bodyTimeoutMs: 30_000, keepAliveIntervalMs: 3_600_000, pingTimeoutMs: 100 };
	const whole = createClientFrame(subscribe("slow"));
	const ping = createClientFrame("", { opcode: 9 });
	const begun = createClientFrame('{"type"', { isFinal: false });

	test.each<[what: string, bytes: Buffer]>([
		["one byte of a frame", whole.subarray(0, 1)],
		["a head without its mask", whole.subarray(0, 2)],
		["a frame without its last byte", whole.subarray(0, -1)],
		["a message without its last frame", begun],
		["the head of a control frame", ping.subarray(0, 1)],
		["a frame behind a whole message", Buffer.concat([whole, begun])],
		["pings within a message", Buffer.concat([begun, ping, ping])],
	])("(%s) closes with 4408 after 30 s, and its streams are free", async (_, bytes) => {
		const clock = createFakeClock();
		const { open, seen } = await openStage({ clock, limits });
		const socket = await open();
		await socket.send({ type: "subscribe", id: "a" });
		await socket.expectSaid(({ id }) => id === "a");
		const timers = clock.pendingTimers;
		await socket.raw.send(bytes);
		await until("its time is bounded", () => clock.pendingTimers > timers);
		await clock.advance(29_999);
		expect(socket.frames().some(({ opcode }) => opcode === 8)).toBe(false);
		await clock.advance(1);
		// What a peer sends now is the rest of its message: it cannot answer.
		const closeFrame = () => socket.frames().find(({ opcode }) => opcode === 8)?.payload;
		await until("the close frame arrives", () => closeFrame() !== undefined);
		expect(closeFrame()?.readUInt16BE(0)).toBe(4408);
		expect(closeFrame()?.toString("utf8", 2)).toBe("a message came too slowly");
		await until("all is free", () => seen.live === 0);
		socket.raw.socket.destroy();
	});

	test("does not close where it is whole in time, however long nothing follows", async () => {
		const clock = createFakeClock();
		const { open } = await openStage({ clock, limits });
		const socket = await open();
		const timers = clock.pendingTimers;
		await socket.raw.send(whole.subarray(0, 5));
		await until("its time is bounded", () => clock.pendingTimers > timers);
		await clock.advance(20_000);
		await socket.raw.send(whole.subarray(5));
		await socket.expectSaid(({ id }) => id === "slow");
		await clock.advance(60_000);
		await socket.send({ type: "unsubscribe", id: "slow" });
		await socket.expectSaid(({ type }) => type === "status");
		await socket.close();
	});
});

describe("a peer that reads nothing", () => {
	/** Events that a stream was asked for. */
	function counted() {
		const asked = { count: 0 };
		const gate = Promise.withResolvers<void>();
		const watch: Watch = async function* () {
			await gate.promise;
			const phase = "x".repeat(16 * 1024);
			for (;;) {
				asked.count++;
				yield { wukong: { status: { phase } } };
			}
		};
		return { asked, watch, open: gate.resolve };
	}

	test("holds places in its streams and no more: none goes on before there is room", async () => {
		const { asked, watch, open: openGate } = counted();
		const { open, seen } = await openStage({ watch });
		const socket = await open();
		for (let at = 0; at < 100; at++) await socket.sendFrame(subscribe(`s${at}`));
		await until("all have begun", () => seen.begun === 100);
		socket.raw.socket.pause();
		openGate();
		let before = -1;
		await until("all stand still", () => {
			const stands = before === asked.count && asked.count > 100;
			before = asked.count;
			return stands;
		});
		// What the system's buffers hold of loopback, and one event of each stream.
		expect(asked.count * 16).toBeLessThan(20 * 1024);
		socket.raw.socket.destroy();
		await until("all is free", () => seen.ended.length === 100);
	});

	test("and goes on asking is not read any more: answers do not add up", async () => {
		const { open, seen } = await openStage({ limits: { maxConcurrentStreams: 1 } });
		const socket = await open();
		socket.raw.socket.pause();
		const id = "x".repeat(64);
		const refused = Buffer.concat(
			Array.from({ length: 500 }, () => createClientFrame(subscribe(id, { name: 7 }))),
		);
		let isTaken = true;
		for (let at = 0; at < 2_000 && isTaken; at++) isTaken = socket.raw.socket.write(refused);
		let before = -1;
		await until("it is not read any more", () => {
			const stands = before === seen.refused.length && before > 0;
			before = seen.refused.length;
			return stands;
		});
		expect(seen.refused.length).toBeLessThan(60_000);
		socket.raw.socket.destroy();
		await until("it has closed", () => seen.closed === seen.opened);
	});

	test("does not keep the port from closing", async () => {
		const { watch, open: openGate } = counted();
		openGate();
		const { open, port, seen } = await openStage({ watch });
		const socket = await open();
		socket.raw.socket.pause();
		await socket.sendFrame(subscribe("a"));
		await until("it has begun", () => seen.begun === 1);
		await port.close(50);
		expect(seen.closed).toBe(seen.opened);
		socket.raw.socket.destroy();
	});
});

describe("signs of life", () => {
	const limits = { keepAliveIntervalMs: 30_000, pingTimeoutMs: 10_000 };
	const pings = (socket: Awaited<ReturnType<typeof openRawWebSocket>>) =>
		socket.frames().filter(({ opcode }) => opcode === 9).length;

	test("a peer is pinged, and one that answers stays", async () => {
		const clock = createFakeClock();
		const { open } = await openStage({ clock, limits });
		const socket = await open();
		for (let round = 1; round <= 3; round++) {
			await clock.advance(round === 1 ? 30_000 : 20_000);
			await until("a ping arrives", () => pings(socket) === round);
			await socket.sendFrame("", { opcode: 10 });
			await socket.sendFrame("x", { opcode: 9 });
			await until(
				"the pong was read",
				() => socket.frames().filter(({ opcode }) => opcode === 10).length === round,
			);
			await clock.advance(10_000);
		}
		await socket.close();
	});

	test("a half-open one is closed with 4408, and its streams are free", async () => {
		const clock = createFakeClock();
		const { open, seen } = await openStage({ clock, limits });
		const socket = await open();
		await socket.send({ type: "subscribe", id: "a" });
		await socket.expectSaid(({ id }) => id === "a");
		await clock.advance(30_000);
		await until("a ping arrives", () => pings(socket) === 1);
		await clock.advance(10_000);
		expect(await socket.expectClose()).toEqual({ code: 4408, reason: "no answer to a ping" });
		await until("all is free", () => seen.live === 0);
	});
});
