import { describe, expect, test } from "vitest";
import { createRouter, type Match } from "../../../server/src/rpc/router.ts";

/** A router with one target for each template, by GET, and the target is the template. */
function routerOf(...templates: readonly string[]) {
	const router = createRouter<string>();
	for (const template of templates) router.add("GET", template, template);
	return router;
}

function variablesOf(match: Match<string> | undefined) {
	return match !== undefined && "variables" in match ? { ...match.variables } : undefined;
}

describe("a template of google/api/http.proto matches, and binds", () => {
	test.each([
		["/v1/shelves", "/v1/shelves", {}],
		["/v1/*", "/v1/a", {}],
		["/v1/**", "/v1/a/b/c", {}],
		["/v1/**", "/v1", {}],
		["/**", "/", {}],
		["/v1/{name}", "/v1/vm-1", { name: "vm-1" }],
		["/v1/{name=*}", "/v1/vm-1", { name: "vm-1" }],
		["/v1/{a.b}", "/v1/x", { "a.b": "x" }],
		["/v1/{name=shelves/*}", "/v1/shelves/1", { name: "shelves/1" }],
		["/v1/{name=shelves/*/books/*}", "/v1/shelves/1/books/2", { name: "shelves/1/books/2" }],
		["/v1/{shelf}/books/{book}", "/v1/1/books/2", { shelf: "1", book: "2" }],
		["/v1/{name=files/**}", "/v1/files/a/b", { name: "files/a/b" }],
		["/v1/{name=files/**}", "/v1/files", { name: "files" }],
		["/v1/{name=**}", "/v1/", { name: "" }],
		["/v1/{name}:archive", "/v1/vm-1:archive", { name: "vm-1" }],
		["/v1/{name=**}:archive", "/v1/a/b:archive", { name: "a/b" }],
		["/v1/things:list", "/v1/things:list", {}],
		["/v1/{a}/{b}", "/v1/x:y/z", { a: "x:y", b: "z" }],
	])("%s, %s", (template, path, variables) => {
		expect(variablesOf(routerOf(template).match("GET", path))).toEqual(variables);
	});
});

describe("a template does not match", () => {
	test.each([
		["/v1/{name}", "/v1/", "an empty segment is no value"],
		["/v1/{name}", "/v1", "a segment is missing"],
		["/v1/{name}", "/v1/a/b", "there is one too many"],
		["/v1/{name}", "/v1/a/", "a slash at the end is a segment"],
		["/v1/{name}", "//v1/a", "no slash is forgiven"],
		["/v1/{name}", "/V1/a", "letters differ by their case"],
		["/v1/{name}", "/v1/a:archive", "an unknown verb is no part of a name"],
		["/v1/{name}:archive", "/v1/a", "the verb is missing"],
		["/v1/{name}:archive", "/v1/a:delete", "the verb is another"],
		["/v1/{name}:archive", "/v1/:archive", "the name is missing"],
		["/v1/{name}:archive", "/v1/a%3Aarchive", "an encoded colon separates no verb"],
		["/v1/{name=shelves/*}", "/v1/books/1", "a literal differs"],
		["/v1/{name}", "/v1/%zz", "an encoding is malformed"],
		["/v1/{name}", "/v1/%ff", "an encoding is not of UTF-8"],
		["/v1/{name}", "*", "the target is no path"],
		["/v1/{name}", "", "there is none"],
	])("%s, %j: %s", (template, path) => {
		expect(routerOf(template).match("GET", path)).toBeUndefined();
	});
});

describe("values are decoded (http.proto, `Path template syntax`)", () => {
	test.each([
		["/v1/{name}", "/v1/a%20b", "a b"],
		["/v1/{name}", "/v1/a%2Fb", "a/b"],
		["/v1/{name}", "/v1/a%3Astart", "a:start"],
		["/v1/{name}:start", "/v1/a%3Astart:start", "a:start"],
		["/v1/{name}", "/v1/%C3%A4", "ä"],
		["/v1/{name}", "/v1/a+b", "a+b"],
		["/v1/{name}", "/v1/%2525", "%25"],
		["/v1/{name=x/*}", "/v1/x/a%2Fb", "x/a%2Fb"],
		["/v1/{name=**}", "/v1/a%2fb/c%20d", "a%2fb/c d"],
	])("%s, %s: %s", (template, path, name) => {
		expect(variablesOf(routerOf(template).match("GET", path))).toEqual({ name });
	});
});

describe("a template is malformed", () => {
	test.each([
		"",
		"v1",
		"/v1/",
		"/v1//a",
		"//a",
		"/v1/{name",
		"/v1/name}",
		"/v1/{}",
		"/v1/{1a}",
		"/v1/{a..b}",
		"/v1/{a.}",
		"/v1/{a={b}}",
		"/v1/{a=}",
		"/v1/{a=b/}",
		"/v1/x{a}",
		"/v1/{a}x",
		"/v1/{a}{b}",
		"/v1/**/a",
		"/v1/{a=**}/b",
		"/v1/{a=**/b}",
		"/v1/{a}/{a}",
		"/v1/a:",
		"/v1/a:b/c",
		"/v1/a:b:c",
		"/v1/a b",
		"/v1/%zz",
		"/v1/?",
	])("%j", (template) => {
		expect(() => routerOf(template)).toThrow(RangeError);
	});

	test("where the same paths have a target for the method already", () => {
		const router = routerOf("/v1/a", "/v1/{name}");
		for (const template of ["/v1/a", "/v1/{name}", "/v1/{id=*}"]) {
			expect(() => router.add("GET", template, "again")).toThrow(/added twice/);
			if (template !== "/v1/{id=*}") router.add("POST", template, "another method");
		}
	});
});

describe("among several", () => {
	test("a literal wins over one segment, and one segment over the rest, whatever the order", () => {
		const router = routerOf("/v1/{name=**}", "/v1/{name}", "/v1/a", "/v1/{name}/b", "/v1/a/{id}");
		expect(router.match("GET", "/v1/a")).toMatchObject({ target: "/v1/a" });
		expect(router.match("GET", "/v1/b")).toMatchObject({ target: "/v1/{name}" });
		expect(router.match("GET", "/v1/a/b")).toMatchObject({ target: "/v1/a/{id}" });
		expect(router.match("GET", "/v1/c/b")).toMatchObject({ target: "/v1/{name}/b" });
		expect(router.match("GET", "/v1/a/b/c")).toMatchObject({ target: "/v1/{name=**}" });
	});

	test("a way that leads nowhere is gone back, to a template that matches", () => {
		const router = routerOf("/v1/a/x", "/v1/{name}/y", "/{kind}/a/z", "/{path=**}:end");
		expect(router.match("GET", "/v1/a/y")).toMatchObject({ variables: { name: "a" } });
		expect(router.match("GET", "/v1/a/z")).toMatchObject({ variables: { kind: "v1" } });
		expect(router.match("GET", "/v1/a/y:end")).toMatchObject({ variables: { path: "v1/a/y" } });
		expect(router.match("GET", "/v1/a/w")).toBeUndefined();
	});

	test("a target for any method gets those that the path has no other for", () => {
		const router = createRouter<string>();
		router.add("*", "/v1/{name}", "any");
		router.add("GET", "/v1/{name}", "get");
		expect(router.match("GET", "/v1/a")).toMatchObject({ target: "get" });
		expect(router.match("LINK", "/v1/a")).toMatchObject({ target: "any" });
	});

	test("a verb has its own target", () => {
		const router = routerOf("/v1/{name}", "/v1/{name}:start", "/v1/{name}:stop");
		expect(router.match("GET", "/v1/a:stop")).toMatchObject({ target: "/v1/{name}:stop" });
		expect(router.match("GET", "/v1/a")).toMatchObject({ target: "/v1/{name}" });
	});

	test("a method that the path lacks gets those that it has (RFC 9110, 15.5.6)", () => {
		const router = createRouter<string>();
		router.add("GET", "/v1/{name}", "get");
		router.add("DELETE", "/v1/{name}", "delete");
		router.add("PUT", "/v1/{id=*}", "put");
		router.add("POST", "/v1/a", "post");
		expect(router.match("PATCH", "/v1/b")).toEqual({
			allowedMethods: ["GET", "DELETE", "PUT"],
			sibling: "get",
		});
		expect(router.match("PUT", "/v1/b")).toMatchObject({ target: "put", variables: { id: "b" } });
		expect(router.match("GET", "/v1/a")).toMatchObject({ target: "get" });
		expect(router.match("PATCH", "/v1/a")).toEqual({
			allowedMethods: ["POST", "GET", "DELETE", "PUT"],
			sibling: "post",
		});
		expect(router.match("GET", "/v2")).toBeUndefined();
	});

	test("a variable may have any name", () => {
		expect(variablesOf(routerOf("/{__proto__}").match("GET", "/x"))).toEqual({
			["__proto__"]: "x",
		});
	});
});
