import { once } from "node:events";
import { Code, createClient } from "@connectrpc/connect";
import {
	createConnectTransport,
	createGrpcTransport,
	createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { openPort, pathOf } from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";
import { openSession } from "../../support/watch-request.ts";

const json = { "content-type": "application/json" };

async function answerOf(url: string, path: string, init: RequestInit = {}) {
	const response = await fetch(url + path, init);
	return { status: response.status, headers: response.headers, text: await response.text() };
}

describe("a path that does not exist", () => {
	test("is 404 and UNIMPLEMENTED, with a reason", async () => {
		const { url, seen } = await openPort();
		const plain = await answerOf(url, "/nothing");
		expect(plain.status).toBe(404);
		expect(JSON.parse(plain.text)).toMatchObject({
			code: "unimplemented",
			message: expect.stringContaining(pathOf("ListWukongs")),
			details: [{ debug: { reason: "METHOD_NOT_FOUND", domain: "novasphere.dev" } }],
		});
		expect(plain.headers.get("cache-control")).toBe("no-store");
		const connect = await answerOf(url, "/nothing", { method: "POST", headers: json, body: "{}" });
		expect([connect.status, JSON.parse(connect.text).code]).toEqual([404, "unimplemented"]);
		expect(seen.refused.map(({ cause }) => cause)).toEqual(["unknown_path", "unknown_path"]);
	});

	test.each([
		pathOf("GetWukong").toLowerCase(),
		`/${pathOf("GetWukong")}`,
		`${pathOf("GetWukong")}/`,
		pathOf("%47etWukong"),
		`${pathOf("GetWukong")};x=1`,
	])("%s is such a path", async (path) => {
		const { url } = await openPort();
		const { status } = await answerOf(url, path, { method: "POST", headers: json, body: "{}" });
		expect(status).toBe(404);
	});

	const transports = {
		"Connect over HTTP/1.1": (baseUrl: string) =>
			createConnectTransport({ baseUrl, httpVersion: "1.1" }),
		"Connect over HTTP/2": (baseUrl: string) =>
			createConnectTransport({ baseUrl, httpVersion: "2" }),
		"gRPC-Web over HTTP/1.1": (baseUrl: string) =>
			createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
		gRPC: (baseUrl: string) => createGrpcTransport({ baseUrl }),
	};
	test.each(Object.entries(transports))(
		"is UNIMPLEMENTED to clients: %s",
		async (_name, create) => {
			const { url } = await openPort();
			// A prefix that the server lacks makes every path an unknown one.
			const client = createClient(WukongService, create(`${url}/none`));
			const stream = client.watchWukong({})[Symbol.asyncIterator]();
			await expect(stream.next()).rejects.toMatchObject({ code: Code.Unimplemented });
			const error = await client.getWukong({}).catch((reason) => reason);
			expect(error.code).toBe(Code.Unimplemented);
			expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("METHOD_NOT_FOUND");
		},
	);
});

describe("requests that a procedure does not take", () => {
	test.each([
		["PUT", "GetWukong", "POST, GET, HEAD"],
		["GET", "CreateWukong", "POST"],
		["GET", "WatchWukong", "POST"],
		["OPTIONS", "GetWukong", "POST, GET, HEAD"],
	])("%s on %s is 405 with Allow", async (method, name, allow) => {
		const { url } = await openPort();
		const answer = await answerOf(url, pathOf(name), { method });
		expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
		expect(answer.headers.get("content-type")).toBe("application/problem+json");
		expect(JSON.parse(answer.text)).toMatchObject({
			code: "unimplemented",
			message: expect.stringMatching(`takes ${allow}; POST .* application/(connect.)?json`),
			details: [{ debug: { reason: "METHOD_NOT_FOUND" } }],
		});
	});

	test.each([
		["GetWukong", "text/plain"],
		["GetWukong", "application/x-www-form-urlencoded"],
		["GetWukong", "application/json; charset=latin1"],
		["GetWukong", "application/connect+json"],
		["WatchWukong", "application/json"],
	])("%s with %s is 415 with Accept-Post and what to send, in JSON", async (name, type) => {
		const { url } = await openPort();
		const headers = { "content-type": type };
		const answer = await answerOf(url, pathOf(name), { method: "POST", headers, body: "{}" });
		expect(answer.status).toBe(415);
		expect(answer.headers.get("accept-post")).toContain("application/grpc-web+proto");
		expect(answer.headers.get("content-type")).toBe("application/problem+json");
		expect(JSON.parse(answer.text)).toMatchObject({
			code: "unimplemented",
			message: expect.stringContaining(answer.headers.get("accept-post") ?? "?"),
		});
	});

	test("gRPC over HTTP/1.1 is 505 and the connection ends", async () => {
		const { portNumber } = await openPort();
		const client = await openRaw(portNumber);
		const fields = "Host: localhost\r\nContent-Type: application/grpc\r\nContent-Length: 0";
		await client.send(`POST ${pathOf("GetWukong")} HTTP/1.1\r\n${fields}\r\n\r\n`);
		await client.expectText("HTTP/1.1 505");
		await client.expectClosed();
	});

	test("a wrong protocol version is refused, a missing one is not", async () => {
		const { url } = await openPort();
		const headers = { ...json, "connect-protocol-version": "2" };
		const post = { method: "POST", body: "{}" };
		expect((await answerOf(url, pathOf("GetWukong"), { ...post, headers })).status).toBe(400);
		expect((await answerOf(url, pathOf("GetWukong"), { ...post, headers: json })).status).toBe(200);
	});

	test("no content type at all is JSON", async () => {
		const { url } = await openPort();
		const body = new TextEncoder().encode(`{"name":"a"}`);
		const answer = await answerOf(url, pathOf("GetWukong"), { method: "POST", body });
		expect(JSON.parse(answer.text)).toEqual({ wukong: { name: "a" } });
	});
});

describe("what connect's own handlers refuse keeps connect's code and is counted", () => {
	const post = (body: BodyInit, headers: Record<string, string> = json) => ({
		method: "POST",
		headers,
		body,
	});
	test.each([
		["cut JSON", post(`{"name":`), 400, "invalid_argument"],
		["a name that the contract lacks", post(`{"nmae":"a"}`), 400, "invalid_argument"],
		[
			"text that is not UTF-8",
			post(Buffer.from(`{"name":"\xff"}`, "latin1")),
			400,
			"invalid_argument",
		],
		[
			"an unknown encoding",
			post("{}", { ...json, "content-encoding": "zstd" }),
			501,
			"unimplemented",
		],
		["false gzip", post("{}", { ...json, "content-encoding": "gzip" }), 400, "invalid_argument"],
		[
			"a deadline that is no number",
			post("{}", { ...json, "connect-timeout-ms": "x" }),
			400,
			"invalid_argument",
		],
		[
			"undecodable binary",
			post("\x0f", { "content-type": "application/proto" }),
			400,
			"invalid_argument",
		],
	])("%s", async (_name, init, status, code) => {
		const { url, seen } = await openPort();
		const answer = await answerOf(url, pathOf("GetWukong"), init);
		expect([answer.status, JSON.parse(answer.text).code]).toEqual([status, code]);
		expect(seen.refused).toMatchObject([
			{ cause: "protocol", httpStatus: status, procedure: pathOf("GetWukong") },
		]);
		expect(seen.begun).toBe(0);
	});

	async function answerToMegabyte(way: "direct" | "universal") {
		const { url } = await openPort({ way });
		const { session } = await openSession(url);
		const message = Buffer.from(`{"${"ä".repeat(500_000)}":1}`);
		const prefix = Buffer.alloc(5);
		prefix.writeUInt32BE(message.length, 1);
		const stream = session.request({
			":method": "POST",
			":path": pathOf("GetWukong"),
			"content-type": "application/grpc+json",
		});
		stream.end(Buffer.concat([prefix, message])).resume();
		const [fields] = await once(stream, way === "direct" ? "response" : "trailers");
		expect(fields["grpc-status"]).toBe(String(Code.InvalidArgument));
		await new Promise((resolve) => session.ping(resolve));
		session.destroy();
		return decodeURIComponent(fields["grpc-message"]);
	}

	test("nothing of a megabyte that was sent comes back", async () => {
		expect(await answerToMegabyte("direct")).not.toContain("ä");
	});

	test("a megabyte that connect quotes is cut in its trailer, and the connection goes on", async () => {
		expect(await answerToMegabyte("universal")).toHaveLength(1_024);
	});
});
