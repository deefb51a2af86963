import { Code, createClient, type HandlerContext } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import {
	connectTimeout,
	grpcTimeout,
	parseTimeoutMs,
	type TimeoutRule,
} from "../../../../server/src/rpc/protocol/timeout.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { openPort, pathOf } from "../../../support/port-fixture.ts";
import { openRaw } from "../../../support/raw-client.ts";
import { until } from "../../../support/until.ts";

/** What connect reads in the header's place; what is malformed stays. */
function heldBy(rule: TimeoutRule, name: string, given: string | undefined): string | null {
	const header = name === grpcTimeout.name ? grpcTimeout : connectTimeout;
	const timeoutMs = parseTimeoutMs(given, header, rule);
	if (timeoutMs === "malformed") return given ?? null;
	return timeoutMs === undefined ? null : header.format(timeoutMs);
}

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
		expect(heldBy(rule, "connect-timeout-ms", given)).toBe(expected);
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
		expect(heldBy(rule, "grpc-timeout", given)).toBe(expected);
	});

	test("gRPC holds at most eight digits, so the longest ones are in seconds", () => {
		const longest = { maxTimeoutMs: 2 ** 31 - 1, always: false };
		expect(heldBy(longest, "grpc-timeout", "99999999H")).toBe("2147483S");
	});

	test("a stream without a deadline has none", () => {
		expect(heldBy({ ...rule, always: false }, "grpc-timeout", undefined)).toBe(null);
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
		["Connect", "application/json", "connect-timeout-ms: 100", "504 Gateway"],
		["gRPC-Web", "application/grpc-web+proto", "grpc-timeout: 100m", "grpc-status: 4"],
	])("a deadline runs while the body is on its way: %s", async (_name, type, field, expected) => {
		const { portNumber, seen } = await openPort({ limits: { bodyTimeoutMs: 600_000 } });
		const client = await openRaw(portNumber);
		const head = `POST ${pathOf("GetWukong")} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}`;
		await client.send(`${head}\r\n${field}\r\nContent-Length: 9\r\n\r\n\0`);
		await client.expectText(expected);
		expect(seen.begun).toBe(0);
		client.socket.destroy();
	});

	test("what the body took is missing from the time of the implementation", async () => {
		const clock = createFakeClock();
		const lefts: (number | undefined)[] = [];
		const getWukong = (_request: unknown, context: HandlerContext) => {
			lefts.push(context.timeoutMs());
			return {};
		};
		const { portNumber } = await openPort({ clock, implementation: { getWukong } });
		const client = await openRaw(portNumber);
		const head = `POST ${pathOf("GetWukong")} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json`;
		await client.send(`${head}\r\nConnect-Timeout-Ms: 20000\r\nContent-Length: 2\r\n\r\n{`);
		await until("the body is awaited", () => clock.delaysMs.includes(20_000));
		await clock.advance(15_000);
		await client.send("}");
		await client.expectText("200 OK");
		expect(lefts[0]).toBeGreaterThan(0);
		expect(lefts[0]).toBeLessThanOrEqual(5_000);
		client.socket.destroy();
	});
});
