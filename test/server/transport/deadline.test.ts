import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { clampDeadline } from "../../../server/src/transport/deadline.ts";
import { openPort, type PortUnderTest, pathOf, quietWatch } from "../../support/port-fixture.ts";
import { until } from "../../support/until.ts";

describe("the deadline header that connect sees", () => {
	const rule = { maxTimeoutMs: 60_000, always: true };
	test.each([
		["9999999999", "60000"],
		["250", "250"],
		["0", "0"],
		[undefined, "60000"],
		["abc", "abc"],
		["-1", "-1"],
		["12345678901", "12345678901"],
	])("Connect: %s becomes %s", (given, expected) => {
		const headers = new Headers(given === undefined ? {} : { "connect-timeout-ms": given });
		clampDeadline(headers, false, rule);
		expect(headers.get("connect-timeout-ms")).toBe(expected);
	});

	test.each([
		["99999999H", "60000m"],
		["2S", "2000m"],
		["1n", "0m"],
		["0n", "0m"],
		["1500u", "1m"],
		["123456789S", "123456789S"],
		["1x", "1x"],
	])("gRPC: %s becomes %s", (given, expected) => {
		const headers = new Headers({ "grpc-timeout": given });
		clampDeadline(headers, true, rule);
		expect(headers.get("grpc-timeout")).toBe(expected);
	});

	test("gRPC holds at most eight digits, so the longest ones are in seconds", () => {
		const headers = new Headers({ "grpc-timeout": "99999999H" });
		clampDeadline(headers, true, { maxTimeoutMs: 2 ** 31 - 1, always: false });
		expect(headers.get("grpc-timeout")).toBe("2147483S");
	});

	test("a stream without a deadline has none", () => {
		const headers = new Headers();
		clampDeadline(headers, true, { ...rule, always: false });
		expect(headers.has("grpc-timeout")).toBe(false);
	});
});

describe("on the wire", () => {
	const slow = {
		getWukong: async () => {
			await new Promise((resolve) => setTimeout(resolve, 50));
			return {};
		},
	};
	const post = (timeout: string) => ({
		method: "POST",
		headers: { "content-type": "application/json", "connect-timeout-ms": timeout },
		body: "{}",
	});

	test("a long deadline does not become 1 ms", async () => {
		const { url } = await openPort({ implementation: slow });
		expect((await fetch(url + pathOf("GetWukong"), post("9999999999"))).status).toBe(200);
		const client = createClient(WukongService, createGrpcTransport({ baseUrl: url }));
		await client.getWukong({}, { headers: { "grpc-timeout": "99999999H" } });
	});

	test("a deadline of 0 has expired, and the implementation is not begun", async () => {
		let begun = 0;
		const getWukong = () => {
			begun++;
			return {};
		};
		const { url } = await openPort({ implementation: { getWukong } });
		const response = await fetch(url + pathOf("GetWukong"), post("0"));
		expect([response.status, await response.text()]).toEqual([
			504,
			expect.stringContaining("deadline_exceeded"),
		]);
		const client = createClient(WukongService, createGrpcTransport({ baseUrl: url }));
		const call = client.getWukong({}, { headers: { "grpc-timeout": "0n" } });
		await expect(call).rejects.toMatchObject({ code: Code.DeadlineExceeded });
		expect(begun).toBe(0);
	});

	test("an implementation that hears nothing is left behind at the deadline", async () => {
		const wake = Promise.withResolvers<object>();
		const { url } = await openPort({ implementation: { getWukong: () => wake.promise } });
		expect((await fetch(url + pathOf("GetWukong"), post("50"))).status).toBe(504);
		wake.resolve({});
	});

	test("a unary call without a deadline ends at the port's own", async () => {
		const wake = Promise.withResolvers<object>();
		const { url } = await openPort({
			limits: { maxUnaryTimeoutMs: 50 },
			implementation: { getWukong: () => wake.promise },
		});
		const headers = { "content-type": "application/json" };
		const init = { method: "POST", headers, body: "{}" };
		expect((await fetch(url + pathOf("GetWukong"), init)).status).toBe(504);
		wake.resolve({});
	});

	test.each([
		["Connect", (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
		["gRPC", (baseUrl: string) => createGrpcTransport({ baseUrl })],
	])("a stream ends at its deadline and frees its handler: %s", async (_name, create) => {
		const holder: { port?: PortUnderTest } = {};
		const watchWukong = quietWatch(() => (holder.port as PortUnderTest).seen);
		const port = await openPort({ implementation: { watchWukong } });
		holder.port = port;
		const client = createClient(WukongService, create(port.url));
		const read = async () => {
			for await (const _ of client.watchWukong({}, { timeoutMs: 100 }));
		};
		await expect(read()).rejects.toMatchObject({ code: Code.DeadlineExceeded });
		await until("the handler is free", () => port.seen.live === 0);
	});

	test("a stream that hears nothing is left behind at its deadline", async () => {
		const wake = Promise.withResolvers<void>();
		const { url } = await openPort({
			implementation: {
				async *watchWukong() {
					yield {};
					await wake.promise;
				},
			},
		});
		const body = Buffer.concat([Buffer.from([0, 0, 0, 0, 2]), Buffer.from("{}")]);
		const headers = { "content-type": "application/connect+json", "connect-timeout-ms": "50" };
		const response = await fetch(url + pathOf("WatchWukong"), { method: "POST", headers, body });
		expect(await response.text()).toContain("deadline_exceeded");
		wake.resolve();
	});
});
