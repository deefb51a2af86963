import { describe, expect, test } from "vitest";
import { createTextPage } from "../../../server/src/port/assets.ts";
import { frame, h2Preface, h2SettingsAck, headersFrame } from "../../support/h2-frames.ts";
import { openPort, pathOf } from "../../support/port-fixture.ts";
import { openRaw, statusOf } from "../../support/raw-client.ts";

const assets = [
	createTextPage("/livez", () => ({ status: 200, contentType: "text/plain", body: "ok\n" })),
];
const json = "Host: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n";

function chunked(fields: string, version = "1.1"): string {
	const head = `POST ${pathOf("GetWukong")} HTTP/${version}\r\n${json}${fields}\r\n`;
	return `${head}\r\nc\r\n{"name":"a"}\r\n0\r\n\r\n`;
}

const te = (value: string) => chunked(`Transfer-Encoding: ${value}`);

describe("transfer codings (RFC 9112, 6.1 and 7)", () => {
	test.each(["chunked", "Chunked", "CHUNKED", "  chunked ", ", chunked", " ,, chunked"])(
		"%j is understood",
		async (value) => {
			const { portNumber } = await openPort();
			expect(await statusOf(portNumber, te(value))).toBe("200");
		},
	);

	test.each([
		"junk, chunked",
		"gzip, chunked",
		"x-gzip,chunked",
		"GZIP, Chunked",
		"identity, chunked",
		"deflate,\tgzip,, chunked",
		'foo;bar="a, b", chunked',
		"chunked;x=1, chunked",
	])("%j is 501", async (value) => {
		const { portNumber, seen } = await openPort();
		expect(await statusOf(portNumber, te(value))).toBe("501");
		expect([seen.begun, seen.refused.map(({ cause }) => cause)]).toEqual([0, ["headers"]]);
	});

	test("in lines of their own as well", async () => {
		const { portNumber } = await openPort();
		const lines = "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked";
		expect(await statusOf(portNumber, chunked(lines))).toBe("501");
	});

	test.each([
		"gzip",
		"chunked, gzip",
		"chunked, chunked",
		"chunked, identity, chunked",
		"chunked;x=1",
		'"chunked',
		"chunked chunked",
		"a b, chunked",
		"=, chunked",
		"gzip;, chunked",
	])("%j is 400: chunked comes last, once, and the list is one", async (value) => {
		const { portNumber, seen } = await openPort();
		expect(await statusOf(portNumber, te(value))).toBe("400");
		expect(seen.begun).toBe(0);
	});

	test("HTTP/1.0 has none: its framing is faulty whatever it says", async () => {
		const { portNumber } = await openPort();
		expect(await statusOf(portNumber, chunked("Transfer-Encoding: chunked", "1.0"))).toBe("400");
	});

	test("what comes behind is not taken for a request", async () => {
		const { portNumber, seen } = await openPort();
		const client = await openRaw(portNumber);
		await client.send(te("gzip, chunked").replace("Connection: close\r\n", "") + te("chunked"));
		await client.expectClosed();
		expect(client.received().match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 501"]);
		expect(seen.begun).toBe(0);
	});
});

describe("Expect (RFC 9110, 10.1.1)", () => {
	const body = '{"name":"a"}';
	const head = (
		more: string,
		{
			path = pathOf("GetWukong"),
			method = "POST",
			type = "application/json",
			host = "localhost",
			length = body.length,
			version = "1.1",
		} = {},
	) =>
		`${method} ${path} HTTP/${version}\r\nHost: ${host}\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n${more}\r\n`;

	test.each(["100-continue", "100-Continue", ", 100-continue ,"])(
		"%j is answered with 100 when the body is wanted, and then with the answer",
		async (value) => {
			const { portNumber } = await openPort();
			const client = await openRaw(portNumber);
			await client.send(head(`Expect: ${value}\r\nConnection: close\r\n`));
			await client.expectText("HTTP/1.1 100 Continue\r\n\r\n");
			await client.send(body);
			await client.expectClosed();
			expect(client.received().match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 100", "HTTP/1.1 200"]);
		},
	);

	test.each([
		["unknown path", { path: "/none" }, 404],
		["wrong method", { method: "PUT" }, 405],
		["content type", { type: "text/plain" }, 415],
		["too large by Content-Length", { length: 3_000_000 }, 429],
		["host", { host: "evil.example" }, 421],
		["malformed host", { host: "[" }, 400],
		["gRPC over HTTP/1.1", { type: "application/grpc" }, 505],
		["page", { path: "/livez" }, 405],
	])("no 100 where the head alone decides: %s", async (_what, options, status) => {
		const { portNumber } = await openPort({ assets });
		const client = await openRaw(portNumber);
		await client.send(head("Expect: 100-continue\r\n", options));
		await client.expectText(`HTTP/1.1 ${status}`);
		await client.send(body);
		client.socket.end();
		await client.expectClosed();
		expect(client.received()).not.toContain("HTTP/1.1 100");
		expect(client.received()).toMatch(/\r\nconnection: close\r\n/i);
	});

	test.each([
		["origin", "Origin: https://evil.example\r\n", 403],
		["deadline", "Connect-Timeout-Ms: x\r\n", 400],
		["compression", "Content-Encoding: zstd\r\n", 501],
		["protocol version", "Connect-Protocol-Version: 2\r\n", 400],
		["transfer coding", "Transfer-Encoding: gzip, chunked\r\n", 501],
	])("nor here: %s", async (_what, fields, status) => {
		const { portNumber } = await openPort();
		const client = await openRaw(portNumber);
		const start = head(`Expect: 100-continue\r\n${fields}`);
		const isChunked = fields.startsWith("Transfer");
		await client.send(isChunked ? start.replace(/Content-Length: \d+\r\n/, "") : start);
		await client.expectText(`HTTP/1.1 ${status}`);
		client.socket.end();
		await client.expectClosed();
		expect(client.received()).not.toContain("HTTP/1.1 100");
	});

	test.each(["200-ok", "100-continue, other", "100-continuex", "100-continue;q=1", "x"])(
		"%j is 417",
		async (value) => {
			const { portNumber, seen } = await openPort();
			const request = head(`Expect: ${value}\r\nConnection: close\r\n`) + body;
			expect(await statusOf(portNumber, request)).toBe("417");
			expect(seen.refused).toMatchObject([{ cause: "headers", httpStatus: 417 }]);
		},
	);

	test("HTTP/1.0 does not know it", async () => {
		const { portNumber } = await openPort();
		for (const value of ["100-continue", "x"]) {
			const client = await openRaw(portNumber);
			await client.send(head(`Expect: ${value}\r\n`, { version: "1.0" }) + body);
			await client.expectClosed();
			expect(client.received()).toMatch(/^HTTP\/1\.1 200/);
		}
	});

	test("a request without a body gets no 100", async () => {
		const { portNumber } = await openPort({ assets });
		const client = await openRaw(portNumber);
		await client.send("GET /livez HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\r\n");
		await client.expectText("ok\n");
		expect(client.received()).toMatch(/^HTTP\/1\.1 200/);
		client.socket.destroy();
	});

	test("pipelined, 100 comes in its place", async () => {
		const { portNumber } = await openPort();
		const client = await openRaw(portNumber);
		await client.send(head("") + body + head("Expect: 100-continue\r\nConnection: close\r\n"));
		await client.expectText("HTTP/1.1 100 Continue\r\n\r\n");
		await client.send(body);
		await client.expectClosed();
		expect(client.received().match(/HTTP\/1\.1 \d+/g)).toEqual([
			"HTTP/1.1 200",
			"HTTP/1.1 100",
			"HTTP/1.1 200",
		]);
	});

	const h2Head = (expect: string, path = pathOf("GetWukong")) => ({
		":method": "POST",
		":scheme": "http",
		":path": path,
		":authority": "localhost",
		"content-type": "application/json",
		expect,
	});

	test.each([
		["100-continue", pathOf("GetWukong"), 2],
		["100-continue", "/none", 1],
		["x", pathOf("GetWukong"), 1],
	])("HTTP/2: %s to %s gives %i heads", async (value, path, heads) => {
		const { portNumber } = await openPort();
		const client = await openRaw(portNumber);
		await client.send(
			Buffer.concat([h2Preface, h2SettingsAck, headersFrame(1, h2Head(value, path))]),
		);
		await client.expectFrames((types) => types.includes("HEADERS"));
		await client.send(frame(0, 1, 1, Buffer.from(body)));
		await client.expectFrames((types) => types.includes("DATA"));
		expect(client.frames().filter(({ type }) => type === "HEADERS")).toHaveLength(heads);
		client.socket.destroy();
	});
});

describe("pages (RFC 9112, 3.2)", () => {
	test.each([
		["GET /livez HTTP/1.0\r\n\r\n", "200"],
		["HEAD /livez HTTP/1.0\r\n\r\n", "200"],
		["GET /livez?x HTTP/1.0\r\n\r\n", "200"],
		["GET http://127.0.0.1/livez HTTP/1.0\r\n\r\n", "200"],
		["GET https://localhost:8443/livez HTTP/1.0\r\n\r\n", "200"],
		["GET http://[0:0:0:0:0:0:0:1]:80/livez HTTP/1.0\r\nHost: evil.example\r\n\r\n", "200"],
		[
			"GET http://127.0.0.1/livez HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
			"200",
		],
		["GET http://evil.example/livez HTTP/1.0\r\n\r\n", "421"],
		["GET http://u:p@127.0.0.1/livez HTTP/1.0\r\n\r\n", "400"],
		["GET http:///livez HTTP/1.0\r\n\r\n", "400"],
		["GET /livez HTTP/1.0\r\nHost: evil.example\r\n\r\n", "421"],
		["GET /livez HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400"],
		["GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n", "400"],
		["GET http://127.0.0.1/livez HTTP/1.1\r\nConnection: close\r\n\r\n", "400"],
		[
			"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n",
			"400",
		],
		["POST /livez HTTP/1.0\r\n\r\n", "405"],
		["GET /none HTTP/1.0\r\n\r\n", "400"],
		["OPTIONS * HTTP/1.0\r\n\r\n", "204"],
		["OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "204"],
		["OPTIONS http://localhost HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "204"],
		["GET * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400"],
		["CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", "501"],
	])("%j is %s", async (request, status) => {
		const { portNumber } = await openPort({ assets });
		expect(await statusOf(portNumber, request)).toBe(status);
	});
});

describe("each message has a version of its own (RFC 9110, 2.5)", () => {
	const statuses = (text: string) => text.match(/HTTP\/1\.1 \d+/g)?.map((line) => line.slice(-3));
	const old = "GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
	const new_ = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
	const close = "Connection: close\r\n";
	const expecting = (version: string) =>
		`POST ${pathOf("GetWukong")} HTTP/${version}\r\n${json}Content-Length: 12\r\nExpect: 100-continue\r\n\r\n{"name":"a"}`;

	test.each([
		[
			"1.1 behind 1.0 may have transfer codings",
			old,
			chunked("Transfer-Encoding: chunked"),
			["200"],
		],
		["1.1 behind 1.0 needs a Host", old, `GET /livez HTTP/1.1\r\n${close}\r\n`, ["400"]],
		["1.1 behind 1.0 may wait for 100", old, expecting("1.1"), ["100", "200"]],
		["1.0 behind 1.1 needs no Host", new_, "GET /livez HTTP/1.0\r\n\r\n", ["200"]],
		["1.0 behind 1.1 knows no 100", new_, expecting("1.0"), ["200"]],
		[
			"1.0 behind 1.1 has no transfer codings",
			new_,
			chunked("Transfer-Encoding: chunked", "1.0"),
			["400"],
		],
	])("%s", async (_what, first, second, expected) => {
		const { portNumber } = await openPort({ assets });
		const client = await openRaw(portNumber);
		await client.send(first);
		await client.expectText("ok\n");
		await client.send(second);
		await client.expectClosed();
		expect(statuses(client.received())).toEqual(["200", ...expected]);
	});

	test.each(["2.0", "0.9"])(
		"HTTP/%s in the form of HTTP/1.1 is 505 (RFC 9110, 15.6.6)",
		async (version) => {
			const { portNumber, seen } = await openPort({ assets });
			const client = await openRaw(portNumber);
			await client.send(new_ + expecting(version));
			await client.expectClosed();
			expect(statuses(client.received())).toEqual(["200", "505"]);
			expect(seen.begun).toBe(0);
		},
	);
});
