// Builds a page of the installed web client with the bundlers that most people have, and runs each
// bundle in Chromium before a service, under a policy that forbids eval.
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer as createViteServer } from "vite";
import { startChromium } from "../test/browser/chromium.ts";
import { startApp } from "../test/support/running-app.ts";
import { root } from "./source-files.ts";

/** Runs one check, and says that it passed. */
export type Step = (name: string, check: () => unknown) => Promise<void>;

const page = `
import { createWukongClient } from "@novasphere/wukong-client";
const baseUrl = new URLSearchParams(location.search).get("service");
const client = createWukongClient({ baseUrl });
client.liveList().subscribe(({ items, status }) => {
	document.title = status + ": " + items.map(({ name }) => name).join();
});
// Loaded on demand.
client.waitFor("vm-0", () => true).then(({ name }) => {
	document.body.className = name;
});
`;
const html = (script: string) => `<!doctype html><script type="module" src="${script}"></script>`;
const webpackRun = `
import webpack from "webpack";
const config = { mode: "production", context: process.cwd(), entry: "./page.js", performance: { hints: false } };
webpack({ ...config, output: { path: process.cwd() + "/webpack-dist" } }, (error, stats) => {
	if (error) throw error;
	if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
});
`;

/** @param folder has the client and the bundlers installed */
export async function tryBundles(folder: string, step: Step): Promise<void> {
	const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
	const run = (...args: string[]) =>
		execFileSync(process.execPath, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
	write("page.js", page);
	write("index.html", html("/page.js"));
	write("webpack-run.js", webpackRun);
	await step("Vite builds a page of it", () =>
		run("node_modules/vite/bin/vite.js", "build", "--logLevel", "error", "--outDir", "vite-dist"),
	);
	await step("webpack builds a page of it, without a warning", () => run("webpack-run.js"));
	write("webpack-dist/index.html", html("/main.js"));
	for (const bundler of ["vite", "webpack"]) {
		await step(`the page that ${bundler} built shows a live list in Chromium, without eval`, () =>
			showsList(join(folder, `${bundler}-dist`)),
		);
	}
	await step("the Vue example shows a live list, and its button stops a VM", () =>
		tryVueExample(join(folder, "vue")),
	);
}

/** Runs the example as its reader does: by Vite's development server, which hands calls on. */
async function tryVueExample(copy: string): Promise<void> {
	await using stack = new AsyncDisposableStack();
	cpSync(join(root, "docs/examples/vue"), copy, { recursive: true });
	const app = stack.use(await startApp("--seed", "2"));
	process.env.WUKONG_URL = app.url;
	const vite = await createViteServer({
		root: copy,
		logLevel: "silent",
		cacheDir: join(copy, ".vite"),
		server: { port: 0, host: "127.0.0.1" },
	});
	stack.defer(() => vite.close());
	await vite.listen();
	const browser = await startChromium();
	stack.defer(() => browser.close());
	const tab = await browser.newPage();
	await tab.goto(vite.resolvedUrls?.local[0] ?? "");
	await tab.waitForFunction(() => document.getElementById("status")?.textContent === "live");
	const row = tab.locator("tr", { hasText: "vm-1" });
	await row.getByRole("button").click();
	await row.getByText("STOP").first().waitFor();
}

async function showsList(dist: string): Promise<void> {
	await using stack = new AsyncDisposableStack();
	const server = createServer(({ url = "/" }, response) => {
		const { pathname } = new URL(url, "http://localhost");
		const isPage = pathname === "/";
		response.setHeader("content-type", isPage ? "text/html" : "text/javascript");
		response.setHeader("content-security-policy", "script-src 'self'");
		try {
			response.end(readFileSync(join(dist, isPage ? "index.html" : pathname)));
		} catch {
			response.writeHead(404).end();
		}
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	stack.defer(() => void server.close().closeAllConnections());
	const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const app = stack.use(await startApp("--seed", "2", "--cors-origins", origin));
	const browser = await startChromium();
	stack.defer(() => browser.close());
	const tab = await browser.newPage();
	const complaints: string[] = [];
	tab.on("pageerror", (error) => complaints.push(String(error)));
	await tab.goto(`${origin}/?service=${encodeURIComponent(app.url)}`);
	const isShown = () => document.title === "live: vm-0,vm-1" && document.body.className === "vm-0";
	await tab.waitForFunction(isShown).catch((error) => {
		throw new Error(`${error}: ${complaints.join()}`);
	});
}
