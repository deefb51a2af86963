import { Code, type ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus } from "@connectrpc/connect/protocol-connect";
import { BadRequestSchema, ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { expect } from "vitest";
import type { Answer } from "./answer.ts";
import { errorOf } from "./answer-error.ts";
import type { Expected, Fields, HostileRow } from "./row.ts";

/** Longest error message, in bytes. */
const maxMessageBytes = 1024;
/** A path or a line of a stack: nothing of these leaves the process. */
const insides = /node_modules|file:\/\/|node:internal|\.[cm]?[jt]s:\d|\n\s+at |\/src\//;

/** Compares what came back with what must come back. */
export function judge(answer: Answer, { request, expected }: HostileRow): void {
	const text = answer.body.toString("latin1");
	expect(text).not.toMatch(insides);
	expect(answer.status, "an HTTP answer").toBeGreaterThan(0);
	if ("headers" in expected) expectHeaders(answer, expected.headers);
	if (answer.status >= 400) {
		expect(answer.headers.get("cache-control"), "an error is not kept").toContain("no-store");
	}
	switch (expected.kind) {
		case "error":
			expectError(errorOf(answer), expected);
			if (isConnectUnary(request)) {
				expect(answer.status).toBe(expected.httpStatus ?? codeToHttpStatus(expected.code));
			} else expect(answer.status).toBe(200);
			if (expected.closes !== undefined) expect(answer.closes).toBe(expected.closes);
			break;
		case "status":
			expect(answer.status, text).toBe(expected.httpStatus);
			if (expected.closes !== undefined) expect(answer.closes).toBe(expected.closes);
			break;
		case "served":
			expect([answer.status, errorOf(answer)], text).toEqual([200, undefined]);
			expect(text).toContain(expected.contains ?? "");
			if (expected.lacks !== undefined) expect(text).not.toContain(expected.lacks);
			if (expected.lacksHeader !== undefined) {
				expect(answer.headers.has(expected.lacksHeader)).toBe(false);
			}
			break;
		case "stream":
			expect(text).toContain(expected.contains);
	}
}

function expectError(
	error: ConnectError | undefined,
	expected: Extract<Expected, { kind: "error" }>,
): void {
	const infos = error?.findDetails(ErrorInfoSchema) ?? [];
	const seen = { code: Code[error?.code ?? 0] ?? "ok", reason: infos[0]?.reason };
	expect(seen, error?.message).toEqual({ code: Code[expected.code], reason: expected.reason });
	expect(infos[0]?.domain).toBe("novasphere.dev");
	expect(Buffer.byteLength(error?.rawMessage ?? "")).toBeLessThanOrEqual(maxMessageBytes);
	expect(error?.rawMessage).not.toMatch(insides);
	if (expected.violations === true) {
		const fields = error?.findDetails(BadRequestSchema)[0]?.fieldViolations ?? [];
		expect(fields.length, "violations").toBeGreaterThan(0);
	}
}

function expectHeaders(answer: Answer, expected: Fields = []): void {
	for (const [name, value] of expected) {
		expect(answer.headers.get(name) ?? answer.trailers.get(name), name).toContain(value);
	}
}

/** Connect's unary form and REST show a code as an HTTP status; all others answer 200. */
function isConnectUnary({ method, target, headers }: HostileRow["request"]): boolean {
	if (method !== "POST") return true;
	if (target.startsWith("/api/")) return true;
	const type = headers.find(([name]) => name === "content-type")?.[1] ?? "";
	return !/^application\/(grpc|connect\+)/i.test(type);
}
