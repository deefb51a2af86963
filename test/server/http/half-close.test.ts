import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CertificateFiles, createCertificateFiles } from "../../support/certificate.ts";
import { frame, h2Preface, h2SettingsAck, headersFrame } from "../../support/h2-frames.ts";
import {
	openPort,
	type PortSettings,
	type PortUnderTest,
	pathOf,
	quietWatch,
} from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";
import { until } from "../../support/until.ts";

let files: CertificateFiles;
beforeAll(async () => {
	files = await createCertificateFiles();
});
afterAll(() => files.remove());

const json = "Content-Type: application/json";

/** A call that names `name`, over HTTP/1.1. */
function call(name: string, method = "GetWukong"): string {
	const body = JSON.stringify({ name });
	const fields = `Host: localhost\r\n${json}\r\nContent-Length: ${body.length}`;
	return `POST ${pathOf(method)} HTTP/1.1\r\n${fields}\r\n\r\n${body}`;
}

function chunked(name: string, end = "0\r\n\r\n"): string {
	const body = JSON.stringify({ name });
	const fields = `Host: localhost\r\n${json}\r\nTransfer-Encoding: chunked`;
	const chunks = Array.from(body, (character) => `1\r\n${character}\r\n`).join("");
	return `POST ${pathOf("GetWukong")} HTTP/1.1\r\n${fields}\r\n\r\n${chunks}${end}`;
}

const watch = `POST ${pathOf("WatchWukong")} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/connect+json\r\nContent-Length: 7\r\n\r\n\0\0\0\0\x02{}`;

/** A port whose calls wait until they are told to go on. */
async function openSlow(settings: PortSettings = {}) {
	const wakes: (() => void)[] = [];
	const signals: AbortSignal[] = [];
	const holder: { port?: PortUnderTest } = {};
	const port = await openPort({
		...settings,
		implementation: {
			async getWukong({ name }, { signal }) {
				signals.push(signal);
				await new Promise<void>((resolve) => wakes.push(resolve));
				return { wukong: { name } };
			},
			watchWukong: quietWatch(() => (holder.port as PortUnderTest).seen),
		},
	});
	holder.port = port;
	return { ...port, signals, wake: () => wakes.splice(0).map((wake) => wake()).length };
}

const namesIn = (text: string) => Array.from(text.matchAll(/"name":"(\w+)"/g), ([, name]) => name);

describe.each([
	["cleartext", () => ({}), undefined],
	["TLS", () => ({ tls: files }), "http/1.1"],
] as const)("HTTP/1.1, %s: the end of the peer's side", (_name, settings, alpn) => {
	test.each([
		["one call", call("a"), ["a"]],
		["a chunked one", chunked("a"), ["a"]],
		["calls in a row", call("a") + chunked("b") + call("c"), ["a", "b", "c"]],
	])(
		"is no disconnect of a call that waits for its answer: %s (RFC 9112, 6.3)",
		async (_what, bytes, names) => {
			const port = await openSlow(settings());
			const client = await openRaw(port.portNumber, alpn);
			await client.send(bytes);
			client.socket.end();
			await until("the calls have begun", () => port.seen.begun === names.length);
			// What another connection is answered comes after the end of this one was read.
			await fetchNone(port);
			expect(port.signals.map(({ aborted }) => aborted)).toEqual(names.map(() => false));
			port.wake();
			await client.expectClosed();
			expect(namesIn(client.received())).toEqual(names);
			expect(port.seen.ended.map(({ complete }) => complete)).toEqual(names.map(() => true));
			expect(port.seen.faults).toEqual([]);
		},
	);

	test.each([
		["within a body", call("b").slice(0, -1)],
		["before a body", call("b").slice(0, -12)],
		["within a chunked body", chunked("b", "")],
		["within a head", "POST / HTTP/1.1\r\nHost: loc"],
		["within garbage", "\0\0\0\0"],
	])(
		"%s leaves a broken request, 400, after the answers of those before it",
		async (_what, cut) => {
			const port = await openSlow(settings());
			const client = await openRaw(port.portNumber, alpn);
			await client.send(call("a") + cut);
			client.socket.end();
			await until("the call has begun", () => port.seen.begun === 1);
			await until("the broken one is known", () => port.seen.faults.length === 1);
			port.wake();
			await client.expectClosed();
			expect(client.received()).toMatch(
				/^HTTP\/1\.1 200 .*"name":"a".*HTTP\/1\.1 400 .*\{"code":"invalid_argument"((?!"name":).)*$/s,
			);
			expect([port.seen.begun, port.seen.faults]).toEqual([1, ["malformed"]]);
		},
	);

	test("ends a stream, which says so, and the calls around it are answered", async () => {
		const port = await openSlow(settings());
		const client = await openRaw(port.portNumber, alpn);
		await client.send(call("a") + watch + call("b"));
		await until("all have begun", () => port.seen.begun === 3);
		await until("the stream lives", () => port.seen.live === 1);
		client.socket.end();
		await until("the stream is over", () => port.seen.live === 0);
		port.wake();
		await client.expectClosed();
		expect(client.received()).toMatch(/"name":"a".*"canceled".*"name":"b"/s);
	});

	test("with the request ends a stream at once", async () => {
		const port = await openSlow(settings());
		const client = await openRaw(port.portNumber, alpn);
		client.socket.end(Buffer.from(watch, "latin1"));
		await client.expectClosed();
		expect(client.received()).toContain(`"canceled"`);
		expect(port.seen.live).toBe(0);
	});
});

test.each([
	["HTTP/1.1", call("a")],
	["HTTP/2", Buffer.concat([h2Preface, h2SettingsAck, h2Call(1, "a")])],
])("a reset frees a call that waits for its answer: %s", async (_name, bytes) => {
	const port = await openSlow();
	const client = await openRaw(port.portNumber);
	await client.send(bytes);
	await until("the call has begun", () => port.signals.length === 1);
	client.socket.resetAndDestroy();
	await until("its signal is aborted", () => port.signals[0]?.aborted === true);
	await until("it is told", () => port.seen.ended.length === 1);
	expect(port.seen.ended).toMatchObject([{ complete: false }]);
	port.wake();
});

test("a write that fails frees a stream whose peer closed after its own end was seen", async () => {
	const port = await openSlow();
	const client = await openRaw(port.portNumber);
	client.socket.end(call("a"));
	await until("the call has begun", () => port.signals.length === 1);
	client.socket.resetAndDestroy();
	port.wake();
	await until("the connection is gone", () => port.seen.closed === port.seen.opened);
});

describe.each([
	["cleartext", () => ({}), undefined],
	["TLS", () => ({ tls: files }), "h2"],
] as const)("HTTP/2, %s: the end of the peer's side", (_name, settings, alpn) => {
	test("is no disconnect of calls that wait for their answers", async () => {
		const port = await openSlow(settings());
		const client = await openRaw(port.portNumber, alpn);
		await client.send(
			Buffer.concat([h2Preface, h2SettingsAck, h2Call(1, "a"), h2Call(3, "b"), h2Call(5, "c")]),
		);
		client.socket.end();
		await until("the calls have begun", () => port.seen.begun === 3);
		await fetchNone(port);
		expect(port.signals.map(({ aborted }) => aborted)).toEqual([false, false, false]);
		port.wake();
		await client.expectClosed();
		const data = client.frames().filter(({ type }) => type === "DATA");
		expect(data.flatMap(({ payload }) => namesIn(payload.toString()))).toEqual(["a", "b", "c"]);
		expect(port.seen.faults).toEqual([]);
	});

	test("within a body leaves a broken request: its call never begins, the others are answered", async () => {
		const port = await openSlow(settings());
		const client = await openRaw(port.portNumber, alpn);
		const cut = h2Call(3, "b", { isCut: true });
		await client.send(Buffer.concat([h2Preface, h2SettingsAck, h2Call(1, "a"), cut]));
		await until("the call has begun", () => port.seen.begun === 1);
		client.socket.end();
		await until("the broken one is over", () => port.seen.ended.length === 1);
		port.wake();
		await client.expectClosed();
		expect(client.frames().filter(({ type }) => type === "DATA")).toHaveLength(1);
		expect(port.seen.begun).toBe(1);
	});

	test("on a connection without calls ends it at once", async () => {
		const port = await openSlow(settings());
		const client = await openRaw(port.portNumber, alpn);
		await client.send(Buffer.concat([h2Preface, h2SettingsAck]));
		await client.expectFrames((types) => types.includes("SETTINGS"));
		client.socket.end();
		await client.expectClosed();
	});
});

function h2Call(streamId: number, name: string, { isCut = false } = {}): Buffer {
	const head = {
		":method": "POST",
		":scheme": "http",
		":path": pathOf("GetWukong"),
		":authority": "localhost",
		"content-type": "application/json",
	};
	const body = Buffer.from(JSON.stringify({ name }));
	return Buffer.concat([headersFrame(streamId, head), frame(0, isCut ? 0 : 1, streamId, body)]);
}

/** A round over another connection. */
async function fetchNone({ portNumber, url }: PortUnderTest): Promise<void> {
	const client = await openRaw(portNumber, url.startsWith("https") ? "http/1.1" : undefined);
	await client.send("GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	await client.expectClosed();
}
