import { expect, test } from "vitest";
import { LazyHeaders, touchedOf } from "../../../../server/src/rpc/call/headers.ts";

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
	expect([lazy.touched, touchedOf(lazy)]).toEqual([undefined, undefined]);
	expect(() => lazy.get("x")).toThrow(TypeError);
});

test("what was asked for is what is told", () => {
	const lazy = new LazyHeaders([]);
	lazy.set("x-a", "1");
	expect([...(touchedOf(lazy) ?? [])]).toEqual([["x-a", "1"]]);
	const plain = eager();
	expect(touchedOf(plain)).toBe(plain);
});
