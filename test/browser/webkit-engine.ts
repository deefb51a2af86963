import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { root } from "../../scripts/source-files.ts";
import { callInPage, type Driver, type Engine, type Tab } from "./engine.ts";
import { createPageProcess, descendantsOf, type PageProcess } from "./processes.ts";

/** WebKitGTK in windows of our own, in a display of Xvfb: its WebDriver does not outlive the crash of a page. */
export const webkit: Engine = { name: "WebKitGTK", start: startDriver };

/** A command for `webkit-host.py`, without its number. */
type Command =
	| { readonly open: string }
	| { readonly call: number; readonly script: string }
	| { readonly gone: number }
	| { readonly close: number };

/** Gives the answer to one command. */
type Send = (command: Command) => Promise<unknown>;

async function startDriver(): Promise<Driver> {
	const screen = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x800x24"], {
		stdio: ["ignore", "ignore", "ignore", "pipe"],
	});
	const [display] = await once(screen.stdio[3] as Readable, "data");
	// Debian's own Python: its packages are of no other.
	const host = spawn("/usr/bin/python3", [join(root, "test/browser/webkit-host.py")], {
		stdio: ["pipe", "pipe", "inherit"],
		env: { ...process.env, DISPLAY: `:${String(display).trim()}` },
	});
	const send = createSend(host);
	const opened = new Set<PageProcess>();
	/** Each page has a process of its own, and another process the network of all. */
	const pids = () =>
		// The system cuts names off at 15 characters.
		descendantsOf(host.pid ?? 0).flatMap(({ name, pid }) =>
			name === "WebKitWebProces" ? [pid] : [],
		);
	return {
		// A page records its own errors.
		complaints: [],
		async open(url) {
			const before = new Set(pids());
			const number = Number(await send({ open: url }));
			const [pid, ...others] = pids().filter((one) => !before.has(one));
			if (pid === undefined || others.length > 0) {
				throw new Error("it cannot be told which process is the page's");
			}
			const page = createPageProcess(pid);
			opened.add(page);
			return createTab(send, number, page);
		},
		async [Symbol.asyncDispose]() {
			for (const page of opened) page.thaw();
			const ended = once(host, "exit");
			host.stdin.end();
			await ended;
			await stop(screen);
		},
	};
}

function createTab(send: Send, number: number, page: PageProcess): Tab {
	return {
		freeze: page.freeze,
		async crash() {
			await page.crash();
			// WebKit itself says that it was this page's process.
			await send({ gone: number });
		},
		async call(name, ...args) {
			const words = [name, JSON.stringify(args)].map((word) => JSON.stringify(word));
			const text = await send({ call: number, script: `return (${callInPage})(${words})` });
			return typeof text === "string" ? JSON.parse(text) : undefined;
		},
		async close() {
			page.thaw();
			await send({ close: number });
		},
	};
}

function createSend(host: ChildProcess): Send {
	const waiting = new Map<number, (answer: { value?: unknown; error?: string }) => void>();
	let commands = 0;
	let hasEnded = false;
	createInterface(host.stdout as Readable).on("line", (line) => {
		const answer = JSON.parse(line);
		waiting.get(answer.id)?.(answer);
		waiting.delete(answer.id);
	});
	host.once("close", () => {
		hasEnded = true;
		for (const settle of waiting.values()) settle({ error: "WebKitGTK's host has ended" });
	});
	// The write of a command that it did not live to read.
	host.stdin?.on("error", () => {});
	return (command) =>
		new Promise((resolve, reject) => {
			if (hasEnded) {
				reject(new Error("WebKitGTK's host has ended"));
				return;
			}
			const id = ++commands;
			waiting.set(id, ({ value, error }) => {
				if (error === undefined) resolve(value);
				else reject(new Error(`${JSON.stringify(command)}: ${error}`));
			});
			host.stdin?.write(`${JSON.stringify({ id, ...command })}\n`);
		});
}

async function stop(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null) return;
	const ended = once(child, "exit");
	child.kill();
	await ended;
}
