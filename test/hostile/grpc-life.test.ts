import { once } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { h2Preface, headersFrame } from "../support/h2-frames.ts";
import { pathOf } from "../support/path-of.ts";
import { openRaw } from "../support/raw-client.ts";
import { until } from "../support/until.ts";
import { openSession } from "../support/watch-request.ts";
import { expectUnharmed } from "./rows-test.ts";
import { openStage } from "./stage.ts";
import { bytesField, envelope } from "./wire-bytes.ts";

const stage = await openStage();
/** The others are given their time: on a busy machine the parts of a body come late. */
const impatient = await openStage("--body-timeout-ms=1000");
afterAll(async () => {
	await stage[Symbol.asyncDispose]();
	await impatient[Symbol.asyncDispose]();
});
beforeAll(() => {
	stage.takeBase();
	impatient.takeBase();
});

const good = envelope(bytesField(2, "web-1"));

/** Begins a call, and says nothing of its body. */
function begin(session: ClientHttp2Session, method: string, options: object = {}) {
	const headers: OutgoingHttpHeaders = {
		":method": "POST",
		":path": pathOf(method),
		"content-type": "application/grpc",
		te: "trailers",
	};
	const stream = session.request(headers, { endStream: false, ...options });
	stream.on("error", () => {});
	return stream;
}

/** The status of a gRPC call, once it is there. */
async function statusOf(stream: ClientHttp2Stream): Promise<unknown> {
	let status: unknown;
	for (const event of ["response", "trailers"]) {
		stream.on(event, (fields) => {
			status ??= fields["grpc-status"];
		});
	}
	stream.resume();
	await until("a status has come", () => status !== undefined);
	return Number(status);
}

function roundTrip(session: ClientHttp2Session): Promise<unknown> {
	return new Promise((resolve) => session.ping(resolve));
}

/** Runs an input on a session of its own. */
async function onSession(
	run: (session: ClientHttp2Session) => Promise<void>,
	{ maxLines = 1, settings = {}, at = stage } = {},
): Promise<void> {
	await expectUnharmed(at, maxLines, async () => {
		const { session, socket } = await openSession(at.url, settings);
		try {
			await run(session);
		} finally {
			session.destroy();
			socket.destroy();
		}
	});
}

test("R41: a call that is reset after its head does nothing", async () => {
	await onSession(async (session) => {
		for (let i = 0; i < 50; i++) begin(session, "DeleteWukong").close(8);
		await roundTrip(session);
	});
});

test("R42: a body that never ends is DEADLINE_EXCEEDED once its time is over", async () => {
	const run = async (session: ClientHttp2Session) => {
		const stream = begin(session, "GetWukong");
		stream.write(good.subarray(0, 6));
		expect(await statusOf(stream)).toBe(4);
	};
	await onSession(run, { at: impatient });
});

test("R45: a message in DATA frames of one byte is answered", async () => {
	await onSession(async (session) => {
		const stream = begin(session, "GetWukong");
		const padded = envelope(
			Buffer.concat([bytesField(2, "web-1"), bytesField(99, Buffer.alloc(8_192))]),
		);
		for (const byte of padded) stream.write(Uint8Array.of(byte));
		stream.end();
		expect(await statusOf(stream)).toBe(0);
	});
});

test("R46: trailers of a request are ignored", async () => {
	await onSession(async (session) => {
		const stream = begin(session, "GetWukong", { waitForTrailers: true });
		stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "7", "x-more": "y" }));
		stream.end(good);
		expect(await statusOf(stream)).toBe(0);
	});
});

test("R47: a watcher whose window stays shut keeps its stream", async () => {
	const run = async (session: ClientHttp2Session) => {
		const stream = begin(session, "WatchWukong");
		stream.end(envelope(""));
		await once(stream, "response");
		await roundTrip(session);
		expect([stream.closed, stream.destroyed]).toEqual([false, false]);
	};
	await onSession(run, { maxLines: 2, settings: { initialWindowSize: 0 } });
});

test("R48: the 251st stream is refused, and the others live on", async () => {
	const head = {
		":method": "POST",
		":scheme": "http",
		":path": pathOf("GetWukong"),
		":authority": "localhost",
		"content-type": "application/grpc",
	};
	const heads = Array.from({ length: 251 }, (_, i) => headersFrame(2 * i + 1, head));
	await expectUnharmed(stage, 250, async () => {
		const client = await openRaw(stage.portNumber);
		// Once it has acknowledged the limit, to go over it costs the whole connection.
		await client.send(Buffer.concat([h2Preface, ...heads]));
		await client.expectFrames((types) => types.includes("RST_STREAM"));
		const refused = client.frames().filter(({ type }) => type === "RST_STREAM");
		expect(refused.map(({ streamId }) => streamId)).toEqual([501]);
		expect(refused[0]?.payload.readUInt32BE(0)).toBe(7);
		client.socket.destroy();
	});
});

test("R50: a call goes on after its client has sent GOAWAY", async () => {
	await onSession(async (session) => {
		const stream = begin(session, "GetWukong");
		await roundTrip(session);
		session.goaway(0);
		stream.end(good);
		expect(await statusOf(stream)).toBe(0);
	});
});
