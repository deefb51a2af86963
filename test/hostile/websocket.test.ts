import { createServiceImplSpec, type HandlerContext } from "@connectrpc/connect";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { describeError } from "../../server/src/service/errors/http-status.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { endlessWatch, openPort, type PortSettings, quietWatch } from "../support/port-fixture.ts";
import { createClientFrame, type FrameParts, openRawWebSocket } from "../support/raw-websocket.ts";
import { until } from "../support/until.ts";

type Watch = (request: { readonly name: string }, context: HandlerContext) => AsyncIterable<object>;

/** A port with one socket, whose watch says one thing and waits, or what is given. */
async function openStage(settings: PortSettings & { readonly watch?: Watch } = {}) {
	const { watch, ...rest } = settings;
	const watchWukong = watch ?? quietWatch(() => port.seen);
	const service = createServiceImplSpec(WukongService, { watchWukong } as never);
	const port = await openPort({
		services: [service],
		watchSockets: [
			{
				paths: ["/ws"],
				subprotocol: "wukong.v1",
				method: WukongService.method.watchWukong,
				describeError,
			},
		],
		...rest,
	});
	return { ...port, open: () => openRawWebSocket(port.portNumber, "/ws") };
}

const subscribe = (id: string, query: unknown = {}) =>
	JSON.stringify({ type: "subscribe", id, query });

const cut = Buffer.concat([Buffer.from('{"type":"subscribe","id":"'), Buffer.from([0xc3, 0x28])]);

describe("what breaks RFC 6455 is answered with a close code and a reason, and its streams are free", () => {
	test.each<[what: string, code: number, frames: readonly [string | Buffer, FrameParts?][]]>([
		["a frame without a mask (5.1)", 1002, [[subscribe("b"), { isMasked: false }]]],
		["a reserved bit (5.2)", 1002, [[subscribe("b"), { reserved: 0x40 }]]],
		["the other reserved bits", 1002, [[subscribe("b"), { reserved: 0x30 }]]],
		["a reserved opcode (5.2)", 1002, [["", { opcode: 3 }]]],
		["a reserved control opcode", 1002, [["", { opcode: 0xb }]]],
		["a continuation of nothing (5.4)", 1002, [["x", { opcode: 0 }]]],
		[
			"a message within a message (5.4)",
			1002,
			[
				["{", { isFinal: false }],
				["{", { isFinal: false }],
			],
		],
		["a control frame of 126 bytes (5.5)", 1002, [["p".repeat(126), { opcode: 9 }]]],
		["a control frame in pieces (5.5)", 1002, [["p", { opcode: 9, isFinal: false }]]],
		["a close frame of one byte (5.5.1)", 1002, [["c", { opcode: 8 }]]],
		["a close code that nobody may send (7.4)", 1002, [[Buffer.from([0x03, 0xed]), { opcode: 8 }]]],
		["a text that is not UTF-8 (8.1)", 1007, [[cut]]],
		["a close reason that is not UTF-8", 1007, [[Buffer.from([0x03, 0xe8, 0xff]), { opcode: 8 }]]],
		["a message over the limit", 1009, [["x".repeat(1_025)]]],
		["one that only says so", 1009, [["", { length: 2 ** 40 }]]],
		["one whose length no number holds", 1009, [["", { length: 2 ** 60 }]]],
		[
			"one in pieces over the limit",
			1009,
			[
				["x".repeat(600), { isFinal: false }],
				["x".repeat(600), { opcode: 0 }],
			],
		],
		[
			"one in more pieces than any needs",
			1008,
			[
				["", { isFinal: false }],
				...Array.from({ length: 1_100 }, (): [string, FrameParts] => [
					"",
					{ opcode: 0, isFinal: false },
				]),
			],
		],
		["a binary message", 1003, [[subscribe("b"), { opcode: 2 }]]],
		["no JSON", 4400, [["subscribe"]]],
		["JSON that is cut", 4400, [['{"type":"subscribe"']]],
		["an empty message", 4400, [[""]]],
		["JSON of another shape", 4400, [["[]"]]],
		["an unknown type", 4400, [['{"type":"ping","id":"b"}']]],
		["no type", 4400, [['{"id":"b"}']]],
		["no id", 4400, [['{"type":"subscribe"}']]],
		["an id that is empty", 4400, [[subscribe("")]]],
		["an id of 65 characters", 4400, [[subscribe("x".repeat(65))]]],
		["an id with a line break", 4400, [[subscribe("a\nb")]]],
		["an id that is a number", 4400, [['{"type":"subscribe","id":7}']]],
		["an unknown name", 4400, [['{"type":"subscribe","id":"b","quary":{}}']]],
		["a name twice", 4400, [['{"type":"subscribe","id":"b","id":"c"}']]],
		["a name that is inherited", 4400, [['{"type":"subscribe","id":"b","__proto__":{}}']]],
		[
			"a query that is nested too deeply",
			4400,
			[[`{"type":"subscribe","id":"b","query":${"[".repeat(200)}`]],
		],
		["unsubscribe with a query", 4400, [['{"type":"unsubscribe","id":"a","query":{}}']]],
		["an id that is in use", 4409, [[subscribe("a")]]],
	])("%s: %i", async (_what, code, frames) => {
		const { open, seen } = await openStage({ limits: { maxRequestBytes: 1_024 } });
		const socket = await open();
		await socket.send({ type: "subscribe", id: "a" });
		await socket.expectSaid(({ id }) => id === "a");
		for (const [payload, parts] of frames) await socket.sendFrame(payload, parts);
		const closed = await socket.expectClose();
		expect(closed.code).toBe(code);
		expect(closed.reason).toMatch(/^[ -~]{10,123}$/);
		await until("all is free", () => seen.live === 0 && seen.ended.length === 1);
	});
});

describe("what a peer may do", () => {
	test("a message in pieces, control frames among them, is one message (5.4)", async () => {
		const { open } = await openStage();
		const socket = await open();
		const [first, ...rest] = subscribe("a");
		await socket.sendFrame(first as string, { isFinal: false });
		for (const piece of rest) {
			await socket.sendFrame(piece, { opcode: 0, isFinal: false });
			await socket.sendFrame("life", { opcode: 9 });
		}
		await socket.sendFrame("", { opcode: 0 });
		await socket.expectSaid(({ id }) => id === "a");
		expect(socket.frames().filter(({ opcode }) => opcode === 10)).toHaveLength(rest.length);
		expect(socket.frames().at(-2)?.payload.toString()).toBe("life");
		await socket.close();
	});

	test("a handshake and a first message in one packet are both taken", async () => {
		const { portNumber } = await openStage();
		const { createHandshake } = await import("../support/raw-websocket.ts");
		const { openRaw } = await import("../support/raw-client.ts");
		const client = await openRaw(portNumber);
		const frame = createClientFrame(subscribe("early"));
		await client.send(Buffer.concat([Buffer.from(createHandshake("/ws")), frame]));
		await client.expectText('"id":"early","events"');
		client.socket.destroy();
	});

	test("thousands of subscriptions that come and go leave nothing, and have one status each", async () => {
		const { open, seen } = await openStage();
		const socket = await open();
		const count = 3_000;
		for (let at = 0; at < count; at++) {
			await socket.sendFrame(subscribe("a"));
			await socket.sendFrame(JSON.stringify({ type: "unsubscribe", id: "a" }));
		}
		const statuses = () => socket.said().filter(({ type }) => type === "status").length;
		await until("all have ended", () => statuses() === count);
		expect([seen.live, seen.ended.length]).toEqual([0, count]);
		await socket.close();
	});

	test.each([
		["FIN", "end"],
		["RST", "resetAndDestroy"],
	] as const)("a peer that goes without a close frame (%s) leaves nothing", async (_, how) => {
		const { open, seen } = await openStage();
		const socket = await open();
		await socket.send({ type: "subscribe", id: "a" });
		await socket.expectSaid(({ id }) => id === "a");
		socket.raw.socket[how]();
		await until("all is free", () => seen.live === 0 && seen.closed === seen.opened);
	});

	test("a close frame is answered with its own code, while streams are full of news", async () => {
		const { open, seen } = await openStage({
			watch: (...args) => endlessWatch(() => seen)(...args),
		});
		const socket = await open();
		await socket.send({ type: "subscribe", id: "a" });
		await socket.expectSaid(({ id }) => id === "a");
		await socket.sendFrame(Buffer.from([0x0f, 0xa1]), { opcode: 8 });
		const { code } = await socket.expectClose();
		expect(code).toBe(4001);
		await until("all is free", () => seen.live === 0);
	});
});

describe("pings (RFC 6455, 5.5.2 and 5.5.3)", () => {
	const pongs = (socket: Awaited<ReturnType<typeof openRawWebSocket>>) =>
		socket.frames().filter(({ opcode }) => opcode === 10);

	test.each([61, 1_000])("%i that come at once are answered, each", async (count) => {
		const { open } = await openStage();
		const socket = await open();
		const pings = Array.from({ length: count }, (_, at) =>
			createClientFrame(`ping ${at}`, { opcode: 9 }),
		);
		await socket.raw.send(Buffer.concat(pings));
		await until("all are answered", () => pongs(socket).length === count);
		expect(pongs(socket).map(({ payload }) => payload.toString())).toEqual(
			pings.map((_, at) => `ping ${at}`),
		);
		await socket.close();
	});

	test("of a peer that reads none of the answers end nothing: the last one is answered", async () => {
		const { open } = await openStage();
		const socket = await open();
		await socket.send({ type: "subscribe", id: "a" });
		await socket.expectSaid(({ id }) => id === "a");
		socket.raw.socket.pause();
		const filler = createClientFrame("x".repeat(125), { opcode: 9 });
		const many = Buffer.concat(Array.from({ length: 8_000 }, () => filler));
		const sent: Promise<void>[] = [];
		for (let at = 0; at < 6; at++) sent.push(socket.raw.send(many));
		sent.push(socket.sendFrame("the last", { opcode: 9 }));
		await Promise.all(sent);
		socket.raw.socket.resume();
		await until("the last is answered", () => pongs(socket).at(-1)?.payload.length === 8);
		expect(pongs(socket).at(-1)?.payload.toString()).toBe("the last");
		await socket.close();
	});
});

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
