import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { copiedHeaders, LazyHeaders } from "../../../../server/src/rpc/call/lazy-headers.ts";

const fields = ["x-a", "1", "x-b", "2", "x-a", "3", "set-cookie", "c=1", "set-cookie", "d=2"];
const eager = () => {
	const headers = new Headers();
	for (let i = 0; i < fields.length; i += 2) headers.append(fields[i] ?? "", fields[i + 1] ?? "");
	return headers;
};

/** Every way to read or change headers. */
const uses: Readonly<Record<string, (headers: Headers) => unknown>> = {
	get: (headers) => [headers.get("X-A"), headers.get("none")],
	has: (headers) => [headers.has("x-b"), headers.has("none")],
	getSetCookie: (headers) => headers.getSetCookie(),
	entries: (headers) => [...headers.entries()],
	keys: (headers) => [...headers.keys()],
	values: (headers) => [...headers.values()],
	iteration: (headers) => [...headers],
	forEach(headers) {
		const seen: unknown[] = [];
		headers.forEach((value, name) => void seen.push([name, value]));
		return seen;
	},
	append: (headers) => headers.append("x-a", "4"),
	set: (headers) => headers.set("x-a", "4"),
	delete: (headers) => headers.delete("x-a"),
	copy: (headers) => [...new Headers(headers)],
};

test.each(Object.entries(uses))("%s does what it does on plain headers", (_name, use) => {
	const [lazy, plain] = [new LazyHeaders(fields), eager()];
	expect(use(lazy)).toEqual(use(plain));
	expect([...lazy]).toEqual([...plain]);
});

test("nothing is made before somebody asks", () => {
	const lazy = new LazyHeaders(["not a name", "\n"]);
	expect([lazy.copied, copiedHeaders(lazy)]).toEqual([undefined, undefined]);
	expect(() => [...lazy]).toThrow(TypeError);
});

test("what was asked for is what is told", () => {
	const lazy = new LazyHeaders([]);
	lazy.set("x-a", "1");
	expect([...(copiedHeaders(lazy) ?? [])]).toEqual([["x-a", "1"]]);
	const plain = eager();
	expect(copiedHeaders(plain)).toBe(plain);
});

describe("a look-up by name", () => {
	const name = fc.constantFrom("x-a", "x-b", "set-cookie", "cookie", "content-type", "__proto__");
	const space = fc.constantFrom("", " ", "\t", " \t ");
	const value = fc
		.tuple(space, fc.constantFrom("", "1", "a, b", "\u00e4", "c=1; d"), space)
		.map((parts) => parts.join(""));
	const asked = fc.oneof(
		name,
		name.map((text) => text.toUpperCase()),
		fc.constantFrom("", "X-a", "no name", "\u212a", "x\u00e4", "\n", undefined, 5, null),
	);
	const outcome = (run: () => unknown) => {
		try {
			return run();
		} catch (error) {
			return error instanceof TypeError ? "TypeError" : error;
		}
	};

	test("finds what `Headers` finds, and copies nothing", () => {
		const given = fc.array(fc.tuple(name, value), { maxLength: 8 });
		const property = fc.property(given, asked, (pairs, name) => {
			const lazy = new LazyHeaders(pairs.flat());
			const plain = new Headers();
			for (const pair of pairs) plain.append(...pair);
			for (const method of ["get", "has"] as const) {
				expect(outcome(() => lazy[method](name as never))).toEqual(
					outcome(() => plain[method](name as never)),
				);
			}
			if (typeof name === "string" && /^[\w-]+$/.test(name)) expect(lazy.copied).toBeUndefined();
			expect([...lazy]).toEqual([...plain]);
			// What is written counts from then on.
			for (const headers of [lazy, plain]) headers.append("x-a", "new");
			expect(lazy.get("x-a")).toBe(plain.get("x-a"));
		});
		fc.assert(property, { numRuns: 500 });
	});
});
