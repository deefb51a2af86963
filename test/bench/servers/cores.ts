import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Which core works for whom. */
export interface Cores {
	/** Words to put before a server's command, so that it stays on its core; may be none. */
	readonly serverPrefix: readonly string[];
	/** For the report: how the two sides are kept apart, or that they are not. */
	readonly note: string;
}

const unpinned = (reason: string): Cores => ({
	serverPrefix: [],
	note: `not pinned to cores (${reason}): rates by the clock mean little`,
});

/** Keeps this process, the load, on one core and leaves another to the servers. */
export function splitCores(): Cores {
	const [serverCore, loadCore] = allowedCores();
	if (serverCore === undefined || loadCore === undefined) return unpinned("fewer than two cores");
	const pinned = spawnSync("taskset", ["-a", "-c", "-p", `${loadCore}`, `${process.pid}`]);
	if (pinned.status !== 0) return unpinned("no taskset");
	return {
		serverPrefix: ["taskset", "-c", `${serverCore}`],
		note: "server on one core, load on another",
	};
}

/** Cores that this process may run on; none where the system does not say. */
function allowedCores(): number[] {
	let status: string;
	try {
		status = readFileSync("/proc/self/status", "utf8");
	} catch {
		return [];
	}
	const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "";
	return list.split(",").flatMap((range) => {
		const [first = Number.NaN, last = first] = range.split("-").map(Number);
		return Array.from({ length: Math.max(0, last - first + 1) || 0 }, (_, i) => first + i);
	});
}
