import { connect as connectHttp2 } from "node:http2";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { createTextPage } from "../../../server/src/port/assets.ts";
import { callContextKey } from "../../../server/src/rpc/call/call-context.ts";
import { h2Preface, h2SettingsAck, headersFrame } from "../../support/h2-frames.ts";
import { openPort, type PortUnderTest, pathOf, quietWatch } from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";
import { openSession, startH1Watch, startH2Watch } from "../../support/watch-request.ts";

const get = `${pathOf("GetWukong")}?encoding=json&message=%7B%22name%22%3A%22a%22%7D`;
const head = `GET ${get} HTTP/1.1\r\nHost: localhost\r\n`;
const livez = createTextPage("/livez", () => ({
	status: 200,
	contentType: "text/plain",
	body: "ok\n",
}));

describe("the first bytes", () => {
	const http2 = Buffer.concat([
		h2Preface,
		h2SettingsAck,
		headersFrame(
			1,
			{ ":method": "GET", ":scheme": "http", ":path": get, ":authority": "localhost" },
			{ endStream: true },
		),
	]);
	test.each([
		["HTTP/2", http2, `{"wukong":{"name":"a"}}`],
		["HTTP/1.1", Buffer.from(`${head}\r\n`), `{"wukong":{"name":"a"}}`],
		[
			"PRI without the rest",
			Buffer.from("PRI * HTTP/1.1\r\nHost: localhost\r\n\r\n"),
			"HTTP/1.1 400",
		],
		["PROPFIND", Buffer.from("PROPFIND / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "HTTP/1.1 404"],
	])("%s is told, whole and byte by byte", async (_name, bytes, expected) => {
		const { portNumber } = await openPort();
		const whole = await openRaw(portNumber);
		await whole.send(bytes);
		await whole.expectText(expected);
		const split = await openRaw(portNumber);
		for (const byte of bytes) await split.send(Uint8Array.of(byte));
		await split.expectText(expected);
		whole.socket.destroy();
		split.socket.destroy();
	});
});

describe("HTTP/1.1", () => {
	test("pipelined requests are answered in order on one connection", async () => {
		const { portNumber } = await openPort();
		const client = await openRaw(portNumber);
		await client.send(`${head}\r\n`.repeat(20));
		await client.expectText("200 OK");
		const count = () => client.received().split("HTTP/1.1 200 OK").length - 1;
		while (count() < 20) await client.expectText("200 OK");
		client.socket.destroy();
	});

	test("HEAD is a GET without its body", async () => {
		const { url } = await openPort();
		const response = await fetch(url + get, { method: "HEAD" });
		expect([response.status, await response.text()]).toEqual([200, ""]);
		expect(response.headers.get("content-length")).toBe("23");
	});
});

describe("every answer", () => {
	test("names its request, with the caller's id where it is fit", async () => {
		const { url } = await openPort({ assets: [livez] });
		const idOf = async (path: string, id: string) =>
			(await fetch(url + path, { headers: { "x-request-id": id } })).headers.get("x-request-id");
		for (const path of [get, "/livez", "/none"]) {
			expect(await idOf(path, "mine-1")).toBe("mine-1");
			expect(await idOf(path, "x".repeat(129))).toMatch(/^[0-9a-f-]{36}$/);
			expect(await idOf(path, "a b")).toMatch(/^[0-9a-f-]{36}$/);
		}
	});

	test("says whether it may be kept", async () => {
		const { url } = await openPort();
		expect((await fetch(url + get)).headers.get("cache-control")).toBe("private, no-cache");
		expect((await fetch(`${url}/none`)).headers.get("cache-control")).toBe("no-store");
	});
});

test("an implementation finds the call's context, its peer in it", async () => {
	const contexts: unknown[] = [];
	const { url } = await openPort({
		implementation: {
			getWukong: (_request, context) => {
				contexts.push(context.values.get(callContextKey));
				return {};
			},
		},
	});
	const headers = { "x-request-id": "mine" };
	for (const transport of [
		createConnectTransport({ baseUrl: url, httpVersion: "1.1" }),
		createGrpcTransport({ baseUrl: url }),
	]) {
		await createClient(WukongService, transport).getWukong({}, { headers });
	}
	const peer = expect.objectContaining({ address: "127.0.0.1", port: expect.any(Number) });
	const common = { requestId: "mine", secure: false, peer, address: "127.0.0.1" };
	expect(contexts).toEqual([
		{ ...common, protocol: "connect", httpVersion: "1.1" },
		{ ...common, protocol: "grpc", httpVersion: "2.0" },
	]);
});

describe("a stream", () => {
	test("that says nothing yet still sends its head, over both versions", async () => {
		const holder: { port?: PortUnderTest } = {};
		const seen = () => (holder.port as PortUnderTest).seen;
		const port = await openPort({
			implementation: {
				async *watchWukong(request, context) {
					for await (const event of quietWatch(seen)(request, context)) {
						if (event.resourceVersion !== "first") yield event;
					}
				},
			},
		});
		holder.port = port;
		const { session } = await openSession(port.url);
		await startH2Watch(session);
		const { socket, body } = await startH1Watch(port.url);
		expect(body.headers).toMatchObject({
			"content-type": "application/connect+json",
			"cache-control": "no-cache, no-transform",
			"x-accel-buffering": "no",
		});
		session.destroy();
		socket.destroy();
	});

	test("that fails before it says anything gives its error in all protocols", async () => {
		const { url, seen } = await openPort({
			limits: { streamHeadDelayMs: 1 },
			implementation: {
				async *watchWukong() {
					await new Promise((resolve) => setTimeout(resolve, 20));
					throw new Error("unseen");
					// biome-ignore lint/correctness/noUnreachable: makes this a stream of events
					yield {};
				},
			},
		});
		for (const transport of [
			createConnectTransport({ baseUrl: url, httpVersion: "2" }),
			createGrpcTransport({ baseUrl: url }),
		]) {
			const stream = createClient(WukongService, transport).watchWukong({});
			await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 13 });
		}
		// No interceptor has put it into words, so it is told as a fault of ours.
		expect(seen.unexpected.splice(0)).toMatchObject([{ message: "unseen" }, { message: "unseen" }]);
	});
});

test("pages answer GET and HEAD only; one that fails ends its own call alone", async () => {
	const broken = createTextPage("/broken", () => {
		throw new Error("no page");
	});
	const { url, seen } = await openPort({ assets: [livez, broken] });
	expect(await (await fetch(`${url}/livez?x`)).text()).toBe("ok\n");
	expect((await fetch(`${url}/livez`, { method: "HEAD" })).status).toBe(200);
	expect((await fetch(`${url}/livez`, { method: "POST" })).status).toBe(405);
	await expect(fetch(`${url}/broken`)).rejects.toThrow();
	expect(seen.unexpected.splice(0)).toHaveLength(1);
	expect((await fetch(`${url}/livez`)).status).toBe(200);
	connectHttp2(url).destroy();
});
