// npm run bench: this service beside stock connect-node and raw Node, in one run.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { type Cores, splitCores } from "./cores.ts";
import { writeDocument } from "./document.ts";
import { createFaults } from "./faults.ts";
import { measureOtherWork } from "./other-work.ts";
import { createPayload, fetchPayload, type Payload } from "./payload.ts";
import { type Plan, parsePlan, usage } from "./plan.ts";
import { type CaseResult, runCase } from "./rounds.ts";
import { formatScoreboard } from "./scoreboard.ts";
import { startServer } from "./server-process.ts";
import { oursSpec, peerSpec } from "./servers.ts";

/** Share of the machine that other work may take before the report speaks of it. */
const quietShare = 0.1;

const exitCodes = { failed: 1, badArguments: 2 } as const;

let plan: Plan;
try {
	plan = parsePlan(process.argv.slice(2));
} catch (error) {
	console.error(`${(error as Error).message}\n\n${usage}`);
	process.exit(exitCodes.badArguments);
}

const cores = splitCores();
const folder = mkdtempSync(join(tmpdir(), "wukong-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(exitCodes.failed));
process.on("SIGTERM", () => process.exit(exitCodes.failed));

const otherWork = await measureOtherWork();
const { results, faults } = await run(plan, cores);
const maxOtherWork = Math.max(otherWork, await measureOtherWork());
const report = `${machine(cores, plan, maxOtherWork)}\n\n${formatScoreboard(results)}`;
console.log(`\n${report}`);
for (const text of faults) console.error(`FAULT ${text}`);
if (faults.length > 0) process.exitCode = exitCodes.failed;
else if (plan.write) writeDocument(report);

async function run(
	{ cases, effort }: Plan,
	{ serverPrefix }: Cores,
): Promise<{ results: CaseResult[]; faults: string[] }> {
	const faults = createFaults((text) => console.error(`FAULT ${text}`));
	const start = (spec: Parameters<typeof startServer>[0]) => startServer(spec, serverPrefix);

	// Its seed is everybody's payload.
	const payloadPath = join(folder, "list.binpb");
	let payload: Payload;
	const ours = oursSpec(() => payload);
	const teller = await start(ours);
	const bytes = await fetchPayload(teller.http1);
	await teller.stop();
	writeFileSync(payloadPath, bytes);
	payload = createPayload(bytes);

	const servers = [ours, peerSpec("stock", payloadPath), peerSpec("raw", payloadPath)];
	const setting = { payload, faults, start };
	const results: CaseResult[] = [];
	for (const benchCase of cases) {
		const startMs = performance.now();
		results.push(await runCase(benchCase, { servers, effort, setting }));
		const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
		console.error(`${benchCase.title}: ${seconds} s`);
	}
	return { results, faults: faults.texts() };
}

function machine({ note }: Cores, { effort }: Plan, otherWork: number): string {
	const lines = [
		`${cpus().length} cores, Node ${process.versions.node}; ${note};`,
		`${effort.rounds} interleaved rounds of ${effort.windowMs} ms; median (quartiles).`,
	];
	if (otherWork > quietShare) {
		const percent = Math.round(otherWork * 100);
		lines.push(
			`The machine was not quiet: ${percent} % busy with other work before or after the run.`,
		);
	}
	return lines.join("\n");
}
