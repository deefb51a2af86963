import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Addresses, ServerSpec } from "./server-spec.ts";

/** A running server in a process of its own. */
export interface ServerProcess extends Addresses {
	/** CPU time since its start, all threads. */
	cpuMs(): Promise<number>;
	/** Tells the process something; only the benchmark's own servers listen. */
	tell(message: object): void;
	/** Ends it at once: nothing it holds is worth keeping. */
	stop(): Promise<void>;
}

const startCeilingMs = 60_000;
const meter = new URL("cpu-meter.ts", import.meta.url).href;

const children = new Set<ChildProcess>();
process.on("exit", () => {
	for (const child of children) child.kill("SIGKILL");
});

/**
 * Starts a server and waits for its addresses.
 * @param prefix words before the command, as `taskset` and its arguments
 * @throws Error with the last thing the process said, where it ends or stays silent
 */
export async function startServer(
	spec: ServerSpec,
	prefix: readonly string[],
): Promise<ServerProcess> {
	const [command = process.execPath, ...args] = [
		...prefix,
		process.execPath,
		"--import",
		meter,
		...spec.args,
	];
	const child = spawn(command, args, {
		env: environment(),
		stdio: ["ignore", "pipe", "pipe", "ipc"],
	});
	children.add(child);
	child.once("exit", () => children.delete(child));
	const addresses = await readAddresses(spec, child);
	return {
		...addresses,
		cpuMs: () => askCpuMs(spec, child),
		tell: (message) => {
			// What a dead process was told shows as changes that never arrive.
			child.send(message, () => {});
		},
		async stop() {
			if (child.exitCode !== null || child.signalCode !== null) return;
			const ended = once(child, "exit");
			child.kill("SIGKILL");
			await ended;
		},
	};
}

function askCpuMs({ name }: ServerSpec, child: ChildProcess): Promise<number> {
	return new Promise((resolve, reject) => {
		const fail = () => reject(new Error(`${name} has ended`));
		child.once("exit", fail);
		child.once("message", (usage: NodeJS.CpuUsage) => {
			child.off("exit", fail);
			resolve((usage.user + usage.system) / 1_000);
		});
		child.send("cpu", (error) => {
			if (error !== null) fail();
		});
	});
}

/** A server is measured with its defaults, whatever the caller's shell has set. */
function environment(): NodeJS.ProcessEnv {
	const own = Object.entries(process.env).filter(([name]) => !name.startsWith("WUKONG_"));
	return Object.fromEntries(own);
}

async function readAddresses(spec: ServerSpec, child: ChildProcess): Promise<Addresses> {
	const waiting = new AbortController();
	let printed = "";
	const found = new Promise<Addresses>((resolve, reject) => {
		const read = (text: string) => {
			// What comes later (a log) is only drained, so that its writer never blocks.
			if (waiting.signal.aborted) return;
			printed += text;
			const addresses = spec.readAddresses(printed);
			if (addresses !== undefined) resolve(addresses);
		};
		child.stdout?.setEncoding("utf8").on("data", read);
		child.stderr?.setEncoding("utf8").on("data", read);
		const fail = (why: string) =>
			reject(new Error(`${spec.name} ${why}: ${printed.trim().slice(-500)}`));
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
