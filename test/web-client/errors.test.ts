import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import {
	BadRequestSchema,
	ErrorInfoSchema,
	RetryInfoSchema,
} from "@novasphere/wukong-gen/error-details";
import { describe, expect, test } from "vitest";
import {
	createWukongClient,
	ErrorReason,
	fieldViolations,
	isAlreadyExists,
	isCanceled,
	isConflict,
	isDeadlineExceeded,
	isFailedPrecondition,
	isForbiddenOrigin,
	isInvalid,
	isNotFound,
	isPermissionDenied,
	isUnauthenticated,
	isUnavailable,
	reasonOf,
	retryAfterMs,
} from "../../web-client/src/index.ts";
import { scriptedService } from "./scripted-service.ts";

const guards = {
	isNotFound,
	isAlreadyExists,
	isConflict,
	isFailedPrecondition,
	isInvalid,
	isUnavailable,
	isUnauthenticated,
	isPermissionDenied,
	isDeadlineExceeded,
	isCanceled,
};

/** What a caller catches when the service throws this. */
async function caught(failure: ConnectError): Promise<unknown> {
	const getWukong = () => {
		throw failure;
	};
	const counts = { opened: 0, ended: 0, timeoutsMs: [] };
	const transport = createRouterTransport(scriptedService(counts, { getWukong }));
	return createWukongClient({ transport })
		.rpc.getWukong({ name: "a" })
		.catch((error) => error);
}

function failure(code: Code, reason: string, domain = "novasphere.dev"): ConnectError {
	const info = create(ErrorInfoSchema, { reason, domain });
	return new ConnectError("words", code, undefined, [{ desc: ErrorInfoSchema, value: info }]);
}

describe("guards", () => {
	test.each([
		[Code.NotFound, "WUKONG_NOT_FOUND", "isNotFound"],
		[Code.NotFound, "NAMESPACE_NOT_FOUND", "isNotFound"],
		[Code.AlreadyExists, "WUKONG_ALREADY_EXISTS", "isAlreadyExists"],
		[Code.Aborted, "RESOURCE_VERSION_CONFLICT", "isConflict"],
		[Code.FailedPrecondition, "WUKONG_DELETING", "isFailedPrecondition"],
		[Code.InvalidArgument, "INVALID_WUKONG", "isInvalid"],
		[Code.Unavailable, "WRITE_OUTCOME_UNKNOWN", "isUnavailable"],
		[Code.Unauthenticated, "UNAUTHENTICATED", "isUnauthenticated"],
		[Code.PermissionDenied, "PERMISSION_DENIED", "isPermissionDenied"],
		[Code.DeadlineExceeded, "DEADLINE_EXCEEDED", "isDeadlineExceeded"],
		[Code.Internal, "INTERNAL", undefined],
		[Code.Unknown, "A_NEWER_REASON", "isUnavailable"],
	])("code %i with %s is told by %s alone", async (code, reason, name) => {
		const error = await caught(failure(code, reason));
		const says = Object.entries(guards).filter(([, guard]) => guard(error));
		expect(says.map(([guard]) => guard)).toEqual(name === undefined ? [] : [name]);
	});

	test("a network failure is unavailable, whatever its text", async () => {
		const fetch = () => Promise.reject(new TypeError("Load failed"));
		const client = createWukongClient({ baseUrl: "http://127.0.0.1:9", fetch });
		const error = await client.rpc.getWukong({ name: "a" }).catch((reason) => reason);
		expect(isUnavailable(error)).toBe(true);
		expect(reasonOf(error)).toBeUndefined();
	});

	test("a connection that broke is unavailable and no conflict, as connect-node tells it", () => {
		const error = new ConnectError("the stream was closed", Code.Aborted);
		expect([isUnavailable(error), isConflict(error)]).toEqual([true, false]);
	});

	test("an origin that is not listed is no denied permission: nobody was asked who calls", () => {
		const error = new ConnectError("words", Code.PermissionDenied);
		expect([isForbiddenOrigin(error), isPermissionDenied(error)]).toEqual([true, false]);
	});

	test("what the caller has given up itself, by a signal, is canceled", async () => {
		const counts = { opened: 0, ended: 0, timeoutsMs: [] };
		const transport = createRouterTransport(scriptedService(counts, {}));
		const client = createWukongClient({ transport });
		const signal = AbortSignal.abort();
		const calls = [client.get("a", { signal }), client.waitFor("a", "RUNNING", { signal })];
		for (const call of calls) expect(isCanceled(await call.catch((error) => error))).toBe(true);
	});

	test("a stranger's error is nothing", () => {
		const error = new Error("[not_found] words");
		expect(Object.values(guards).some((guard) => guard(error))).toBe(false);
		expect(reasonOf(error)).toBeUndefined();
		expect(fieldViolations(error)).toEqual([]);
		expect(retryAfterMs(error)).toBeUndefined();
	});
});

describe("details", () => {
	test("the reason is the service's own only", async () => {
		const ours = await caught(failure(Code.NotFound, "WUKONG_NOT_FOUND"));
		expect(reasonOf(ours)).toBe(ErrorReason.WUKONG_NOT_FOUND);
		const foreign = await caught(failure(Code.NotFound, "WUKONG_NOT_FOUND", "example.com"));
		expect(reasonOf(foreign)).toBeUndefined();
		expect(reasonOf(await caught(failure(Code.Unknown, "A_NEWER_REASON")))).toBeUndefined();
	});

	test("field violations keep their order", async () => {
		const value = create(BadRequestSchema, {
			fieldViolations: [
				{ field: "wukong.spec.cpu", description: "is needed" },
				{ field: "wukong.name", description: "is needed" },
			],
		});
		const error = await caught(
			new ConnectError("words", Code.InvalidArgument, undefined, [
				{ desc: BadRequestSchema, value },
			]),
		);
		expect(fieldViolations(error)).toEqual([
			{ field: "wukong.spec.cpu", description: "is needed" },
			{ field: "wukong.name", description: "is needed" },
		]);
	});

	test("the wish to wait is in milliseconds, rounded up", async () => {
		const value = create(RetryInfoSchema, { retryDelay: { seconds: 2n, nanos: 500_000_001 } });
		const error = await caught(
			new ConnectError("words", Code.Unavailable, undefined, [{ desc: RetryInfoSchema, value }]),
		);
		expect(retryAfterMs(error)).toBe(2501);
	});
});
