import { describe, expect, test } from "vitest";
import { type AssetMount, createAssetLookup } from "../../../server/src/port/assets.ts";
import { openPort } from "../../support/port-fixture.ts";
import { openRaw } from "../../support/raw-client.ts";

const page = Buffer.from("<!doctype html><p>ø</p>");
const headers = [
	"content-type",
	"text/html; charset=utf-8",
	"etag",
	'W/"v1"',
	"cache-control",
	"public, max-age=60",
	"content-security-policy",
	"default-src 'self'",
];

/** A folder that has any file whose name begins with "a", and tells what it was asked for. */
function folder(asked: string[] = []): AssetMount {
	return {
		prefix: "/console/",
		find(rest) {
			asked.push(rest);
			return /(?:^|\/)a[^/]*$/.test(rest) || rest === ""
				? { respond: () => ({ status: 200, headers, body: page }) }
				: undefined;
		},
	};
}

describe("an asset", () => {
	test("has its bytes, its header fields and its length, for GET and HEAD", async () => {
		const { url } = await openPort({ assets: [folder()] });
		for (const method of ["GET", "HEAD"]) {
			const response = await fetch(`${url}/console/app.html?x`, { method });
			expect(response.status).toBe(200);
			expect(Object.fromEntries(response.headers)).toMatchObject({
				"content-type": "text/html; charset=utf-8",
				etag: 'W/"v1"',
				"cache-control": "public, max-age=60",
				"content-security-policy": "default-src 'self'",
				"content-length": String(page.byteLength),
				"x-content-type-options": "nosniff",
			});
			const body = Buffer.from(await response.arrayBuffer());
			expect(body).toEqual(method === "GET" ? page : Buffer.alloc(0));
		}
	});

	test("takes no other method: 405 with Allow (RFC 9110, 15.5.6)", async () => {
		const { url } = await openPort({ assets: [folder()] });
		const response = await fetch(`${url}/console/app.html`, { method: "POST" });
		expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
	});

	test("says by OPTIONS what it takes (RFC 9110, 9.3.7)", async () => {
		const { url } = await openPort({ assets: [folder()] });
		const response = await fetch(`${url}/console/app.html`, { method: "OPTIONS" });
		expect([response.status, response.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
	});

	test.each([
		['W/"v1"', 304],
		['"v1"', 304],
		['"v0", W/"v1" , "v2"', 304],
		["*", 304],
		['"v0"', 200],
		["v1", 200],
		['"v1', 200],
		["", 200],
	])("If-None-Match %j is %i (RFC 9110, 13.1.2)", async (value, status) => {
		const { portNumber } = await openPort({ assets: [folder()] });
		const client = await openRaw(portNumber);
		const fields = `Host: localhost\r\nConnection: close\r\nIf-None-Match: ${value}`;
		await client.send(`GET /console/a HTTP/1.1\r\n${fields}\r\n\r\n`);
		await client.expectClosed();
		const text = client.received();
		expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
		expect(text).toMatch(/\r\netag: W\/"v1"\r\n/);
		if (status === 304) expect(text).toMatch(/\r\ncache-control: public, max-age=60\r\n/);
		if (status === 304) expect(text).not.toMatch(/content-type:|content-length: 2|doctype/);
	});
});

describe("a path behind a prefix", () => {
	test.each([
		["/console/", ""],
		["/console/a.js", "a.js"],
		["/console/x/a%20b.js", "x/a b.js"],
		["/console/%C3%A9/a", "é/a"],
		["/console/x/", "x/"],
	])("%s is asked for decoded", (path, rest) => {
		const asked: string[] = [];
		createAssetLookup([folder(asked)])(path);
		expect(asked).toEqual([rest]);
	});

	test.each([
		"/console/../a",
		"/console/%2e%2e/a",
		"/console/.%2E/a",
		"/console/x/../a",
		"/console/./a",
		"/console/..",
		"/console/x%2fa",
		"/console/x%2F..%2Fa",
		"/console/..%5ca",
		"/console/..\\a",
		"/console//a",
		"/console/a%00",
		"/console/a%0a",
		"/console/%ff",
		"/console/%c0%ae%c0%ae/a",
		"/console/%",
		"/console/%zz",
	])("%s leads nowhere", async (path) => {
		const asked: string[] = [];
		expect(createAssetLookup([folder(asked)])(path)).toBeUndefined();
		expect(asked).toEqual([]);
		const { portNumber } = await openPort({ assets: [folder()] });
		const client = await openRaw(portNumber);
		await client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
		await client.expectClosed();
		expect(client.received()).toMatch(/^HTTP\/1\.1 40[04] /);
	});

	test.each(["/console", "/consolex", "/other/a"])("%s is not behind it", (path) => {
		expect(createAssetLookup([folder()])(path)).toBeUndefined();
	});

	test("an exact path wins over a prefix, a long prefix over a short one", () => {
		const [exact, long, short] = [1, 2, 3].map(() => ({
			respond: () => ({ status: 200, headers: [], body: page }),
		}));
		const lookup = createAssetLookup([
			{ prefix: "/", find: () => short },
			{ prefix: "/x/", find: () => long },
			{ path: "/x/exact", asset: exact as never },
		]);
		expect([lookup("/x/exact"), lookup("/x/a"), lookup("/a")]).toEqual([exact, long, short]);
		expect(lookup("/x/a")).toBe(long);
	});

	test.each([
		[{ prefix: "/x", find: () => undefined }],
		[{ prefix: "x/", find: () => undefined }],
		[{ path: "x", asset: { respond: () => ({ status: 200, headers: [], body: page }) } }],
	])("a mount that is malformed is refused at wiring: %j", (mount) => {
		expect(() => createAssetLookup([mount])).toThrow(RangeError);
	});
});
