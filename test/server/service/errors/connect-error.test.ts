import { toBinary } from "@bufbuild/protobuf";
import { AnySchema, anyPack, durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import {
	BadRequestSchema,
	ErrorInfoSchema,
	RetryInfoSchema,
} from "@novasphere/wukong-gen/error-details";
import { describe, expect, test } from "vitest";
import { Failure, invalidRequest } from "../../../../server/src/failure.ts";
import { invalidWukong } from "../../../../server/src/resource/wukong/failures.ts";
import { reasonIn, toConnectError } from "../../../../server/src/service/errors/connect-error.ts";

const meant = { namespace: "default", name: "vm" };

function detailBytes(error: ConnectError): number {
	return [ErrorInfoSchema, BadRequestSchema, RetryInfoSchema]
		.flatMap((schema) => error.findDetails(schema).map((value) => anyPack(schema, value)))
		.reduce((sum, any) => sum + toBinary(AnySchema, any).length, 0);
}

describe("the error that a caller gets", () => {
	test("a failure keeps its message and tells reason, domain and the VM that is meant", () => {
		const error = toConnectError(new Failure(ErrorReason.WUKONG_NOT_FOUND, "no such VM"), meant);
		expect(error.code).toBe(Code.NotFound);
		expect(error.rawMessage).toBe("no such VM");
		expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
			{ reason: "WUKONG_NOT_FOUND", domain: "novasphere.dev", metadata: meant },
		]);
	});

	test("a failure's own reference wins over the request's", () => {
		const wukong = { namespace: "other", name: "vm" };
		const failure = new Failure(ErrorReason.WUKONG_DELETING, "going", { object: wukong });
		const [info] = toConnectError(failure, meant).findDetails(ErrorInfoSchema);
		expect(info?.metadata).toEqual(wukong);
	});

	test("no VM is named where none is meant", () => {
		const [info] = toConnectError(invalidRequest()).findDetails(ErrorInfoSchema);
		expect(info?.metadata).toEqual({});
	});

	test("violations arrive as BadRequest, a hint to wait as RetryInfo", () => {
		const violation = { field: "page_size", description: "must be positive" };
		const [bad] = toConnectError(invalidRequest(violation)).findDetails(BadRequestSchema);
		expect(bad?.fieldViolations).toMatchObject([violation]);
		const failure = new Failure(ErrorReason.SHUTTING_DOWN, "bye", { retryAfterMs: 1_500 });
		const [retry] = toConnectError(failure).findDetails(RetryInfoSchema);
		expect(retry?.retryDelay && durationMs(retry.retryDelay)).toBe(1_500);
	});

	test("however long a failure is, message and details stay small", () => {
		const long = "漢".repeat(5_000);
		const violations = Array.from({ length: 500 }, () => ({ field: long, description: long }));
		const error = toConnectError(invalidWukong(violations), { namespace: long, name: long });
		expect(Buffer.byteLength(error.rawMessage)).toBeLessThanOrEqual(1_024);
		expect(detailBytes(error)).toBeLessThanOrEqual(4_096);
		const [bad] = error.findDetails(BadRequestSchema);
		expect(bad?.fieldViolations.length).toBeGreaterThan(0);
		for (const { field } of bad?.fieldViolations ?? []) {
			expect(field.length).toBeLessThanOrEqual(256);
		}
	});

	test("a text that is cut within a character stays well formed", () => {
		const error = toConnectError(new Failure(ErrorReason.INTERNAL, `${"x".repeat(1_019)}😀😀`));
		expect(error.rawMessage).toBe(`${"x".repeat(1_019)}…`);
	});

	test.each([
		["an error", new TypeError("secret in a text")],
		["a string", "secret in a text"],
		["undefined", undefined],
		["an error that connect wrapped", ConnectError.from(new Error("secret"), Code.Internal)],
		["an error of unknown code", new ConnectError("secret", Code.Unknown)],
	])("%s is INTERNAL without detail, its original kept for the log", (_, original) => {
		const error = toConnectError(original);
		expect(error.code).toBe(Code.Internal);
		expect(reasonIn(error)).toBe("INTERNAL");
		expect(error.message).not.toContain("secret");
		expect(error.cause).toBe(original);
	});

	test.each([
		[Code.InvalidArgument, "INVALID_REQUEST"],
		[Code.ResourceExhausted, "REQUEST_TOO_LARGE"],
		[Code.DeadlineExceeded, "DEADLINE_EXCEEDED"],
		[Code.Canceled, "CANCELED"],
		[Code.Internal, "INTERNAL"],
	])("connect's own error of code %i keeps its text and gets reason %s", (code, reason) => {
		const error = toConnectError(new ConnectError("connect says", code));
		expect(error.code).toBe(code);
		expect(error.rawMessage).toBe("connect says");
		expect(reasonIn(error)).toBe(reason);
	});

	test("an abort is CANCELED, a timeout DEADLINE_EXCEEDED", () => {
		expect(toConnectError(new DOMException("", "AbortError")).code).toBe(Code.Canceled);
		expect(toConnectError(new DOMException("", "TimeoutError")).code).toBe(Code.DeadlineExceeded);
	});

	test.each([
		["grpc.io", Code.NotFound, "SERVICE_UNKNOWN"],
		["elsewhere.example", Code.Internal, "INTERNAL"],
	])("an error in the words of %s has code %i and reason %s", (domain, code, reason) => {
		const info = { desc: ErrorInfoSchema, value: { reason: "SERVICE_UNKNOWN", domain } };
		const thrown = new ConnectError("no such service", Code.NotFound, undefined, [info]);
		const error = toConnectError(thrown);
		expect([error.code, reasonIn(error)]).toEqual([code, reason]);
	});

	test.each([
		["a failure", invalidRequest({ field: "a", description: "b" })],
		["a fault", new Error("x")],
		["connect's error", new ConnectError("x", Code.Canceled)],
	])("mapping %s twice gives the same error", (_, original) => {
		const once = toConnectError(original, meant);
		expect(toConnectError(once, { namespace: "n", name: "other" })).toBe(once);
	});
});
