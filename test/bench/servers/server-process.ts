import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { createControl } from "./control.ts";
import type { MemoryAnswer, Play } from "./order.ts";
import type { Addresses, ServerSpec } from "./server-spec.ts";

/** A running server in a process of its own. */
export interface ServerProcess extends Addresses {
	/** CPU time since its start, all threads. */
	cpuMs(): Promise<number>;
	/** Only Node's servers know. */
	memory(): Promise<MemoryAnswer>;
	/** CPU time of the longest turn of the event loop since this was last asked; 0 the first time. */
	longestTurnMs(): Promise<number>;
	/** Makes its VMs change. */
	play(changes: Omit<Play, "kind">): void;
	/** Ends it at once: nothing it holds is worth keeping. */
	stop(): Promise<void>;
}

/** How to start a server. */
export interface StartOptions {
	/** Words before the command, as `taskset` and its arguments. */
	readonly prefix: readonly string[];
	readonly payloadFolder: string;
	/** File for its log: cheaper than a pipe for both sides. Written anew. */
	readonly logPath: string;
}

const startCeilingMs = 60_000;
const lastWordsLength = 500;

const children = new Set<ChildProcess>();
process.on("exit", () => {
	for (const child of children) child.kill("SIGKILL");
});

/**
 * Starts a server and waits for its addresses.
 * @throws Error with the last thing the process said, where it ends or stays silent
 */
export async function startServer(
	spec: ServerSpec,
	{ prefix, payloadFolder, logPath }: StartOptions,
): Promise<ServerProcess> {
	const [command = "", ...args] = [...prefix, ...spec.command(payloadFolder)];
	const log = openSync(logPath, "w");
	const child = spawn(command, args, {
		env: { ...ownEnvironment(), ...spec.environment },
		stdio: ["ignore", "pipe", log, "pipe"],
	});
	closeSync(log);
	children.add(child);
	child.once("exit", () => children.delete(child));
	const lastWords = () => readFileSync(logPath, "utf8").trim().slice(-lastWordsLength);
	const addresses = await readAddresses(spec, child, lastWords);
	const control = createControl(child, () => `${spec.name} has ended: ${lastWords()}`);
	return {
		...addresses,
		cpuMs: async () => (await control.ask({ kind: "cpu" })).cpuMs,
		memory: () => control.ask({ kind: "memory" }),
		longestTurnMs: async () => (await control.ask({ kind: "turn" })).longestTurnMs,
		play: (changes) => control.tell({ kind: "play", ...changes }),
		async stop() {
			if (child.exitCode !== null || child.signalCode !== null) return;
			const ended = once(child, "exit");
			child.kill("SIGKILL");
			await ended;
		},
	};
}

/** A server is measured with its defaults, whatever the caller's shell has set. */
function ownEnvironment(): NodeJS.ProcessEnv {
	const own = Object.entries(process.env).filter(([name]) => !name.startsWith("WUKONG_"));
	return Object.fromEntries(own);
}

async function readAddresses(
	spec: ServerSpec,
	child: ChildProcess,
	lastWords: () => string,
): Promise<Addresses> {
	const waiting = new AbortController();
	let printed = "";
	const found = new Promise<Addresses>((resolve, reject) => {
		child.stdout?.setEncoding("utf8").on("data", (text: string) => {
			// What comes later is only drained, so that its writer never blocks.
			if (waiting.signal.aborted) return;
			printed += text;
			const addresses = spec.readAddresses(printed);
			if (addresses !== undefined) resolve(addresses);
		});
		const fail = (why: string) =>
			reject(new Error(`${spec.name} ${why}: ${printed}${lastWords()}`));
		child.once("error", (error) => fail(error.message));
		child.once("exit", (code) => fail(`ended with ${code}`));
		delay(startCeilingMs, undefined, { signal: waiting.signal }).then(
			() => fail("told no address"),
			() => {},
		);
	});
	try {
		return await found;
	} catch (error) {
		child.kill("SIGKILL");
		throw error;
	} finally {
		waiting.abort();
	}
}
