import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { defaultLimits, validateLimits } from "../../../server/src/http/limits.ts";
import { h2Preface, h2SettingsAck, headersFrame, resetFrame } from "../../support/h2-frames.ts";
import { openPort, type PortUnderTest, pathOf, quietWatch } from "../../support/port-fixture.ts";
import { openRaw, statusOf } from "../../support/raw-client.ts";
import { until } from "../../support/until.ts";
import { openSession, startH2Watch } from "../../support/watch-request.ts";

const head = `GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`;

describe("limits are checked once", () => {
	test("the ones as shipped are fit", () => {
		expect(() => validateLimits(defaultLimits)).not.toThrow();
	});
	test.each([
		["maxRequestBytes", 0],
		["bodyTimeoutMs", 2 ** 31],
		["idleTimeoutMs", Number.NaN],
		["maxConnections", 1.5],
	])("%s = %s is named", (name, value) => {
		expect(() => validateLimits({ ...defaultLimits, [name]: value })).toThrow(name);
	});
});

describe("headers", () => {
	test("a section over the limit is 431 and counted", async () => {
		const { portNumber, seen } = await openPort();
		expect(await statusOf(portNumber, `${head}X-A: ${"a".repeat(20_000)}\r\n\r\n`)).toBe("431");
		expect(seen.faults).toEqual(["headers_too_large"]);
	});

	test("more fields than the limit are 431, exactly the limit is not", async () => {
		const { portNumber } = await openPort({ limits: { maxHeaderCount: 10 } });
		const fields = (count: number) => "X-A: b\r\n".repeat(count);
		expect(await statusOf(portNumber, `${head}${fields(8)}\r\n`)).toBe("404");
		expect(await statusOf(portNumber, `${head}${fields(9)}\r\n`)).toBe("431");
	});

	test("bytes that are not HTTP are 400 and counted", async () => {
		const { portNumber, seen } = await openPort();
		expect(await statusOf(portNumber, "\x16\x03\x01\x02\x00\x01\x00")).toBe("400");
		expect(seen.faults).toEqual(["malformed"]);
	});
});

describe("connections", () => {
	test("with more unanswered requests than the limit end, and begin no more of them", async () => {
		const holder: { port?: PortUnderTest } = {};
		const watchWukong = quietWatch(() => (holder.port as PortUnderTest).seen);
		const port = await openPort({
			limits: { maxPipelinedRequests: 3 },
			implementation: { watchWukong },
		});
		holder.port = port;
		const request = `POST ${pathOf("WatchWukong")} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/connect+json\r\nContent-Length: 7\r\n\r\n\0\0\0\0\x02{}`;
		const modest = await openRaw(port.portNumber);
		await modest.send(request.repeat(3));
		await until("its calls have begun", () => port.seen.live === 3);
		const greedy = await openRaw(port.portNumber);
		await greedy.send(request.repeat(1_000));
		await greedy.expectClosed();
		expect(port.seen.faults).toEqual(["too_many_requests"]);
		await until("what it began is over", () => port.seen.ended.length === 3);
		expect([port.seen.live, modest.isClosed()]).toEqual([3, false]);
		modest.socket.destroy();
	});

	test("with more requests than the limit answer those within it: they may have been stored", async () => {
		const { portNumber, seen } = await openPort({ limits: { maxPipelinedRequests: 3 } });
		const client = await openRaw(portNumber);
		const body = '{"name":"a"}';
		const request = `POST ${pathOf("GetWukong")} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
		await client.send(request.repeat(1_000));
		await client.expectClosed();
		const statuses = client.received().match(/HTTP\/1\.1 \d+/g);
		expect(statuses?.map((line) => line.slice(-3))).toEqual(["200", "200", "200", "429"]);
		expect(seen.faults).toEqual(["too_many_requests"]);
	});

	test.each(["maxConnections", "maxConnectionsPerAddress"])("%s", async (limit) => {
		const { portNumber, seen } = await openPort({ limits: { [limit]: 2 } });
		const first = await openRaw(portNumber);
		const second = await openRaw(portNumber);
		await until("two are open", () => seen.opened === 2);
		const third = await openRaw(portNumber);
		await third.expectClosed();
		expect(seen.faults).toEqual(["too_many_connections"]);
		expect([first.isClosed(), second.isClosed()]).toEqual([false, false]);
		first.socket.destroy();
		await until("its place is free", () => seen.closed === seen.opened - 1);
		const next = await openRaw(portNumber);
		await next.send(`${head}\r\n`);
		await next.expectText("404");
		second.socket.destroy();
	});
});

describe("HTTP/2 streams", () => {
	test("one more than the limit is refused, and the others live on", async () => {
		const holder: { port?: PortUnderTest } = {};
		const watchWukong = quietWatch(() => (holder.port as PortUnderTest).seen);
		const { url, seen } = await (async () => {
			holder.port = await openPort({
				limits: { maxConcurrentStreams: 3 },
				implementation: { watchWukong },
			});
			return holder.port;
		})();
		const { session } = await openSession(url);
		await new Promise((resolve) => session.ping(resolve));
		for (let i = 0; i < 3; i++) await startH2Watch(session);
		void startH2Watch(session);
		await new Promise((resolve) => session.ping(resolve));
		expect(seen.live).toBe(3);
		session.destroy();
	});

	test("streams that are reset in the read that opened them cost no handler", async () => {
		const { portNumber, seen } = await openPort();
		const client = await openRaw(portNumber);
		const get = {
			":method": "GET",
			":scheme": "http",
			":path": `${pathOf("GetWukong")}?encoding=json&message=%7B%7D`,
			":authority": "localhost",
		};
		const attack = Array.from({ length: 300 }, (_, i) => [
			headersFrame(2 * i + 1, get, { endStream: true }),
			resetFrame(2 * i + 1),
		]).flat();
		await client.send(Buffer.concat([h2Preface, h2SettingsAck, ...attack]));
		await client.expectFrames((types) => types.includes("GOAWAY"));
		expect(seen.begun).toBe(0);
		client.socket.destroy();
	});
});

describe("compression", () => {
	const headers = { "content-type": "application/json", "content-encoding": "gzip" };
	test("a bomb is refused at the limit", async () => {
		const { url, seen } = await openPort();
		const body = gzipSync(Buffer.alloc(64 * 1024 * 1024, 32));
		const response = await fetch(url + pathOf("GetWukong"), { method: "POST", headers, body });
		expect(response.status).toBe(429);
		expect(await response.text()).toContain("resource_exhausted");
		expect(seen.begun).toBe(0);
	});

	test.each(["gzip", "br"])("an answer is sent in %s where asked for", async (encoding) => {
		const name = "a".repeat(5_000);
		const { url } = await openPort({ implementation: { getWukong: () => ({ wukong: { name } }) } });
		const response = await fetch(url + pathOf("GetWukong"), {
			method: "POST",
			headers: { ...headers, "accept-encoding": encoding },
			body: gzipSync("{}"),
		});
		expect(response.headers.get("content-encoding")).toBe(encoding);
		expect(await response.json()).toEqual({ wukong: { name } });
	});
});
