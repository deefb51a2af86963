// npm run bench: this service beside others, in one run.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fullCatalogue } from "./catalogue.ts";
import { createFaults } from "./faults.ts";
import { measureOtherWork } from "./other-work.ts";
import { createPayloadStore } from "./payload/payload-store.ts";
import { type Plan, parsePlan, usage } from "./plan.ts";
import { writeDocument } from "./report/document.ts";
import type { Run } from "./report/kept-results.ts";
import { describeMachine } from "./report/machine.ts";
import { formatScoreboard, formatSeconds } from "./report/scoreboard.ts";
import { targets } from "./report/targets.ts";
import { formatVerdicts, judge } from "./report/verdict.ts";
import { type CaseResult, runCase } from "./rounds.ts";
import { splitCores } from "./servers/cores.ts";
import { buildGoServers, type GoServers } from "./servers/go-servers.ts";
import { type InstalledPeer, installExpress, installFastApi } from "./servers/installed-peers.ts";
import { createRoster, goNames, type ServerName } from "./servers/roster.ts";
import { startServer } from "./servers/server-process.ts";

const exitCodes = { failed: 1, badArguments: 2 } as const;

let plan: Plan;
try {
	plan = parsePlan(process.argv.slice(2));
} catch (error) {
	console.error(`${(error as Error).message}\n\n${usage}`);
	process.exit(exitCodes.badArguments);
}

const folder = mkdtempSync(join(tmpdir(), "wukong-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(exitCodes.failed));
process.on("SIGTERM", () => process.exit(exitCodes.failed));

// Before this process is held to one core.
const named = new Set(plan.cases.flatMap(({ servers }) => servers));
const needs = (...names: readonly ServerName[]) => names.some((name) => named.has(name));
const none = {
	missing: plan.quick ? "a smoke builds none" : "no case that was asked for has any",
};
const goServers: GoServers = !plan.quick && needs(...goNames) ? buildGoServers() : none;
const express: InstalledPeer =
	!plan.quick && needs("express", "express-shared") ? installExpress() : none;
const fastapi: InstalledPeer = !plan.quick && needs("fastapi") ? installFastApi() : none;
const missing = Object.entries({
	"Go servers": goServers,
	Express: express,
	FastAPI: fastapi,
}).flatMap(([what, peer]) =>
	"missing" in peer && peer !== none ? [`${what}: ${peer.missing}`] : [],
);
for (const what of missing) console.error(`MISSING ${what}`);
const cores = splitCores();
const faults = createFaults((text) => console.error(`FAULT ${text}`));
const workBefore = await measureOtherWork();
const results = await run(plan);
const otherWork = Math.max(workBefore, await measureOtherWork());

const facts = describeMachine({
	cores,
	effort: plan.effort,
	peers: { Go: goServers, Express: express, FastAPI: fastapi },
	otherWork,
});
const verdicts = `### Targets\n\n${formatVerdicts(judge(targets, results))}`;
const tables = formatScoreboard(results);
const seconds = formatSeconds(results);
// A smoke is too short to judge by.
console.log(["", facts, ...(plan.quick ? [] : [verdicts]), tables, seconds].join("\n\n"));
for (const what of missing) console.error(`MISSING ${what}: its rows were not measured`);
for (const text of faults.texts()) console.error(`FAULT ${text}`);
if (faults.count > 0) process.exitCode = exitCodes.failed;
else if (plan.write) {
	const when = `${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`;
	const run: Run = { when, facts };
	writeDocument(
		results.map((result) => ({ ...result, run })),
		fullCatalogue(),
	);
}

async function run({ cases, effort, beside }: Plan): Promise<CaseResult[]> {
	const roster = createRoster({
		goProgram: "program" in goServers ? goServers.program : undefined,
		express: "command" in express ? express.command : undefined,
		fastapi: "command" in fastapi ? fastapi.command : undefined,
		beside,
	});
	let started = 0;
	const setting: Parameters<typeof runCase>[1]["setting"] = {
		faults,
		payload: createPayloadStore(folder),
		start: (spec, payload) =>
			startServer(spec, {
				prefix: cores.serverPrefix,
				payloadFolder: payload.folder,
				logPath: join(folder, `${started++}.log`),
			}),
	};
	const results: CaseResult[] = [];
	for (const benchCase of cases) {
		const result = await runCase(benchCase, { roster, effort, setting });
		results.push(result);
		console.error(`${result.title}: ${result.seconds.toFixed(1)} s`);
	}
	return results;
}
