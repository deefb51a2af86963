import { expect, test } from "vitest";
import { startApp } from "../../support/running-app.ts";

test("the description of the API is at /openapi.json, and who has it gets 304", async () => {
	await using app = await startApp();
	const answer = await fetch(`${app.url}/openapi.json`);
	expect(answer.headers.get("content-type")).toBe("application/json");
	expect(await answer.json()).toMatchObject({ openapi: "3.1.0" });
	const etag = answer.headers.get("etag") as string;
	const again = await fetch(`${app.url}/openapi.json`, { headers: { "if-none-match": etag } });
	expect(again.status).toBe(304);
});

test("its page takes nothing from elsewhere and nothing inline", async () => {
	await using app = await startApp();
	const answer = await fetch(`${app.url}/docs`);
	const policy = answer.headers.get("content-security-policy");
	expect(policy).toContain("default-src 'none'");
	expect(policy).not.toContain("unsafe");
	expect(await answer.text()).not.toMatch(/https?:|<script>|<style|style=/);
});

test("of the viewer's package only what a page needs is served", async () => {
	await using app = await startApp();
	for (const [file, type] of [
		["swagger-ui.css", "text/css; charset=utf-8"],
		["swagger-ui-bundle.js", "text/javascript; charset=utf-8"],
		["LICENSE", "text/plain; charset=utf-8"],
	]) {
		const answer = await fetch(`${app.url}/docs/${file}`);
		await answer.body?.cancel();
		expect([file, answer.status, answer.headers.get("content-type")]).toEqual([file, 200, type]);
	}
	for (const path of ["package.json", "index.html", "..%2fclient.js"]) {
		expect([path, (await fetch(`${app.url}/docs/${path}`)).status]).toEqual([path, 404]);
	}
});

test("under a prefix the description names it, so that what is tried from the page arrives", async () => {
	await using app = await startApp("--base-path", "/wukong");
	const description = await (await fetch(`${app.url}/wukong/openapi.json`)).json();
	expect(description).toMatchObject({ openapi: "3.1.0", servers: [{ url: "/wukong" }] });
});
