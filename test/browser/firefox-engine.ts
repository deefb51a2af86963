import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { callInPage, type Driver, type Engine, type Tab } from "./engine.ts";

/** Firefox ESR over WebDriver BiDi, which it speaks itself: no driver stands between. */
export const firefox: Engine = {
	name: "Firefox",
	// One process has all pages of a site: a crash would take them all.
	can: new Set(["setOffline"]),
	start: startDriver,
};

/** Sends one command. */
type Send = (method: string, params: object) => Promise<Record<string, unknown>>;

async function startDriver(): Promise<Driver> {
	const profile = mkdtempSync(join(tmpdir(), "wukong-firefox-"));
	const args = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"];
	const browser = spawn("firefox-esr", args, { stdio: ["ignore", "ignore", "pipe"] });
	const ended = once(browser, "exit");
	const socket = new WebSocket(`${await addressIn(browser.stderr)}/session`);
	await once(socket, "open");
	const send = createSend(socket);
	await send("session.new", { capabilities: {} });
	return {
		// A page records its own errors; the browser's console has also those that no page can help.
		complaints: [],
		async open(url) {
			const { context } = await send("browsingContext.create", { type: "tab" });
			await send("browsingContext.navigate", { context, url, wait: "complete" });
			return createTab(send, context);
		},
		async [Symbol.asyncDispose]() {
			await send("browser.close", {});
			await ended;
			socket.close();
			rmSync(profile, { recursive: true, force: true });
		},
	};
}

async function addressIn(output: NodeJS.ReadableStream): Promise<string> {
	for await (const line of createInterface(output)) {
		const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
		if (address !== undefined) {
			// Whatever else it says must not fill the pipe.
			output.resume();
			return address;
		}
	}
	throw new Error("Firefox ended before it listened");
}

function createSend(socket: WebSocket): Send {
	const waiting = new Map<number, (answer: { error?: string; result: never }) => void>();
	let commands = 0;
	socket.addEventListener("message", ({ data }) => {
		const answer = JSON.parse(String(data));
		waiting.get(answer.id)?.(answer);
		waiting.delete(answer.id);
	});
	return (method, params) =>
		new Promise((resolve, reject) => {
			const id = ++commands;
			waiting.set(id, (answer) => {
				if (answer.error === undefined) resolve(answer.result);
				else reject(new Error(`${method}: ${JSON.stringify(answer)}`));
			});
			socket.send(JSON.stringify({ id, method, params }));
		});
}

function createTab(send: Send, context: unknown): Tab {
	return {
		async call(name, ...args) {
			const texts = [name, JSON.stringify(args)];
			const { result, exceptionDetails } = (await send("script.callFunction", {
				functionDeclaration: callInPage,
				arguments: texts.map((value) => ({ type: "string", value })),
				awaitPromise: true,
				target: { context },
			})) as { result?: { value?: string }; exceptionDetails?: { text: string } };
			if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
			return result?.value === undefined ? undefined : JSON.parse(result.value);
		},
		async setOffline(isOffline) {
			const networkConditions = isOffline ? { type: "offline" } : null;
			await send("emulation.setNetworkConditions", { networkConditions, contexts: [context] });
		},
		async close() {
			await send("browsingContext.close", { context });
		},
	};
}
