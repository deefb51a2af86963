import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "../../scripts/source-files.ts";

/** The service in a process of its own, as it runs in a pod. */
export interface ServiceProcess {
	readonly url: string;
	/** Its standard input, output and messages are the caller's to use. */
	readonly child: ChildProcess;
	/** Sends SIGTERM; resolves with the exit code when the process is gone. */
	stop(): Promise<number | null>;
	/** Ends it as a crash does. */
	kill(): Promise<void>;
}

/** How to start a service. */
export interface ServiceCommand {
	/** Port of 127.0.0.1. Default: any that is free. */
	readonly port?: number;
	/** Its own flags. */
	readonly flags: readonly string[];
	/** Node's flags; default none. */
	readonly nodeFlags?: readonly string[];
}

/** Loaded before the service: it ends with the process that started it, however that ends. */
const tether = `data:text/javascript,${encodeURIComponent(`
	process.on("disconnect", () => process.exit());
	process.channel?.unref();
`)}`;

/** Starts the service; resolves when it is ready. @throws with its log where it ends before */
export async function startServiceProcess(command: ServiceCommand): Promise<ServiceProcess> {
	const { port = 0, flags, nodeFlags = [] } = command;
	const main = join(root, "server/src/main.ts");
	const child = spawn(
		process.execPath,
		["--import", tether, ...nodeFlags, main, "--port", `${port}`, ...flags],
		{
			env: { PATH: process.env.PATH },
			stdio: ["ignore", "pipe", "pipe", "ipc"],
		},
	);
	const exit = once(child, "exit");
	const url = await greetedUrl(child, exit);
	return {
		url,
		child,
		async stop() {
			child.kill("SIGTERM");
			await exit;
			return child.exitCode;
		},
		async kill() {
			child.kill("SIGKILL");
			await exit;
		},
	};
}

/** The URL in its greeting, which it says when it is ready. */
async function greetedUrl(child: ChildProcess, exit: Promise<unknown>): Promise<string> {
	let log = "";
	child.stderr?.setEncoding("utf8").on("data", (part: string) => {
		// Read to the end, so that its writer never waits; the last lines say why it ended.
		log = (log + part).slice(-4_096);
	});
	const greeted = new Promise<string>((resolve) => {
		let greeting = "";
		child.stdout?.setEncoding("utf8").on("data", (part: string) => {
			greeting += part;
			const url = /listens on (http:\S+)\n/.exec(greeting)?.[1];
			if (url !== undefined) resolve(url);
		});
	});
	const ended = exit.then(() => {
		throw new Error(`the service ended with ${child.exitCode}:\n${log}`);
	});
	ended.catch(() => {});
	return Promise.race([greeted, ended]);
}
