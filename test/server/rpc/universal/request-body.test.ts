import type { ClientHttp2Session } from "node:http2";
import { describe, expect, test } from "vitest";
import { openPort, pathOf } from "../../../support/port-fixture.ts";
import { openRaw } from "../../../support/raw-client.ts";
import { until } from "../../../support/until.ts";
import { openSession } from "../../../support/watch-request.ts";

const maxRequestBytes = 1_000;

function post(method: string, fields: string, body = ""): string {
	return `POST ${pathOf(method)} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n\r\n${body}`;
}

describe("a length that is only promised", () => {
	test("reserves nothing: 200 half-sent envelopes of 2 MiB each", async () => {
		const { url, seen } = await openPort();
		const { session } = await openSession(url);
		const before = process.memoryUsage().arrayBuffers;
		const streams = Array.from({ length: 200 }, () => {
			const stream = session.request({
				":method": "POST",
				":path": pathOf("WatchWukong"),
				"content-type": "application/connect+json",
			});
			stream.on("error", () => {});
			stream.write(Buffer.from([0, 0, 0x20, 0, 0]));
			return stream;
		});
		await pinged(session);
		expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
		expect(seen.begun).toBe(0);
		for (const stream of streams) stream.close();
		session.destroy();
	});

	test.each([
		["WatchWukong", "application/connect+json", "resource_exhausted"],
		["GetWukong", "application/grpc-web+proto", "grpc-status: 8"],
	])("a prefix of 4 GiB is refused by itself: %s, %s", async (method, type, expected) => {
		const { url, seen } = await openPort();
		const { session } = await openSession(url);
		const before = process.memoryUsage().arrayBuffers;
		const stream = session.request({
			":method": "POST",
			":path": pathOf(method),
			"content-type": type,
		});
		let answer = "";
		stream.on("data", (chunk) => {
			answer += chunk;
		});
		stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
		await until("the answer has come", () => answer.includes(expected));
		expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
		await until("the call has ended", () => seen.ended.length === 1);
		session.destroy();
	});

	test("a Content-Length of 4 GB is refused from the header, and the connection ends", async () => {
		const { portNumber } = await openPort();
		const client = await openRaw(portNumber);
		await client.send(
			post("GetWukong", "Content-Type: application/json\r\nContent-Length: 4000000001", "{"),
		);
		await client.expectText('"code":"resource_exhausted"');
		expect(client.received()).toMatch(/^HTTP\/1\.1 429.*connection: close/s);
		await client.expectClosed();
	});
});

describe("a message over the limit", () => {
	test("is answered and then the connection ends, in chunks without end", async () => {
		const { portNumber, seen } = await openPort({ limits: { maxRequestBytes } });
		const client = await openRaw(portNumber);
		const fields = "Content-Type: application/json\r\nTransfer-Encoding: chunked";
		await client.send(post("GetWukong", fields, `3e9\r\n${"x".repeat(1_001)}\r\n`));
		await client.expectText('"code":"resource_exhausted"');
		await client.expectClosed();
		expect(seen.begun).toBe(0);
		expect(seen.refused[0]).toMatchObject({ cause: "protocol", httpStatus: 429 });
	});

	test("that has come whole leaves the connection fit for the next call", async () => {
		const { portNumber } = await openPort({ limits: { maxRequestBytes } });
		const client = await openRaw(portNumber);
		const fields = "Content-Type: application/json\r\nContent-Length:";
		await client.send(post("GetWukong", `${fields} 1001`, "x".repeat(1_001)));
		await client.expectText('"code":"resource_exhausted"');
		await client.send(post("GetWukong", `${fields} 2`, "{}"));
		await client.expectText("HTTP/1.1 200 OK");
		client.socket.destroy();
	});

	test("is answered over HTTP/2 while its body is still on the way, and the session lives on", async () => {
		const { url } = await openPort({ limits: { maxRequestBytes } });
		const { session } = await openSession(url);
		const stream = session.request({
			":method": "POST",
			":path": pathOf("GetWukong"),
			"content-type": "application/json",
		});
		stream.on("error", () => {});
		let status = 0;
		stream.on("response", (headers) => {
			status = Number(headers[":status"]);
		});
		stream.resume();
		stream.write(Buffer.alloc(2_000));
		await until("the answer has come", () => status === 429);
		await until("the stream is closed", () => stream.closed);
		expect(stream.rstCode).toBe(0);
		await pinged(session);
		session.destroy();
	});

	test("of exactly the limit is served", async () => {
		const { portNumber } = await openPort({ limits: { maxRequestBytes } });
		const body = `{"name":"${"a".repeat(maxRequestBytes - 11)}"}`;
		const client = await openRaw(portNumber);
		await client.send(
			post("GetWukong", `Content-Type: application/json\r\nContent-Length: ${body.length}`, body),
		);
		await client.expectText("HTTP/1.1 200 OK");
		client.socket.destroy();
	});
});

test("a call that is reset before its body ends never reaches its handler", async () => {
	const { url, seen } = await openPort();
	const { session } = await openSession(url);
	const stream = session.request({
		":method": "POST",
		":path": pathOf("GetWukong"),
		"content-type": "application/json",
	});
	stream.on("error", () => {});
	stream.write("{");
	await pinged(session);
	stream.close(8);
	await until("the call has ended", () => seen.ended.length === 1);
	expect(seen.begun).toBe(0);
	session.destroy();
});

/** A round trip: what was sent before it has been read. */
function pinged(session: ClientHttp2Session): Promise<void> {
	return new Promise((resolve, reject) => {
		session.ping((error) => (error === null ? resolve() : reject(error)));
	});
}
