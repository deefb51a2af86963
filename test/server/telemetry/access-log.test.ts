import { Code } from "@connectrpc/connect";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import type { CallFailure } from "../../../server/src/service/interceptors/call-observer.ts";
import { createAccessLog } from "../../../server/src/telemetry/access-log.ts";

const { getWukong, createWukong, watchWukong } = WukongService.method;
const target = { namespace: "default", name: "vm" };

function setUp(level: string) {
	const lines: Record<string, unknown>[] = [];
	const logger = pino({ level }, { write: (line) => void lines.push(JSON.parse(line)) });
	const log = createAccessLog(logger);
	type Method = typeof getWukong | typeof createWukong | typeof watchWukong;
	const call = (method: Method) =>
		({
			method,
			protocol: "grpc",
			requestId: "r1",
			target,
			peer: undefined,
			address: undefined,
			principal: undefined,
		}) as const;
	const start = (method: Method) => log.callStarted(call(method), new Headers());
	return {
		lines,
		end: (method: Method, failure?: CallFailure) =>
			start(method)?.callEnded?.(call(method), { durationMs: 1.26, failure }),
		open: (method: Method) => start(method)?.streamOpened?.(call(method)),
	};
}

const notFound = { code: Code.NotFound, reason: "WUKONG_NOT_FOUND", cause: undefined };

describe("the access log", () => {
	test("at info has a line per mutation, with its request id and the VM", () => {
		const { lines, end } = setUp("info");
		end(createWukong);
		expect(lines).toMatchObject([
			{
				requestId: "r1",
				procedure: "novasphere.v1.WukongService/CreateWukong",
				protocol: "grpc",
				namespace: "default",
				name: "vm",
				code: "ok",
				durationMs: 1.3,
			},
		]);
	});

	test("at info has a line per start and end of a stream", () => {
		const { lines, open, end } = setUp("info");
		open(watchWukong);
		end(watchWukong);
		expect(lines.map(({ msg }) => msg)).toEqual(["stream started", "stream ended"]);
	});

	test("has reads at debug only, but their failures at info", () => {
		const { lines, end } = setUp("info");
		end(getWukong);
		expect(lines).toEqual([]);
		end(getWukong, notFound);
		expect(lines).toMatchObject([{ level: 30, code: "not_found", reason: "WUKONG_NOT_FOUND" }]);
		const debug = setUp("debug");
		debug.end(getWukong);
		expect(debug.lines).toMatchObject([{ level: 20, code: "ok" }]);
	});

	test("tells of a stream that its reader left as of any that ended, at info", () => {
		const { lines, end } = setUp("info");
		end(watchWukong, { code: Code.Canceled, reason: "CANCELED", cause: new Error("gone") });
		expect(lines).toMatchObject([{ level: 30, msg: "stream ended", code: "canceled" }]);
		expect(lines[0]).not.toHaveProperty("err");
		end(watchWukong, { code: Code.Unavailable, reason: "UPSTREAM_UNAVAILABLE", cause: undefined });
		expect(lines[1]).toMatchObject({ msg: "stream failed", code: "unavailable" });
	});

	test("tells of a stream that this replica ends at shutdown as of one that ended, with its reason", () => {
		const { lines, end } = setUp("info");
		end(watchWukong, { code: Code.Unavailable, reason: "SHUTTING_DOWN", cause: undefined });
		expect(lines).toMatchObject([
			{ level: 30, msg: "stream ended", code: "unavailable", reason: "SHUTTING_DOWN" },
		]);
		end(createWukong, { code: Code.Unavailable, reason: "SHUTTING_DOWN", cause: undefined });
		expect(lines[1]).toMatchObject({ msg: "call failed", reason: "SHUTTING_DOWN" });
	});

	test("has the cause of a fault of ours, as an error", () => {
		const { lines, end } = setUp("info");
		end(createWukong, {
			code: Code.Internal,
			reason: "INTERNAL",
			cause: new Error("disk on fire"),
		});
		expect(lines).toMatchObject([{ level: 50, err: { message: "disk on fire" } }]);
	});

	test("has what an upstream said of our rights, which nobody else is told", () => {
		const { lines, end } = setUp("info");
		const cause = new Error("exceeded quota: small");
		end(createWukong, { code: Code.PermissionDenied, reason: "PERMISSION_DENIED", cause });
		expect(lines).toMatchObject([{ level: 30, err: { message: "exceeded quota: small" } }]);
	});

	test("has no cause of what a caller did wrong: it may hold the caller's data", () => {
		const { lines, end } = setUp("info");
		end(createWukong, { ...notFound, cause: new Error("s3cret") });
		expect(JSON.stringify(lines)).not.toContain("s3cret");
	});
});
