import { describe, expect, test } from "vitest";
import { open, read, settled, tagOf, vm } from "./rest-stage.ts";

describe("the contract's routes", () => {
	test("a VM is created (201, Location), read, listed, changed, switched and deleted", async () => {
		await using service = await open();
		const { ask } = service;
		const created = await ask("POST", "/api/v1/wukongs", vm);
		expect([created.status, created.headers.get("location")]).toEqual([
			201,
			"/api/v1/namespaces/default/wukongs/web-1",
		]);
		const prod = await ask("POST", "/api/v1/namespaces/prod/wukongs", vm);
		expect(prod.headers.get("location")).toBe("/api/v1/namespaces/prod/wukongs/web-1");
		expect(
			(await read(await ask("GET", "/api/v1/namespaces/prod/wukongs/web-1"))).wukong,
		).toMatchObject({
			namespace: "prod",
		});
		const list = await ask("GET", "/api/v1/wukongs?labels[app]=web&pageSize=1");
		expect(list.headers.get("cache-control")).toBe("private, no-cache");
		expect(await list.json()).toMatchObject({ wukongs: [{ namespace: "default" }] });
		for (const path of ["web-1:stop", "web-1/start", "web-1:start"]) {
			const { status } = await ask("POST", `/api/v1/wukongs/${path}`);
			expect([path, status]).toEqual([path, 200]);
		}
		expect((await ask("POST", "/api/v1/wukongs/web-1:halt")).status).toBe(404);
		expect((await ask("POST", "/api/v1/wukongs/web-1%3Astop")).status).toBe(405);
		expect((await ask("DELETE", "/api/v1/namespaces/prod/wukongs/web-1")).status).toBe(200);
		const missing = await ask("GET", "/api/v1/wukongs/nobody");
		expect(missing.status).toBe(404);
		expect(await missing.json()).toMatchObject({
			code: 5,
			reason: "WUKONG_NOT_FOUND",
			details: [{ metadata: { namespace: "default", name: "nobody" } }],
		});
	});

	test("the bytes of a read are those of Connect JSON", async () => {
		await using service = await open();
		await service.ask("POST", "/api/v1/wukongs", vm);
		await settled(service.app);
		const connect = await service.ask("POST", "/novasphere.v1.WukongService/GetWukong", {
			name: "web-1",
		});
		const rest = await service.ask("GET", "/api/v1/wukongs/web-1");
		expect(await rest.text()).toBe(await connect.text());
	});

	test("a dry run creates nothing and says no Location", async () => {
		await using service = await open();
		const tried = await service.ask("POST", "/api/v1/wukongs?validateOnly=true", vm);
		expect([tried.status, tried.headers.get("location"), tried.headers.get("etag")]).toEqual([
			...[200, null, null],
		]);
		expect((await service.ask("GET", "/api/v1/wukongs/web-1")).status).toBe(404);
	});
});

describe("an update", () => {
	test("by PATCH takes its mask from the body: null unsets, maps go key by key (RFC 7396)", async () => {
		await using service = await open();
		await service.ask("POST", "/api/v1/wukongs", { ...vm, annotations: { note: "a" } });
		const body = { labels: { My_Key: null, tier: "front" }, annotations: null, spec: { cpu: 4 } };
		const patched = await service.ask("PATCH", "/api/v1/wukongs/web-1", body);
		const { wukong } = await read(patched);
		expect(wukong).toMatchObject({
			labels: { app: "web", tier: "front" },
			spec: { cpu: 4, memory: "4Gi" },
		});
		expect(wukong).not.toHaveProperty("annotations");
		expect(wukong.labels).not.toHaveProperty("My_Key");
		const whole = { ...vm, spec: { ...vm.spec, cpu: 4 }, labels: {} };
		const put = await service.ask("PUT", "/api/v1/wukongs/web-1", whole);
		expect((await read(put)).wukong).not.toHaveProperty("labels");
		expect((await service.ask("PUT", "/api/v1/wukongs/web-1", { labels: {} })).status).toBe(400);
	});

	test("whose body contradicts the path is refused, and nothing is stored", async () => {
		await using service = await open();
		await service.ask("POST", "/api/v1/wukongs", vm);
		for (const [path, body] of [
			["/api/v1/wukongs/web-1", { name: "web-2", labels: {} }],
			["/api/v1/namespaces/prod/wukongs/web-1", { namespace: "default", labels: {} }],
		] as const) {
			const refused = await service.ask("PUT", path, body);
			expect([refused.status, await refused.json()]).toMatchObject([
				400,
				{ reason: "INVALID_REQUEST" },
			]);
		}
		expect((await read(await service.ask("GET", "/api/v1/wukongs/web-1"))).wukong.labels).toEqual(
			vm.labels,
		);
	});
});

describe("entity tags (RFC 9110, 8.8.3 and 13)", () => {
	test("a read that is known is 304, and one of another state is not", async () => {
		await using service = await open();
		await service.ask("POST", "/api/v1/wukongs", vm);
		await settled(service.app);
		for (const path of ["/api/v1/wukongs/web-1", "/api/v1/wukongs"]) {
			const first = await service.ask("GET", path);
			const tag = tagOf(first).replace("W/", "");
			for (const known of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
				const again = await service.ask("GET", path, undefined, { "if-none-match": known });
				expect([known, again.status, await again.text()]).toEqual([known, 304, ""]);
				expect(again.headers.get("etag")).toBe(known.startsWith("W/") ? known : tag);
				expect(again.headers.get("content-length")).toBeNull();
			}
			const other = await service.ask("GET", path, undefined, { "if-none-match": '"x"' });
			expect(other.status).toBe(200);
			await service.ask("PATCH", "/api/v1/wukongs/web-1", {
				labels: { round: path.length.toString() },
			});
			const changed = await service.ask("GET", path, undefined, { "if-none-match": tagOf(first) });
			expect(changed.status).toBe(200);
		}
	});

	test("a write with the tag of another state is 412, with that of a read or a write it is done", async () => {
		await using service = await open();
		const created = await service.ask("POST", "/api/v1/wukongs", vm);
		await settled(service.app);
		// The operator has written status since: a precondition covers what callers write.
		const stopped = await service.ask("POST", "/api/v1/wukongs/web-1:stop", undefined, {
			"if-match": tagOf(created),
		});
		expect(stopped.status).toBe(200);
		for (const [method, path, body] of [
			["PATCH", "/api/v1/wukongs/web-1", { labels: { a: "b" } }],
			["PUT", "/api/v1/wukongs/web-1", vm],
			["DELETE", "/api/v1/wukongs/web-1", undefined],
			["POST", "/api/v1/wukongs/web-1:start", undefined],
		] as const) {
			for (const tag of [tagOf(created), '"foreign"', '""', '".x"']) {
				const refused = await service.ask(method, path, body, { "if-match": tag });
				expect([method, tag, refused.status]).toEqual([method, tag, 412]);
				expect(await refused.json()).toMatchObject({
					code: 10,
					reason: "RESOURCE_VERSION_CONFLICT",
				});
			}
		}
		const patched = await service.ask(
			"PATCH",
			"/api/v1/wukongs/web-1",
			{ labels: { a: "b" } },
			{
				"if-match": `W/${tagOf(stopped).replace("W/", "")}`,
			},
		);
		expect(patched.status).toBe(200);
		const now = await service.ask("GET", "/api/v1/wukongs/web-1", undefined, {
			"if-match": tagOf(stopped),
		});
		expect(now.status).toBe(412);
		const deleted = await service.ask("DELETE", "/api/v1/wukongs/web-1", undefined, {
			"if-match": tagOf(patched),
		});
		expect(deleted.status).toBe(200);
	});

	test("without If-Match the same conflict is 409", async () => {
		await using service = await open();
		await service.ask("POST", "/api/v1/wukongs", vm);
		const stale = await service.ask(
			"DELETE",
			"/api/v1/wukongs/web-1?resourceVersion=0-0123456789abcdef",
		);
		expect(stale.status).toBe(409);
	});

	test.each([
		["POST", "/api/v1/wukongs", vm, { "if-match": '"x"' }],
		["PATCH", "/api/v1/wukongs/web-1", {}, { "if-none-match": "*" }],
		["PATCH", "/api/v1/wukongs/web-1", {}, { "if-match": '"a", "b"' }],
		["PATCH", "/api/v1/wukongs/web-1", {}, { "if-match": "a" }],
		[
			"PATCH",
			"/api/v1/wukongs/web-1",
			{ resourceVersion: "1-0123456789abcdef" },
			{ "if-match": '"a.b"' },
		],
		["GET", "/api/v1/wukongs", undefined, { "if-none-match": '"a' }],
	])("%s %s %j with %j is refused", async (method, path, body, headers) => {
		await using service = await open();
		const refused = await service.ask(method, path, body, headers as Record<string, string>);
		expect([refused.status, await refused.json()]).toMatchObject([
			400,
			{ reason: "INVALID_REQUEST" },
		]);
	});
});
