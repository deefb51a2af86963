import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import type { Readable } from "node:stream";
import { keepPort } from "../support/kept-port.ts";
import { callInPage, type Driver, type Engine, type Tab } from "./engine.ts";
import { createPageProcess, descendantsOf, type PageProcess } from "./processes.ts";

/** WebKitGTK's MiniBrowser over its own WebDriver, in a display of Xvfb. */
export const webkit: Engine = { name: "WebKitGTK", canCrash: false, start: startDriver };

/** Sends one command of a session. */
type Send = (method: string, path: string, body?: object) => Promise<unknown>;

const pattern = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser";

async function startDriver(): Promise<Driver> {
	const [binary] = globSync(pattern);
	if (binary === undefined) throw new Error(`there is no ${pattern}`);
	const screen = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x800x24"], {
		stdio: ["ignore", "ignore", "ignore", "pipe"],
	});
	const [display] = await once(screen.stdio[3] as Readable, "data");
	const port = await keepPort();
	const driver = spawn("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], {
		stdio: "ignore",
		env: {
			...process.env,
			DISPLAY: `:${String(display).trim()}`,
			// As root, in a container, there is no user namespace for one.
			WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
		},
	});
	await once(driver, "spawn");
	const base = `http://127.0.0.1:${port}`;
	const options = { binary, args: ["--automation"] };
	const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": options } };
	const { sessionId } = (await firstAnswer(() =>
		send(`${base}/session`, "POST", { capabilities }),
	)) as { sessionId: string };
	const call: Send = (method, path, body) =>
		send(`${base}/session/${sessionId}${path}`, method, body);
	await call("POST", "/timeouts", { script: 60_000 });
	const inTab = createTurns(call);
	// It stays open: a new tab is made from one that is there.
	const first = String(await call("GET", "/window"));
	const opened = new Set<PageProcess>();
	/** Each page has a process of its own; one process has the network of all. */
	const pidsOf = (kind: "WebKitWebProces" | "WebKitNetworkPr") =>
		// The system cuts names off at 15 characters.
		descendantsOf(driver.pid ?? 0).flatMap(({ name, pid }) => (name === kind ? [pid] : []));
	return {
		// A page records its own errors.
		complaints: [],
		async open(url) {
			const before = new Set(pidsOf("WebKitWebProces"));
			const { handle } = (await inTab(first, () =>
				call("POST", "/window/new", { type: "tab" }),
			)) as { handle: string };
			await inTab(handle, () => call("POST", "/url", { url }));
			const pid = pidsOf("WebKitWebProces").find((one) => !before.has(one));
			if (pid === undefined) throw new Error("a page shares its process with another one");
			const page = createPageProcess(pid);
			opened.add(page);
			return {
				...createTab(handle, call, inTab),
				freeze: page.freeze,
				// No crash: its driver deletes the whole session ("because of page crash or hang") when any
				// page's process dies, also one that is not asked for any more.
				async close() {
					page.thaw();
					await inTab(handle, () => call("DELETE", "/window"));
				},
			};
		},
		async [Symbol.asyncDispose]() {
			for (const page of opened) page.thaw();
			await call("DELETE", "");
			for (const child of [driver, screen]) await stop(child);
		},
	};
}

/** Runs commands in one tab, all others waiting: a session has one current tab. */
type InTab = (handle: string, run: () => Promise<unknown>) => Promise<unknown>;

function createTurns(call: Send): InTab {
	let last: Promise<unknown> = Promise.resolve();
	return (handle, run) => {
		const turn = last.then(async () => {
			await call("POST", "/window", { handle });
			return run();
		});
		last = turn.catch(() => {});
		return turn;
	};
}

function createTab(handle: string, call: Send, inTab: InTab): Pick<Tab, "call"> {
	return {
		async call(name, ...args) {
			const script = `return (${callInPage})(...arguments)`;
			const body = { script, args: [name, JSON.stringify(args)] };
			const text = await inTab(handle, () => call("POST", "/execute/sync", body));
			return typeof text === "string" ? JSON.parse(text) : undefined;
		},
	};
}

async function send(url: string, method: string, body?: object): Promise<unknown> {
	const response = await fetch(url, {
		method,
		...(body === undefined ? {} : { body: JSON.stringify(body) }),
	});
	const { value } = (await response.json()) as { value: { error?: string } | null };
	if (!response.ok) throw new Error(`${method} ${url}: ${JSON.stringify(value)}`);
	return value;
}

/** Asks until the driver listens; it says nothing when it does. Bounded by the hook's own time. */
async function firstAnswer<T>(ask: () => Promise<T>): Promise<T> {
	for (;;) {
		try {
			return await ask();
		} catch (error) {
			if (!(error instanceof TypeError)) throw error;
			await new Promise((resolve) => setImmediate(resolve));
		}
	}
}

async function stop(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null) return;
	const ended = once(child, "exit");
	child.kill();
	await ended;
}
