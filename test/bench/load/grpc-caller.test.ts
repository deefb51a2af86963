import { once } from "node:events";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { envelope } from "./envelope.ts";
import { createGrpcCallers } from "./grpc-caller.ts";

const closing: (() => void)[] = [];
afterEach(() => {
	for (const close of closing.splice(0)) close();
});

/** A caller of a server that answers in this way; its calls are made one after the other. */
async function callerOf(answer: (stream: ServerHttp2Stream) => void) {
	const server = createServer().listen(0, "127.0.0.1");
	server.on("stream", (stream: ServerHttp2Stream) => {
		stream.on("error", () => {});
		stream.resume().on("end", () => answer(stream));
	});
	await once(server, "listening");
	const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
	const call = { path: "/x", request: Buffer.from("?"), restTarget: "/x", isRight: () => true };
	const [caller] = createGrpcCallers(url, [call], 1);
	if (caller === undefined) throw new Error("no caller");
	closing.push(() => {
		caller.close();
		server.close();
	});
	return async () => {
		const { ok, status, body } = await caller.call();
		return { ok, status, body: Buffer.concat(body).toString() };
	};
}

/** @param message undefined: trailers only */
const respond = (status: string, message: string | undefined) => (stream: ServerHttp2Stream) => {
	const head = { ":status": 200, "content-type": "application/grpc+proto" };
	if (message === undefined) {
		stream.respond({ ...head, "grpc-status": status }, { endStream: true });
		return;
	}
	stream.respond(head, { waitForTrailers: true });
	stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
	stream.end(envelope(Buffer.from(message)));
};

describe("a gRPC call of the load", () => {
	test("is right where the trailers say so, call after call", async () => {
		const call = await callerOf(respond("0", "hello"));
		const right = { ok: true, status: "grpc-status 0", body: "hello" };
		expect([await call(), await call(), await call()]).toEqual([right, right, right]);
	});

	test("takes a message larger than any frame", async () => {
		const message = "x".repeat(1_000_000);
		const call = await callerOf(respond("0", message));
		expect((await call()).body).toBe(message);
	});

	test("is wrong with another status, with a message or without", async () => {
		const wrong = { ok: false, status: "no grpc-status 0" };
		expect(await (await callerOf(respond("5", "hello")))()).toMatchObject(wrong);
		expect(await (await callerOf(respond("10", undefined)))()).toMatchObject(wrong);
	});

	test("is wrong without trailers", async () => {
		const call = await callerOf((stream) => {
			stream.respond({ ":status": 200 });
			stream.end("hello");
		});
		expect(await call()).toMatchObject({ ok: false, status: "the stream ended without trailers" });
	});

	test("is wrong when it is reset, and when its connection breaks", async () => {
		const reset = await callerOf((stream) => stream.close(2));
		expect(await reset()).toMatchObject({ ok: false, status: "reset with 2" });
		const broken = await callerOf((stream) => stream.session?.destroy());
		expect((await broken()).ok).toBe(false);
	});
});
