import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defaultLimits } from "../../../server/src/http/limits.ts";
import type { ConnectionFault } from "../../../server/src/http/observer.ts";
import { createTextPage } from "../../../server/src/port/assets.ts";
import { type CertificateFiles, createCertificateFiles } from "../../support/certificate.ts";
import { frame, h2Preface, h2SettingsAck, headersFrame } from "../../support/h2-frames.ts";
import {
	endlessWatch,
	openPort,
	type PortUnderTest,
	pathOf,
	quietWatch,
} from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";
import { until } from "../../support/until.ts";
import { openSession, startH1Watch, startH2Watch } from "../../support/watch-request.ts";

let files: CertificateFiles;
beforeAll(async () => {
	files = await createCertificateFiles();
});
afterAll(() => files.remove());

// One limit at a time is short; if another one closed the connection, the test would wait for it.
const long = Object.fromEntries(
	Object.entries(defaultLimits)
		.filter(([name]) => name.endsWith("TimeoutMs"))
		.map(([name]) => [name, 600_000]),
);
const start = `POST ${pathOf("GetWukong")} HTTP/1.1\r\nHost: localhost\r\n`;
const h2Start = {
	":method": "POST",
	":scheme": "http",
	":path": pathOf("GetWukong"),
	":authority": "localhost",
	"content-type": "application/json",
};

interface Case {
	readonly name: string;
	readonly send: string | Uint8Array;
	readonly limit: string;
	readonly fault?: ConnectionFault;
	readonly alpn?: string;
}

const cases: readonly Case[] = [
	{ name: "silence", send: "", limit: "firstByteTimeoutMs", fault: "first_byte_timeout" },
	{ name: "a part of the preface", send: "PRI * HT", limit: "firstByteTimeoutMs" },
	{ name: "half a header section", send: `${start}X-A: b`, limit: "headersTimeoutMs" },
	{
		name: "half a header section over TLS",
		send: `${start}X-A: b`,
		limit: "headersTimeoutMs",
		alpn: "http/1.1",
	},
	{ name: "silence after a TLS handshake", send: "", limit: "headersTimeoutMs", alpn: "http/1.1" },
	{
		name: "half a body",
		send: `${start}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
		limit: "bodyTimeoutMs",
	},
	{
		name: "half a body over TLS",
		send: `${start}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
		limit: "bodyTimeoutMs",
		alpn: "http/1.1",
	},
	{
		name: "an idle kept connection",
		send: `GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n`,
		limit: "idleTimeoutMs",
	},
	{
		name: "HTTP/2: the preface alone",
		send: h2Preface.subarray(0, 24),
		limit: "headersTimeoutMs",
		fault: "headers_timeout",
	},
	{
		name: "HTTP/2 over TLS: silence",
		send: "",
		limit: "headersTimeoutMs",
		fault: "headers_timeout",
		alpn: "h2",
	},
	{
		name: "HTTP/2: no stream",
		send: Buffer.concat([h2Preface, h2SettingsAck]),
		limit: "idleTimeoutMs",
		fault: "idle_timeout",
	},
	{
		name: "HTTP/2: half a header block",
		send: Buffer.concat([
			h2Preface,
			h2SettingsAck,
			headersFrame(1, h2Start, { endHeaders: false }),
		]),
		limit: "idleTimeoutMs",
		fault: "idle_timeout",
	},
	{
		name: "HTTP/2: unanswered pings",
		send: Buffer.concat([h2Preface, h2SettingsAck]),
		limit: "pingTimeoutMs",
		fault: "ping_timeout",
	},
];

test.each(cases)("$name: closed by $limit", async ({ send, limit, fault, alpn }) => {
	const { portNumber, seen } = await openPort({
		tls: alpn === undefined ? undefined : files,
		assets: [
			createTextPage("/livez", () => ({ status: 200, contentType: "text/plain", body: "" })),
		],
		limits: { ...long, keepAliveIntervalMs: 100, [limit]: 200 },
	});
	const client = await openRaw(portNumber, alpn);
	await client.send(send);
	await client.expectClosed();
	if (fault !== undefined) expect(seen.faults).toContain(fault);
	expect(seen.begun).toBe(0);
});

test("a client that never begins its TLS handshake is closed", async () => {
	const { portNumber, seen } = await openPort({
		tls: files,
		limits: { ...long, handshakeTimeoutMs: 200 },
	});
	const client = await openRaw(portNumber);
	await client.expectClosed();
	await until("it is counted", () => seen.faults.length > 0);
	expect(seen.faults).toEqual(["tls_handshake"]);
});

test("half a body over HTTP/2 is answered with the deadline's code, and its stream closed", async () => {
	const { portNumber, seen } = await openPort({ limits: { ...long, bodyTimeoutMs: 200 } });
	const client = await openRaw(portNumber);
	await client.send(
		Buffer.concat([
			h2Preface,
			h2SettingsAck,
			headersFrame(1, h2Start),
			frame(0, 0, 1, Buffer.from("{")),
		]),
	);
	await client.expectText("deadline_exceeded");
	await client.expectFrames((types) => types.includes("RST_STREAM"));
	expect(seen.begun).toBe(0);
	client.socket.destroy();
});

test("a body that trickles gains no time", async () => {
	const { portNumber } = await openPort({ limits: { ...long, bodyTimeoutMs: 300 } });
	const client = await openRaw(portNumber);
	await client.send(`${start}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n`);
	const trickle = setInterval(() => void client.send("x"), 20);
	await client.expectText("408");
	clearInterval(trickle);
	await client.expectClosed();
});

describe("streams", () => {
	async function openWith(watch: typeof quietWatch | typeof endlessWatch, limits: object) {
		const holder: { port?: PortUnderTest } = {};
		const watchWukong = watch(() => (holder.port as PortUnderTest).seen);
		holder.port = await openPort({
			limits: { ...long, ...limits },
			implementation: { watchWukong },
		});
		return holder.port;
	}

	test("a stream outlives every time that is set for requests", async () => {
		const short = {
			// Long enough for a busy machine to begin a stream on a connection that it has opened.
			firstByteTimeoutMs: 3_000,
			headersTimeoutMs: 3_000,
			bodyTimeoutMs: 3_000,
			idleTimeoutMs: 3_000,
			stalledWriteTimeoutMs: 3_000,
			keepAliveIntervalMs: 50,
		};
		const { url, seen } = await openWith(quietWatch, short);
		const { session } = await openSession(url);
		const stream = await startH2Watch(session);
		const { socket } = await startH1Watch(url);
		// The timers of another connection have fired by then, so these would have too.
		const { session: idle } = await openSession(url);
		await until("the idle connection is closed", () => idle.destroyed);
		expect(seen.live).toBe(2);
		expect([stream.destroyed, socket.destroyed]).toEqual([false, false]);
		session.destroy();
		socket.destroy();
	});

	test("a watcher that takes nothing keeps its stream, HTTP/1.1 and HTTP/2", async () => {
		const short = { stalledWriteTimeoutMs: 200, idleTimeoutMs: 3_000, keepAliveIntervalMs: 50 };
		const { url, seen } = await openWith(endlessWatch, short);
		const { session } = await openSession(url);
		const stream = await startH2Watch(session);
		const { socket, body } = await startH1Watch(url);
		// The timer of another connection, which is much longer, has fired by then.
		const { session: idle } = await openSession(url);
		await until("the idle connection is closed", () => idle.destroyed);
		expect(seen.live).toBe(2);
		expect([stream.destroyed, socket.destroyed]).toEqual([false, false]);
		// Each gets what it left unread, and more.
		let received = 0;
		for (const source of [stream, body]) {
			source.on("data", (part: Uint8Array) => {
				received += part.byteLength;
			});
			const enough = received + 4 * 1024 * 1024;
			await until("the watcher catches up", () => received > enough);
			source.pause();
		}
		session.destroy();
		socket.destroy();
	});
});

describe("unary answers", () => {
	// Far more than sockets hold.
	const getWukong = () => ({ wukong: { status: { phase: "x".repeat(32 * 1024 * 1024) } } });

	test("a reader that takes nothing is cut off, HTTP/1.1 and HTTP/2", async () => {
		const { url, portNumber, seen } = await openPort({
			limits: { ...long, stalledWriteTimeoutMs: 200 },
			implementation: { getWukong },
		});
		const path = `${pathOf("GetWukong")}?encoding=json&message=%7B%7D`;
		const { session } = await openSession(url);
		const stream = session.request({ ":path": path });
		stream.on("error", () => {});
		const { socket } = await openRaw(portNumber);
		socket.pause();
		socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
		await until("both calls have ended", () => seen.ended.length === 2);
		expect(seen.ended.map(({ complete }) => complete)).toEqual([false, false]);
		expect(session.destroyed).toBe(false);
		session.destroy();
		socket.destroy();
	});

	test("an answer that was ended and is never taken is cut off too", async () => {
		const { url, seen } = await openPort({ limits: { ...long, stalledWriteTimeoutMs: 200 } });
		const { session } = await openSession(url, { initialWindowSize: 0 });
		const path = `${pathOf("GetWukong")}?encoding=json&message=%7B%7D`;
		const stream = session.request({ ":path": path });
		stream.on("error", () => {});
		await until("the answer was ended", () => seen.ended[0]?.complete === true);
		await until("the stream is closed", () => stream.closed);
		expect(session.destroyed).toBe(false);
		session.destroy();
	});
});
