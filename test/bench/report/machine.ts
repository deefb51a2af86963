import { cpus, release, totalmem, type } from "node:os";
import type { Effort } from "../rounds.ts";
import type { Cores } from "../servers/cores.ts";

/** Share of the machine that other work may take before the report speaks of it. */
const quietShare = 0.1;
const gibibyte = 2 ** 30;

/** What one must know of a run to believe its figures. */
export function describeMachine(facts: {
	readonly cores: Cores;
	readonly effort: Effort;
	/** Peers that are built or installed for the run: their version, or why they are not here. */
	readonly peers: Readonly<
		Record<string, { readonly version: string } | { readonly missing: string }>
	>;
	/** Share of the machine that was busy with other work, from 0 to 1. */
	readonly otherWork: number;
}): string {
	const { cores, effort, peers, otherWork } = facts;
	const memory = `${Math.round(totalmem() / gibibyte)} GiB`;
	const versions = Object.values(peers).flatMap((peer) =>
		"version" in peer ? [`, ${peer.version}`] : [],
	);
	const busy = Math.round(otherWork * 100);
	return [
		`- Machine: ${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${memory}`,
		`- Software: ${type()} ${release()}, Node ${process.versions.node}${versions.join("")}`,
		`- Cores: ${cores.note}`,
		`- Rounds: ${effort.rounds}, interleaved, of ${effort.windowMs} ms; median (quartiles)`,
		...Object.entries(peers).flatMap(([name, peer]) =>
			"missing" in peer ? [`- **Without ${name}**: ${peer.missing}`] : [],
		),
		otherWork > quietShare
			? `- **The machine was not quiet**: other work took ${busy} % of it before or after the ` +
				"run. Rates by the clock are too low, and ratios are rough"
			: `- Other work took ${busy} % of the machine before or after the run`,
	].join("\n");
}
