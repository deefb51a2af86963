import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { callInPage, type Driver, type Engine, type Tab } from "./engine.ts";
import { createPageProcess, type PageProcess } from "./processes.ts";

/** Firefox ESR over WebDriver BiDi, which it speaks itself: no driver stands between. */
export const firefox: Engine = { name: "Firefox", start: startDriver };

/** A process for each page, though all are of one site, so that each can be stopped and killed alone. */
const preferences = `
user_pref("dom.ipc.processCount.webIsolated", 32);
user_pref("dom.ipc.processPrelaunch.enabled", false);
`;

/** Sends one command. */
type Send = (method: string, params: object) => Promise<Record<string, unknown>>;

async function startDriver(): Promise<Driver> {
	const profile = mkdtempSync(join(tmpdir(), "wukong-firefox-"));
	writeFileSync(join(profile, "user.js"), preferences);
	const args = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"];
	// For the process ids of pages, which only the browser's own scripts are told.
	args.push("--remote-allow-system-access");
	const browser = spawn("firefox-esr", args, { stdio: ["ignore", "ignore", "pipe"] });
	const ended = once(browser, "exit");
	const socket = new WebSocket(`${await addressIn(browser.stderr)}/session`);
	await once(socket, "open");
	const send = createSend(socket);
	await send("session.new", { capabilities: {} });
	const opened = new Set<PageProcess>();
	return {
		// A page records its own errors; the browser's console has also those that no page can help.
		complaints: [],
		async open(url) {
			const { context } = await send("browsingContext.create", { type: "tab" });
			await send("browsingContext.navigate", { context, url, wait: "complete" });
			const page = createPageProcess(await newestPid(send));
			opened.add(page);
			return createTab(send, context, page);
		},
		async [Symbol.asyncDispose]() {
			for (const page of opened) page.thaw();
			await send("browser.close", {});
			await ended;
			socket.close();
			rmSync(profile, { recursive: true, force: true });
		},
	};
}

/** Process id of the tab that was opened last. */
async function newestPid(send: Send): Promise<number> {
	const tree = (await send("browsingContext.getTree", { "moz:scope": "chrome" })) as {
		contexts: [{ context: string }];
	};
	const { result } = (await send("script.evaluate", {
		expression: "gBrowser.browsers.at(-1).frameLoader.remoteTab.osPid",
		target: { context: tree.contexts[0].context },
		awaitPromise: false,
	})) as { result: { value: number } };
	return result.value;
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

function createTab(send: Send, context: unknown, page: PageProcess): Tab {
	return {
		freeze: page.freeze,
		crash: page.crash,
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
			page.thaw();
			await send("browsingContext.close", { context });
		},
	};
}
