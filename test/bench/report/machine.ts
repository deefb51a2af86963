import { cpus, release, totalmem, type } from "node:os";
import type { Effort } from "../rounds.ts";
import type { Cores } from "../servers/cores.ts";
import type { GoServers } from "../servers/go-servers.ts";

/** Share of the machine that other work may take before the report speaks of it. */
const quietShare = 0.1;
const gibibyte = 2 ** 30;

/** What one must know of a run to believe its figures. */
export function describeMachine(facts: {
	readonly cores: Cores;
	readonly effort: Effort;
	readonly goServers: GoServers;
	/** Share of the machine that was busy with other work, from 0 to 1. */
	readonly otherWork: number;
}): string {
	const { cores, effort, goServers, otherWork } = facts;
	const memory = `${Math.round(totalmem() / gibibyte)} GiB`;
	const go = "version" in goServers ? `, ${goServers.version}` : "";
	const busy = Math.round(otherWork * 100);
	return [
		`- Machine: ${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${memory}`,
		`- Software: ${type()} ${release()}, Node ${process.versions.node}${go}`,
		`- Cores: ${cores.note}`,
		`- Rounds: ${effort.rounds}, interleaved, of ${effort.windowMs} ms; median (quartiles)`,
		...("missing" in goServers
			? [`- **Without Gin, Echo, Fiber, connect-go and grpc-go**: ${goServers.missing}`]
			: []),
		otherWork > quietShare
			? `- **The machine was not quiet**: other work took ${busy} % of it before or after the ` +
				"run. Rates by the clock are too low, and ratios are rough"
			: `- Other work took ${busy} % of the machine before or after the run`,
	].join("\n");
}
