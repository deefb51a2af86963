import { createHash } from "node:crypto";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { queryText, suffixOf } from "../../../server/src/watch/filter.ts";
import { formatPageToken, parsePageToken } from "../../../server/src/watch/page-token.ts";
import { Places } from "../../../server/src/watch/places.ts";
import { filterOf } from "../../support/watching.ts";

const queryOf = (fields?: Parameters<typeof filterOf>[0]) => {
	const filter = filterOf(fields);
	return { text: queryText(filter), suffix: suffixOf(filter) };
};
const query = queryOf();
const after = { namespace: "default", name: "vm-1" };

/** A token of a replica whose versions have other texts. */
function tokenOf(version: string): string {
	const content = `${version}.${Buffer.from("default/vm-1").toString("base64url")}`;
	const sum = createHash("sha256")
		.update(`${content}\n${query.text}`)
		.digest("base64url")
		.slice(0, 16);
	return `${content}.${sum}`;
}

const reasonOf = (token: string, of = query) => {
	try {
		return parsePageToken(token, of, 1);
	} catch (error) {
		return (error as { reason: ErrorReason }).reason;
	}
};

describe("a page token", () => {
	test("of one place is its version, the place and a sum, joined by dots", () => {
		const token = formatPageToken({ places: new Places([7n]), after }, query);
		expect(token).toBe(tokenOf("7"));
		expect(parsePageToken(token, query, 1)).toMatchObject({ places: { positions: [7n] }, after });
	});

	test.each(["1.2", "1~2", "1.0~2.1~3", "5-hash", "5.4-s.x"])(
		"whose version is %s is of a replica that watches other kinds: PAGE_TOKEN_EXPIRED",
		(version) => expect(reasonOf(tokenOf(version))).toBe(ErrorReason.PAGE_TOKEN_EXPIRED),
	);

	test.each(["", "a", "1.2.3", "start-over", "01", "1~~2"])(
		"whose version is %j is PAGE_TOKEN_INVALID",
		(version) => expect(reasonOf(tokenOf(version))).toBe(ErrorReason.PAGE_TOKEN_INVALID),
	);

	test("is bound to the set of namespaces, in whatever order that is given: under another one PAGE_TOKEN_EXPIRED", () => {
		const of = (...namespace: string[]) => queryOf({ namespace });
		const token = formatPageToken({ places: new Places([7n]), after }, of("a", "b"));
		expect(reasonOf(token, of("b", "a", "b"))).toMatchObject({
			places: { positions: [7n] },
			after,
		});
		for (const other of [of("a"), of("a", "b", "c"), of(), query]) {
			expect(reasonOf(token, other)).toBe(ErrorReason.PAGE_TOKEN_EXPIRED);
			const unbound = formatPageToken({ places: new Places([7n]), after }, other);
			expect(reasonOf(unbound, of("a", "b"))).toBe(ErrorReason.PAGE_TOKEN_EXPIRED);
		}
		expect(reasonOf(token, queryOf({ namespace: "a" }))).toBe(ErrorReason.PAGE_TOKEN_INVALID);
	});

	test("is PAGE_TOKEN_INVALID for any other text", () => {
		fc.assert(
			fc.property(fc.string(), (text) => {
				expect(reasonOf(text)).toBe(ErrorReason.PAGE_TOKEN_INVALID);
			}),
		);
	});
});
