import type { JsonObject } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { describe, expect, test } from "vitest";
import { Failure } from "../../../../server/src/failure.ts";
import { wukongKind } from "../../../../server/src/store/kubernetes/kinds/wukong.ts";
import {
	UpstreamError,
	type UpstreamProblem,
} from "../../../../server/src/store/kubernetes/upstream-error.ts";
import {
	type FailedCall,
	failureOf,
} from "../../../../server/src/store/kubernetes/write-failure.ts";

type Effect = FailedCall["effect"];

const ref = { namespace: "default", name: "a" };

function failure(
	problem: UpstreamProblem,
	call: { readonly effect?: Effect; readonly secrets?: string[] } = {},
): Failure {
	const error = new UpstreamError(problem, "upstream's own words");
	const result = failureOf(error, { kind: wukongKind, ref, effect: "write", secrets: [], ...call });
	if (!(result instanceof Failure)) throw new Error("no Failure");
	expect(result.message).not.toContain("upstream's own words");
	expect(result.details.cause === undefined || result.details.cause === error).toBe(true);
	return result;
}

function refused(code: number, status: JsonObject = {}, effect: Effect = "write"): Failure {
	return failure({ kind: "refused", code, status, retryAfterMs: undefined }, { effect });
}

describe("failureOf", () => {
	test.each([
		[
			"a write that cannot have been sent",
			{ kind: "unreachable" },
			"write",
			"UPSTREAM_UNAVAILABLE",
		],
		["a write without an answer", { kind: "lost" }, "write", "WRITE_OUTCOME_UNKNOWN"],
		["a write with a garbled answer", { kind: "garbled" }, "write", "WRITE_OUTCOME_UNKNOWN"],
		["a read without an answer", { kind: "lost" }, "read", "UPSTREAM_UNAVAILABLE"],
	] as const)("%s", (_, problem, effect, reason) => {
		expect(failure(problem, { effect }).reason).toBe(ErrorReason[reason]);
	});

	const kind = { kind: "wukongs" };
	test.each([
		["our credentials are refused", 401, {}, "UPSTREAM_UNAVAILABLE"],
		["permissions or a quota", 403, { details: kind }, "PERMISSION_DENIED"],
		["a webhook", 403, {}, "INVALID_WUKONG"],
		[
			"a namespace that is being deleted",
			403,
			{ details: { ...kind, causes: [{ reason: "NamespaceTerminating" }] } },
			"NAMESPACE_NOT_FOUND",
		],
		["no such namespace", 404, { details: { kind: "namespaces" } }, "NAMESPACE_NOT_FOUND"],
		["no such Wukong", 404, { details: { ...kind, name: "a" } }, "WUKONG_NOT_FOUND"],
		["no such resource: not installed", 404, {}, "UPSTREAM_UNAVAILABLE"],
		["the schema", 422, {}, "INVALID_WUKONG"],
		["too large", 413, {}, "REQUEST_TOO_LARGE"],
		["too many requests", 429, {}, "UPSTREAM_UNAVAILABLE"],
		["overload", 503, {}, "UPSTREAM_UNAVAILABLE"],
		["a gateway that gave up on a write", 504, {}, "WRITE_OUTCOME_UNKNOWN"],
		["an internal error in a write", 500, {}, "WRITE_OUTCOME_UNKNOWN"],
	] as [string, number, JsonObject, keyof typeof ErrorReason][])(
		"%s",
		(_, code, status, reason) => {
			expect(refused(code, { kind: "Status", ...status }).reason).toBe(ErrorReason[reason]);
		},
	);

	test("a read that fails inside is UPSTREAM_UNAVAILABLE, never of unknown outcome", () => {
		for (const code of [500, 502, 504]) {
			expect(refused(code, {}, "read").reason).toBe(ErrorReason.UPSTREAM_UNAVAILABLE);
		}
	});

	const none = "UPSTREAM_UNAVAILABLE";
	const lost = "WRITE_OUTCOME_UNKNOWN";
	test.each([
		[302, none, none, none],
		[400, none, none, none],
		[401, none, none, none],
		[403, "PERMISSION_DENIED", "PERMISSION_DENIED", "PERMISSION_DENIED"],
		[404, none, none, none],
		[407, none, none, none],
		[408, none, none, lost],
		[409, none, none, none],
		[413, none, "REQUEST_TOO_LARGE", "REQUEST_TOO_LARGE"],
		[418, none, none, none],
		[422, none, none, none],
		[429, none, none, none],
		[451, none, none, none],
		[500, none, none, lost],
		[502, none, none, lost],
		[503, none, none, lost],
		[504, none, none, lost],
		[520, none, none, lost],
		[524, none, none, lost],
		[599, none, none, lost],
	] as [number, ...(keyof typeof ErrorReason)[]][])(
		"%i without a Status, as a proxy answers, says nothing about the VM: %s to a read, %s to a dry run, %s to a write",
		(code, ...reasons) => {
			for (const status of [{}, { message: "denied", details: {} }, { error: "forbidden" }]) {
				const told = (["read", "dryRun", "write"] as const).map(
					(effect) => ErrorReason[refused(code, status, effect).reason],
				);
				expect(told).toEqual(reasons);
			}
		},
	);

	test("a read is never told that the VM is invalid, or too large, or changed by others", () => {
		for (const code of [400, 409, 413, 422]) {
			expect(refused(code, { kind: "Status" }, "read").reason).toBe(ErrorReason[none]);
		}
		expect(refused(403, { kind: "Status" }, "read").reason).toBe(ErrorReason.PERMISSION_DENIED);
	});

	test("what the API server asks to wait is passed on; else a second", () => {
		const asked = failure({ kind: "refused", code: 429, status: {}, retryAfterMs: 7_000 });
		expect(asked.details.retryAfterMs).toBe(7_000);
		expect(failure({ kind: "unreachable" }).details.retryAfterMs).toBe(1_000);
	});

	test("what did not come from upstream is left as it is", () => {
		const reason = new Error("the caller left");
		expect(failureOf(reason, { kind: wukongKind, ref, effect: "write", secrets: [] })).toBe(reason);
	});
});

test("what a rule says is passed on as violations, without the credentials that were sent", () => {
	const cause = (message: string) => ({
		details: { causes: [{ field: "spec.cloudInitUser.password", message }] },
	});
	const told = (message: string) => {
		const problem = {
			kind: "refused",
			code: 422,
			status: { kind: "Status", ...cause(message) },
			retryAfterMs: undefined,
		} as const;
		return failure(problem, { secrets: ["hunter2"] }).details.violations;
	};
	const field = "wukong.spec.cloud_init_user.password";
	expect(told("is too short")).toEqual([{ field, description: "is too short" }]);
	expect(told("hunter2 is too short")).toEqual([
		{ field, description: "breaks a rule of the cluster" },
	]);
});

test("the cause, which is logged, repeats no credential", () => {
	const causeOf = (message: string) => {
		const problem = { kind: "refused", code: 500, status: {}, retryAfterMs: undefined } as const;
		const error = new UpstreamError(problem, message);
		const result = failureOf(error, {
			kind: wukongKind,
			ref,
			effect: "write",
			secrets: ["hunter2"],
		});
		return (result as Failure).details.cause;
	};
	expect(causeOf("HTTP 500: calling the webhook failed")).toMatchObject({
		message: "HTTP 500: calling the webhook failed",
	});
	expect(String(causeOf("HTTP 500: cannot read hunter2"))).not.toContain("hunter2");
});
