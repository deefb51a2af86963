import { createServiceImplSpec } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { ErrorReason, Failure } from "../../../../../server/src/failure.ts";
import { chooseMediaType } from "../../../../../server/src/rpc/protocol/rest/accept.ts";
import { parseTags } from "../../../../../server/src/rpc/protocol/rest/entity-tags.ts";
import { indentJson } from "../../../../../server/src/rpc/protocol/rest/pretty-json.ts";
import { toConnectError } from "../../../../../server/src/service/errors/connect-error.ts";
import { buildServices } from "../../../../support/built-service.ts";
import { echo, openRestPort } from "./rest-port.ts";

const shapes = buildServices()("test.shapes.ShapeService");

describe("an error is the contract's Status, with HTTP's status (contract, section 9)", () => {
	test.each([
		[ErrorReason.WUKONG_NOT_FOUND, 404, 5],
		[ErrorReason.WUKONG_ALREADY_EXISTS, 409, 6],
		[ErrorReason.RESOURCE_VERSION_CONFLICT, 409, 10],
		[ErrorReason.WUKONG_DELETING, 400, 9],
		[ErrorReason.UNAUTHENTICATED, 401, 16],
		[ErrorReason.PERMISSION_DENIED, 403, 7],
		[ErrorReason.TOO_MANY_REQUESTS, 429, 8],
		[ErrorReason.REQUEST_TOO_LARGE, 413, 8],
		[ErrorReason.UPSTREAM_UNAVAILABLE, 503, 14],
		[ErrorReason.DEADLINE_EXCEEDED, 504, 4],
		[ErrorReason.CANCELED, 499, 1],
		[ErrorReason.METHOD_NOT_FOUND, 404, 12],
		[ErrorReason.NOT_SUPPORTED, 501, 12],
		[ErrorReason.INTERNAL, 500, 13],
	])("%s is %d", async (reason, status, code) => {
		const port = await openRestPort(shapes, {
			ask() {
				throw toConnectError(new Failure(reason, "said by a test", { retryAfterMs: 1_200 }));
			},
		});
		const answer = await port.ask("GET", "/v1/ask");
		expect(answer).toMatchObject({
			status,
			json: { code, reason: ErrorReason[reason], message: "said by a test" },
		});
		expect(answer.headers.get("retry-after"), "whole seconds, rounded up").toBe("2");
		expect(answer.headers.get("cache-control")).toBe("no-store");
	});

	test("a fault of ours is 500 INTERNAL, and says nothing of it", async () => {
		const port = await openRestPort(shapes, {
			ask() {
				throw new TypeError("a secret");
			},
		});
		const answer = await port.ask("GET", "/v1/ask");
		expect([answer.status, answer.text.includes("secret")]).toEqual([500, false]);
		expect(port.seen.unexpected.splice(0)).toHaveLength(1);
	});
});

test("without entity tags a precondition is refused, not passed over", async () => {
	const port = await openRestPort(shapes, { ask: echo });
	const init = { headers: { "if-match": '"a"' } };
	expect((await port.ask("DELETE", "/v1/ask/a", init)).status).toBe(400);
	const read = await port.ask("GET", "/v1/ask/a", { headers: { "if-none-match": '"a"' } });
	expect([read.status, read.headers.get("etag")]).toEqual([200, null]);
	expect(port.seen.begun).toBe(1);
});

test("another path of the same shape and method is a fault of the contract: there is no port", async () => {
	const spec = createServiceImplSpec(shapes, { ask: echo } as never);
	const opening = openRestPort(shapes, {}, { services: [spec, spec] });
	await expect(opening).rejects.toThrow(/added twice/);
});

describe("Accept (RFC 9110, 12.5.1)", () => {
	const offered = ["application/json", "text/html"];
	test.each([
		[undefined, "application/json"],
		["*/*", "application/json"],
		["text/html", "text/html"],
		["text/*", "text/html"],
		["text/html,application/xml;q=0.9,*/*;q=0.8", "text/html"],
		["text/html;q=0.5, application/json", "application/json"],
		["text/html;level=1;q=0.5, application/json;q=0.4", "text/html"],
		["*/*, application/json;q=0", "text/html"],
		["TEXT/HTML", "text/html"],
		["image/png", undefined],
		["*/*;q=0", undefined],
		["text/html;q=2", undefined],
		["", undefined],
		["html", undefined],
	])("%j chooses %s", (accept, chosen) => {
		expect(chooseMediaType(accept, offered)).toBe(chosen);
	});
});

describe("a list of entity tags (RFC 9110, 13.1)", () => {
	test.each([
		["*", "*"],
		['"a"', ["a"]],
		['W/"a"', ["a"]],
		['"a", W/"b" ,"c,d"', ["a", "b", "c,d"]],
		['""', [""]],
		["a", undefined],
		['"a', undefined],
		['"a" "b"', undefined],
		['"a",', undefined],
		['*, "a"', undefined],
		['"a b"', undefined],
		["", undefined],
	])("%s", (text, tags) => {
		expect(parseTags(text)).toEqual(tags);
	});
});

test("indenting changes nothing: digits, order and what stands in strings stay", () => {
	const json = '{"b":1.0e+2,"a":"{[,:\\"\\\\","10":[],"2":{},"c":[1,{"d":null}]}';
	const indented = indentJson(json);
	expect(indented.split("\n").slice(0, 3)).toEqual([
		"{",
		'  "b": 1.0e+2,',
		'  "a": "{[,:\\"\\\\",',
	]);
	expect(indented).toContain('"10": [],\n  "2": {},\n  "c": [\n    1,\n    {\n      "d": null\n');
	expect(JSON.parse(indented)).toEqual(JSON.parse(json));
});
