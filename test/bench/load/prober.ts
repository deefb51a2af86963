import { fork } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";

/** For how long to call, and how often. */
export interface ProbeOrder {
	readonly forMs: number;
	readonly everyMs: number;
}

/** How long calls took. */
export interface ProbeResult {
	readonly calls: number;
	readonly p50Ms: number;
	readonly p99Ms: number;
	readonly faults: readonly string[];
}

/** A process that calls Get while others load the server. */
export interface Prober {
	/** @throws Error where the process ends */
	probe(order: ProbeOrder): Promise<ProbeResult>;
	close(): void;
}

const program = fileURLToPath(new URL("prober-child.ts", import.meta.url));
/** Before the process that reads the streams, with which it shares a core. */
const priority = -10;

export function startProber(server: URL, payloadFolder: string): Prober {
	const child = fork(program, [server.href, payloadFolder]);
	try {
		if (child.pid !== undefined) setPriority(child.pid, priority);
	} catch {
		// Only root may; without it the figures are a little higher.
	}
	const end = () => child.kill("SIGKILL");
	process.on("exit", end);
	return {
		async probe(order) {
			child.send(order);
			const ended = once(child, "exit").then(() => {
				throw new Error("the prober has ended");
			});
			const [result] = await Promise.race([once(child, "message"), ended]);
			return result;
		},
		close() {
			process.off("exit", end);
			child.kill("SIGKILL");
		},
	};
}
