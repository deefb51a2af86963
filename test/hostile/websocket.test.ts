import { describe, expect, test } from "vitest";
import { endlessWatch } from "../support/port-fixture.ts";
import {
	createClientFrame,
	type FrameParts,
	type openRawWebSocket,
} from "../support/raw-websocket.ts";
import { until } from "../support/until.ts";
import { openStage, subscribe } from "./websocket-stage.ts";

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
