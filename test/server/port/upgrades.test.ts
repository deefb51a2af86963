import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createUpgradeLookup, type Upgrade } from "../../../server/src/port/upgrades.ts";
import { type CertificateFiles, createCertificateFiles } from "../../support/certificate.ts";
import { openPort, type PortSettings, pathOf } from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";
import { until } from "../../support/until.ts";

const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket";

/** A subprotocol that sends back what it gets; it is no WebSocket. */
function echo(seen: Upgrade[] = []) {
	return {
		path: "/echo",
		subprotocols: ["echo.v1", "echo.v2"],
		handle(upgrade: Upgrade) {
			seen.push(upgrade);
			const { socket, head, subprotocol } = upgrade;
			socket.write(`${switching}\r\nSec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`);
			socket.write(head);
			socket.on("data", (chunk) => socket.write(chunk));
			socket.on("end", () => socket.end());
			upgrade.onDrain(() => socket.end("going away"));
		},
	};
}

function request(path = "/echo", ...fields: string[]): string {
	const head = [`GET ${path} HTTP/1.1`, "Connection: keep-alive, Upgrade", "Upgrade: WebSocket"];
	const hasHost = fields.some((field) => /^host:/i.test(field));
	return [...head, ...(hasHost ? [] : ["Host: localhost"]), ...fields, "", ""].join("\r\n");
}

const offering = "Sec-WebSocket-Protocol: other, echo.v2 ,echo.v1";

async function answerTo(text: string, settings: PortSettings = {}): Promise<string> {
	const { portNumber } = await openPort({ upgrades: [echo()], ...settings });
	const client = await openRaw(portNumber);
	await client.send(text);
	await client.expectClosed();
	return client.received();
}

describe("an upgrade (RFC 9110, 7.8)", () => {
	let files: CertificateFiles;
	beforeAll(async () => {
		files = await createCertificateFiles();
	});
	afterAll(() => files.remove());

	test.each([undefined, "http/1.1"])(
		"is handed over with what came behind it, in clear text and over TLS: ALPN %s",
		async (alpn) => {
			const seen: Upgrade[] = [];
			const tls = alpn === undefined ? undefined : files;
			const port = await openPort({ upgrades: [echo(seen)], tls });
			const client = await openRaw(port.portNumber, alpn);
			await client.send(`${request("/echo?a=1", offering, "X-Request-Id: mine")}early`);
			await client.expectText("early");
			expect(client.received()).toMatch(
				/^HTTP\/1\.1 101 [\s\S]*Sec-WebSocket-Protocol: echo\.v2\r\n/,
			);
			expect(seen).toMatchObject([
				{ path: "/echo?a=1", requestId: "mine", subprotocol: "echo.v2" },
			]);
			expect(seen[0]?.connection.peer).toMatchObject({ address: "127.0.0.1" });
			for (const word of ["one", "two"]) {
				await client.send(word);
				await client.expectText(word);
			}
			client.socket.end();
			await client.expectClosed();
		},
	);

	test("after a request that was answered is taken on the same connection", async () => {
		const { portNumber } = await openPort({ upgrades: [echo()] });
		const client = await openRaw(portNumber);
		await client.send("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n");
		await client.expectText("no such procedure");
		await client.send(request("/echo", offering));
		await client.expectText("101 Switching");
		client.socket.end();
		await client.expectClosed();
	});

	test("behind a request that is not answered yet is refused after that answer", async () => {
		const gate = Promise.withResolvers<void>();
		const getWukong = async () => {
			await gate.promise;
			return {};
		};
		const { portNumber, seen } = await openPort({
			upgrades: [echo()],
			implementation: { getWukong },
		});
		const client = await openRaw(portNumber);
		const body = '{"name":"a"}';
		const fields = `Host: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
		const call = `POST ${pathOf("GetWukong")} HTTP/1.1\r\n${fields}\r\n\r\n${body}`;
		await client.send(call + request("/echo", offering));
		await until("the call has begun", () => seen.begun === 1);
		gate.resolve();
		await client.expectClosed();
		expect(client.received().match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
	});
});

describe("an upgrade is refused before it is made", () => {
	test.each([
		["of a foreign host", 421, request("/echo", offering, "Host: evil.example")],
		["of a malformed host", 400, request("/echo", offering, "Host: a b")],
		[
			"of a foreign origin (RFC 6455, 10.2)",
			403,
			request("/echo", offering, "Origin: https://evil.example"),
		],
		["of the origin null", 403, request("/echo", offering, "Origin: null")],
		["of a malformed origin", 403, request("/echo", offering, "Origin: localhost")],
		["of an unknown path", 404, request("/other", offering)],
		["of a path of procedures", 404, request(pathOf("GetWukong"), offering)],
		["without a subprotocol", 400, request()],
		["with an unknown subprotocol", 400, request("/echo", "Sec-WebSocket-Protocol: other")],
		["with an empty subprotocol", 400, request("/echo", "Sec-WebSocket-Protocol: ,")],
		["with an expectation", 417, request("/echo", offering, "Expect: x")],
	])("%s: %i, and the connection ends", async (_kind, status, text) => {
		const answer = await answerTo(text);
		expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
		expect(answer).toMatch(/\r\nx-request-id: /i);
		expect(answer).toMatch(/\r\nconnection: close\r\n/i);
		expect(answer).not.toMatch(/ 101 /);
	});

	test("and the observer hears of it", async () => {
		const { portNumber, seen } = await openPort({ upgrades: [echo()] });
		const client = await openRaw(portNumber);
		await client.send(request("/echo", offering, "Origin: null"));
		await client.expectClosed();
		expect(seen.refused).toMatchObject([{ cause: "origin", httpStatus: 403, path: "/echo" }]);
	});

	test("but not of the service's own origin, nor of a listed one", async () => {
		const allowedOrigins = ["https://console.example"];
		const { portNumber } = await openPort({ upgrades: [echo()], allowedOrigins });
		for (const origin of ["http://localhost", "https://console.example"]) {
			const client = await openRaw(portNumber);
			await client.send(request("/echo", offering, `Origin: ${origin}`));
			await client.expectText("101 Switching");
			client.socket.end();
			await client.expectClosed();
		}
	});
});

describe("an Upgrade field that nobody asked for is passed over", () => {
	const get = (fields: string) => `GET /none HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n\r\n`;
	test.each([
		["where no path is upgraded", request(), { upgrades: [] }],
		["of h2c (RFC 9113, 3.1)", get("Connection: Upgrade, close\r\nUpgrade: h2c"), {}],
		["of several protocols", get("Connection: Upgrade, close\r\nUpgrade: websocket, h2c"), {}],
		["that Connection does not name", get("Connection: close\r\nUpgrade: websocket"), {}],
		["of HTTP/1.0", get("Connection: Upgrade\r\nUpgrade: websocket").replace("1.1", "1.0"), {}],
		[
			"of a request with a body",
			`${get("Connection: Upgrade, close\r\nUpgrade: websocket\r\nContent-Length: 1")}x`,
			{},
		],
	])("%s", async (_kind, text, settings) => {
		const { portNumber } = await openPort({ upgrades: [echo()], ...settings });
		const client = await openRaw(portNumber);
		await client.send(text);
		await client.expectText("no such procedure");
		client.socket.destroy();
	});
});

describe("an upgraded socket", () => {
	test("hears that the port closes, and holds the close until it has ended", async () => {
		const { port, portNumber } = await openPort({ upgrades: [echo()] });
		const client = await openRaw(portNumber);
		await client.send(request("/echo", offering));
		await client.expectText("101 Switching");
		const closed = port.close(60_000);
		await client.expectText("going away");
		client.socket.end();
		await closed;
		await client.expectClosed();
	});

	test("that does not end is destroyed after the grace time", async () => {
		const { port, portNumber, seen } = await openPort({
			upgrades: [{ ...echo(), handle: ({ socket }) => void socket.write(`${switching}\r\n\r\n`) }],
		});
		const client = await openRaw(portNumber);
		await client.send(request("/echo", offering));
		await client.expectText("101 Switching");
		await port.close(20);
		await client.expectClosed();
		expect(seen.closed).toBe(seen.opened);
	});

	test("counts among the connections of its address", async () => {
		const { portNumber, seen } = await openPort({
			upgrades: [echo()],
			limits: { maxConnectionsPerAddress: 1 },
		});
		const client = await openRaw(portNumber);
		await client.send(request("/echo", offering));
		await client.expectText("101 Switching");
		const other = await openRaw(portNumber);
		await other.expectClosed();
		expect(seen.faults).toEqual(["too_many_connections"]);
		client.socket.end();
		await client.expectClosed();
	});

	test("whose handler throws is destroyed, and the port goes on", async () => {
		const fail = (): never => {
			throw new Error("planted");
		};
		const { portNumber, seen, url } = await openPort({ upgrades: [{ ...echo(), handle: fail }] });
		const client = await openRaw(portNumber);
		await client.send(request("/echo", offering));
		await client.expectClosed();
		expect(seen.unexpected.splice(0)).toMatchObject([{ message: "planted" }]);
		expect((await fetch(`${url}/none`)).status).toBe(404);
	});
});

test("two handlers of one path and subprotocol are refused at wiring", () => {
	expect(() => createUpgradeLookup([echo(), echo()])).toThrow(RangeError);
});

describe("the path of an upgrade, asked without one", () => {
	test.each([
		["GET", 426, null],
		["HEAD", 426, null],
		["OPTIONS", 204, "GET, OPTIONS"],
		["POST", 405, "GET, OPTIONS"],
		["DELETE", 405, "GET, OPTIONS"],
	])("answers %s with %i (RFC 9110, 9.3.7, 15.5.6, 15.5.22)", async (method, status, allow) => {
		const { url } = await openPort({ upgrades: [echo()] });
		const response = await fetch(`${url}/echo`, { method });
		await response.arrayBuffer();
		expect([response.status, response.headers.get("allow")]).toEqual([status, allow]);
	});
});
