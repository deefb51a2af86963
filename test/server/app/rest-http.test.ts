import { describe, expect, test } from "vitest";
import { open, read, settled, vm } from "./rest-stage.ts";

describe("what curl meets (RFC 9110)", () => {
	test.each([
		["GET", "/api/v1/nothing", {}, 404, "METHOD_NOT_FOUND"],
		["PUT", "/api/v1/wukongs", {}, 405, "METHOD_NOT_FOUND"],
		["POST", "/livez", {}, 405, "METHOD_NOT_FOUND"],
		["GET", "/api/v1/wukongs", { accept: "application/xml" }, 406, "INVALID_REQUEST"],
		[
			"POST",
			"/api/v1/wukongs",
			{ "content-type": "application/x-www-form-urlencoded" },
			415,
			"INVALID_REQUEST",
		],
		["POST", "/api/v1/wukongs", { "content-encoding": "zz" }, 415, "METHOD_NOT_FOUND"],
		[
			"POST",
			"/api/v1/wukongs/a:start",
			{ "x-http-method-override": "DELETE" },
			400,
			"INVALID_REQUEST",
		],
		["GET", "/api/v1/wukongs", { "connect-timeout-ms": "x" }, 400, "INVALID_REQUEST"],
	] as const)("%s %s %j is %d %s", async (method, path, headers, status, reason) => {
		await using service = await open();
		const body = method === "POST" ? "{}" : undefined;
		const answer = await service.ask(method, path, body, headers);
		expect(answer.status).toBe(status);
		expect(answer.headers.get("content-type")).toBe("application/json");
		expect(await answer.json()).toMatchObject({ reason, message: expect.any(String) });
	});

	test("too large a body is 413 REQUEST_TOO_LARGE", async () => {
		await using service = await open("--max-request-bytes=1024");
		const answer = await service.ask("POST", "/api/v1/wukongs", { name: "a".repeat(2_000) });
		expect([answer.status, await answer.json()]).toMatchObject([
			413,
			{ reason: "REQUEST_TOO_LARGE" },
		]);
	});

	test("a wrong content type is told what to send, and a missing one means JSON", async () => {
		await using service = await open();
		const body = JSON.stringify(vm);
		const post = (headers: Record<string, string>) =>
			fetch(`${service.app.url}/api/v1/wukongs`, {
				method: "POST",
				headers,
				body: new Blob([body], { type: headers["content-type"] ?? "" }),
			});
		const wrong = await post({ "content-type": "text/plain" });
		expect([wrong.status, wrong.headers.get("accept-post")]).toEqual([415, "application/json"]);
		expect((await read(wrong)).message).toContain("curl --json");
		expect((await post({})).status).toBe(201);
	});

	test("405 names what a path takes, as OPTIONS does", async () => {
		await using service = await open();
		const refused = await service.ask("POST", "/api/v1/wukongs/web-1");
		const options = await service.ask("OPTIONS", "/api/v1/wukongs/web-1");
		expect([refused.status, options.status]).toEqual([405, 204]);
		for (const { headers } of [refused, options]) {
			const methods = headers.get("allow")?.split(", ").sort();
			expect(methods).toEqual(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"]);
		}
	});

	test("HEAD has the fields of GET and no body", async () => {
		await using service = await open();
		await service.ask("POST", "/api/v1/wukongs", vm);
		await settled(service.app);
		const [get, head] = (await Promise.all(
			["GET", "HEAD"].map((method) => service.ask(method, "/api/v1/wukongs/web-1")),
		)) as [Response, Response];
		for (const name of ["etag", "content-length", "content-type", "cache-control"]) {
			expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
		}
		expect([head.status, await head.text()]).toEqual([200, ""]);
		await get.text();
		expect((await service.ask("HEAD", "/api/v1/wukongs/nobody")).status).toBe(404);
	});

	test("?pretty indents answers and errors, and changes nothing else", async () => {
		await using service = await open();
		await service.ask("POST", "/api/v1/wukongs", vm);
		await settled(service.app);
		const pretty = await (await service.ask("GET", "/api/v1/wukongs/web-1?pretty")).text();
		const plain = await (await service.ask("GET", "/api/v1/wukongs/web-1")).text();
		expect(pretty).toMatch(/^\{\n {2}"wukong": \{\n {4}"name": "web-1",\n/);
		expect(JSON.stringify(JSON.parse(pretty))).toBe(plain);
		for (const path of ["/api/v1/wukongs/nobody?pretty=true", "/nothing?pretty"]) {
			expect(await (await service.ask("GET", path)).text()).toMatch(/^\{\n {2}"code": /);
		}
	});

	test("a browser gets a short page where there is nothing, curl gets JSON", async () => {
		await using service = await open("--base-path=/a/b");
		const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
		for (const [path, status, link] of [
			["/nothing", 404, '<a href="/a/b/">'],
			["/", 200, '<a href="/a/b/api/v1/wukongs">'],
		] as const) {
			const page = await service.ask("GET", path, undefined, { accept });
			expect([page.status, page.headers.get("content-type")]).toEqual([
				status,
				"text/html; charset=utf-8",
			]);
			expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
			expect(await page.text()).toContain(link);
			const plain = await service.ask("GET", path, undefined, { accept: "*/*" });
			expect([plain.status, plain.headers.get("content-type")]).toEqual([
				status,
				"application/json",
			]);
			await plain.text();
		}
	});

	test("--base-path: a request may have the prefix or lack it, Location has it", async () => {
		await using service = await open("--base-path=/a/b");
		const created = await service.ask("POST", "/a/b/api/v1/wukongs", vm);
		const location = created.headers.get("location") ?? "";
		expect(location).toBe("/a/b/api/v1/namespaces/default/wukongs/web-1");
		for (const [path, status] of [
			[location, 200],
			["/api/v1/wukongs/web-1", 200],
			["/a/b", 200],
			["/a/b/livez", 200],
			["/a/bc/livez", 404],
			["/a/b/a/b/livez", 404],
		] as const) {
			expect([path, (await service.ask("GET", path)).status]).toEqual([path, status]);
		}
		const path = "/a/b/novasphere.v1.WukongService/GetWukong";
		expect((await service.ask("POST", path, { name: "web-1" })).status).toBe(200);
	});

	test("calls are counted as `rest`", async () => {
		await using service = await open();
		await service.ask("GET", "/api/v1/wukongs");
		const metrics = await (await service.ask("GET", "/metrics")).text();
		expect(metrics).toMatch(/method="ListWukongs",[^\n]*protocol="rest"/);
	});
});
