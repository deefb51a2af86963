import { once } from "node:events";
import { Duplex, PassThrough } from "node:stream";
import { connect as connectTls } from "node:tls";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CertificateFiles, createCertificateFiles } from "../../support/certificate.ts";
import { keepPort } from "../../support/kept-port.ts";
import { openPort, type PortUnderTest, pathOf, quietWatch } from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";
import { until } from "../../support/until.ts";
import { openSession, startH1Watch, startH2Watch } from "../../support/watch-request.ts";

const farMs = 600_000;

test("idle connections of every kind end at once, and nothing is left", async () => {
	const limits = { firstByteTimeoutMs: farMs, idleTimeoutMs: farMs };
	const { port, portNumber, url, seen } = await openPort({ limits });
	const silent = await openRaw(portNumber);
	const { session } = await openSession(url);
	const kept = await openRaw(portNumber);
	await kept.send("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n");
	await kept.expectText("404");
	await port.close(farMs);
	expect(seen.closed).toBe(seen.opened);
	await silent.expectClosed();
	await kept.expectClosed();
	session.destroy();
});

test.each([
	["HTTP/1.1", (url: string) => createConnectTransport({ baseUrl: url, httpVersion: "1.1" })],
	["HTTP/2", (url: string) => createGrpcTransport({ baseUrl: url })],
])("a call in flight finishes, and its connection ends with it: %s", async (_name, create) => {
	const wake = Promise.withResolvers<{ wukong: { name: string } }>();
	const { port, url, seen } = await openPort({ implementation: { getWukong: () => wake.promise } });
	const call = createClient(WukongService, create(url)).getWukong({ name: "a" });
	await until("the call has begun", () => seen.begun === 1);
	const closed = port.close(farMs);
	wake.resolve({ wukong: { name: "late" } });
	expect((await call).wukong?.name).toBe("late");
	await closed;
});

test("the last answer on a kept HTTP/1.1 connection says that it was the last", async () => {
	const wake = Promise.withResolvers<object>();
	const { port, portNumber, seen } = await openPort({
		limits: { idleTimeoutMs: farMs },
		implementation: { getWukong: () => wake.promise },
	});
	const client = await openRaw(portNumber);
	const path = `${pathOf("GetWukong")}?encoding=json&message=%7B%7D`;
	await client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
	await until("the call has begun", () => seen.begun === 1);
	const closed = port.close(farMs);
	wake.resolve({});
	await closed;
	await client.expectClosed();
	expect(client.received()).toMatch(/^HTTP\/1\.1 200.*\r\nconnection: close\r\n/s);
});

test("a connection ends with its last answer even where that began before", async () => {
	const name = "x".repeat(16 * 1024 * 1024);
	const { port, portNumber, seen } = await openPort({
		limits: { idleTimeoutMs: farMs },
		implementation: { getWukong: () => ({ wukong: { name } }) },
	});
	const client = await openRaw(portNumber);
	client.socket.pause();
	const path = `${pathOf("GetWukong")}?encoding=json&message=%7B%7D`;
	await client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
	await until("its head has begun", () => client.socket.readableLength > 0);
	const closed = port.close(farMs);
	client.socket.resume();
	await closed;
	expect(seen.ended).toMatchObject([{ complete: true }]);
	await client.expectClosed();
	expect(client.received()).not.toMatch(/^connection: close/im);
});

test("what is left after the grace time is cut off", async () => {
	const holder: { port?: PortUnderTest } = {};
	const watchWukong = quietWatch(() => (holder.port as PortUnderTest).seen);
	const opened = await openPort({ implementation: { watchWukong } });
	holder.port = opened;
	const { session } = await openSession(opened.url);
	await startH2Watch(session);
	await startH1Watch(opened.url);
	expect(opened.seen.live).toBe(2);
	await opened.port.close(50);
	await until("the handlers are free", () => opened.seen.live === 0);
	session.destroy();
});

test("a closed port refuses new connections; closing again does nothing", async () => {
	const { port, portNumber } = await openPort({ port: await keepPort() });
	await port.close(farMs);
	await port.close(farMs);
	await expect(openRaw(portNumber)).rejects.toThrow("ECONNREFUSED");
});

test("a port that was closed does not listen any more: nobody would close it again", async () => {
	const { port, portNumber } = await openPort({ port: await keepPort() });
	await port.close(farMs);
	await expect(port.listen()).rejects.toThrow("closed");
	await expect(openRaw(portNumber)).rejects.toThrow("ECONNREFUSED");
});

test("a stream that ends as the port closes takes its kept HTTP/1.1 connection with it", async () => {
	const end = Promise.withResolvers<void>();
	const { port, portNumber } = await openPort({
		limits: { idleTimeoutMs: farMs },
		implementation: {
			async *watchWukong() {
				yield { resourceVersion: "first" };
				await end.promise;
			},
		},
	});
	const client = await openRaw(portNumber);
	const head = `POST ${pathOf("WatchWukong")} HTTP/1.1\r\nHost: localhost\r\n`;
	const fields = "Content-Type: application/connect+json\r\nContent-Length: 7\r\n\r\n";
	await client.send(`${head}${fields}\0\0\0\0\x02{}`);
	await client.expectText("first");
	const closed = port.close(farMs);
	end.resolve();
	await closed;
	await client.expectClosed();
	expect(client.received()).toMatch(/\r\n0\r\n\r\n$/);
});

test("closing twice waits for the same end", async () => {
	const wake = Promise.withResolvers<object>();
	const { port, url, seen } = await openPort({ implementation: { getWukong: () => wake.promise } });
	const transport = createConnectTransport({ baseUrl: url, httpVersion: "1.1" });
	const call = createClient(WukongService, transport).getWukong({ name: "a" });
	await until("the call has begun", () => seen.begun === 1);
	const ends = [port.close(farMs), port.close(0)].map((closed) =>
		closed.then(() => seen.closed === seen.opened),
	);
	wake.resolve({});
	await call;
	expect(await Promise.all(ends)).toEqual([true, true]);
});

test("pipelined calls that have begun are all answered as the port closes", async () => {
	const wakes: (() => void)[] = [];
	const { port, portNumber, seen } = await openPort({
		implementation: {
			async getWukong({ name }) {
				await new Promise<void>((resolve) => wakes.push(resolve));
				return { wukong: { name } };
			},
		},
	});
	const client = await openRaw(portNumber);
	const get = (name: string) => {
		const path = `${pathOf("GetWukong")}?encoding=json&message=%7B%22name%22%3A%22${name}%22%7D`;
		return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
	};
	await client.send(get("one") + get("two") + get("three"));
	await until("all have begun", () => seen.begun === 3);
	const closed = port.close(farMs);
	for (const wake of wakes) wake();
	await closed;
	await client.expectClosed();
	expect(client.received()).toMatch(/"one".*"two".*"three"/s);
});

test("what follows a client's last request is no fault of an answer (RFC 9112, 9.6)", async () => {
	const { portNumber, seen } = await openPort();
	const client = await openRaw(portNumber);
	const path = `${pathOf("GetWukong")}?encoding=json&message=%7B%7D`;
	const last = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
	await client.send(last.repeat(3));
	await client.expectClosed();
	expect(client.received().match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200"]);
	expect(seen.begun).toBe(1);
});

describe("TLS: what has asked for nothing yet ends at once", () => {
	let files: CertificateFiles;
	beforeAll(async () => {
		files = await createCertificateFiles();
	});
	afterAll(() => files.remove());

	/** The first flight of a handshake. */
	async function clientHello(alpn: string): Promise<Buffer> {
		const records = new PassThrough();
		const silent = new Duplex({
			read() {},
			write: (bytes, _encoding, done) => void records.write(bytes, done),
		});
		connectTls({ socket: silent, ALPNProtocols: [alpn], rejectUnauthorized: false }).on(
			"error",
			() => {},
		);
		const [hello] = (await once(records, "data")) as [Buffer];
		silent.destroy();
		return hello;
	}

	test.each([
		["before a handshake", async () => Buffer.alloc(0)],
		["within a ClientHello", async () => (await clientHello("h2")).subarray(0, 20)],
		["within a handshake for HTTP/2", () => clientHello("h2")],
		["within a handshake for HTTP/1.1", () => clientHello("http/1.1")],
	])("%s", async (_where, bytes) => {
		const limits = { handshakeTimeoutMs: farMs, headersTimeoutMs: farMs, idleTimeoutMs: farMs };
		const { port, portNumber, seen } = await openPort({ tls: files, limits });
		const client = await openRaw(portNumber);
		await client.send(await bytes());
		await until("it is open", () => seen.opened === 1);
		await port.close(farMs);
		await client.expectClosed();
		expect([seen.closed, seen.faults]).toEqual([1, []]);
	});

	test.each(["h2", "http/1.1"])("behind a handshake for %s", async (alpn) => {
		const limits = { handshakeTimeoutMs: farMs, headersTimeoutMs: farMs, idleTimeoutMs: farMs };
		const { port, portNumber, seen } = await openPort({ tls: files, limits });
		const client = await openRaw(portNumber, alpn);
		await port.close(farMs);
		await client.expectClosed();
		expect([seen.closed, seen.faults]).toEqual([1, []]);
	});

	test("a call on a connection whose handshake is over finishes", async () => {
		const wake = Promise.withResolvers<object>();
		const { port, portNumber, seen } = await openPort({
			tls: files,
			implementation: { getWukong: () => wake.promise },
		});
		const client = await openRaw(portNumber, "http/1.1");
		const path = `${pathOf("GetWukong")}?encoding=json&message=%7B%7D`;
		await client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
		await until("the call has begun", () => seen.begun === 1);
		const closed = port.close(farMs);
		wake.resolve({});
		await closed;
		await client.expectClosed();
		expect(client.received()).toMatch(/^HTTP\/1\.1 200/);
	});
});
