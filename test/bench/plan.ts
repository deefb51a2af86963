import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { BenchCase } from "./cases/case.ts";
import { fullCatalogue, quickCatalogue } from "./catalogue.ts";
import type { Effort } from "./rounds.ts";
import { scoreboardCatalogue } from "./scoreboard-cases.ts";

/** What to run. */
export interface Plan {
	readonly cases: readonly BenchCase[];
	readonly effort: Effort;
	/** Only a smoke: without what takes long to build. */
	readonly quick: boolean;
	/** Put what was measured into the tables and charts of docs/performance.md; only in full. */
	readonly write: boolean;
	/** Another checkout, measured as "before"; undefined: none. */
	readonly beside: string | undefined;
}

/** Within 25 minutes for the scoreboard. V8 compiles what a call passes within the warm-up. */
const fullEffort: Effort = { rounds: 5, windowMs: 400, warmUpMs: 1_500, quickWarmUpMs: 200 };
/** Within a minute: does it work, and are the answers right? Its figures mean little. */
const quickEffort: Effort = { rounds: 1, windowMs: 150, warmUpMs: 100, quickWarmUpMs: 100 };

export const usage = `npm run bench -- [--quick] [--all] [--rounds N] [--only CASE]... [--beside FOLDER] [--write]
  --quick      a smoke of at most a minute, without the Go servers; its figures mean little
  --all        every case with every peer, not only those of the targets; about an hour
  --rounds N   turns of each server in each case; default ${fullEffort.rounds}
  --only CASE  this case, or all whose names contain it; may be repeated. Cases that are not on the
               scoreboard are found, too
  --beside FOLDER
               also measure another checkout of this repository, after its own npm ci, as "before"
  --write      put tables and charts into docs/performance.md; with --only just those cases
Cases: ${fullCatalogue()
	.map(({ id }) => id)
	.join(" ")}`;

/** @throws Error that says what is wrong with the arguments */
export function parsePlan(args: readonly string[]): Plan {
	const { values } = parseArgs({
		args: [...args],
		options: {
			all: { type: "boolean", default: false },
			quick: { type: "boolean", default: false },
			rounds: { type: "string" },
			only: { type: "string", multiple: true },
			write: { type: "boolean", default: false },
			beside: { type: "string" },
		},
	});
	const { all, quick, only, write } = values;
	const beside = values.beside === undefined ? undefined : resolve(values.beside);
	if (beside !== undefined && !existsSync(join(beside, "node_modules"))) {
		throw new Error(`--beside ${beside} is no checkout after npm ci`);
	}
	if (write && quick) throw new Error("--write needs cases in full: not --quick");
	const effort = quick ? quickEffort : fullEffort;
	const rounds = values.rounds === undefined ? effort.rounds : Number(values.rounds);
	if (!Number.isSafeInteger(rounds) || rounds < 1)
		throw new Error("--rounds needs a number from 1");
	const cases = only === undefined ? wholeRun({ all, quick }) : pick(only, all);
	if (cases.length === 0) throw new Error(`no case is named ${only?.join(" or ")}`);
	return { cases, effort: { ...effort, rounds }, quick, write, beside };
}

function wholeRun({ all, quick }: { readonly all: boolean; readonly quick: boolean }): BenchCase[] {
	if (quick) return quickCatalogue();
	return all ? fullCatalogue() : scoreboardCatalogue();
}

/** Cases by name, with the servers that a run without names would give them. */
function pick(wishes: readonly string[], all: boolean): BenchCase[] {
	const catalogue = fullCatalogue();
	const scoreboard = all ? [] : scoreboardCatalogue();
	return catalogue
		.filter(({ id }) => wishes.some((wish) => fits(id, wish, catalogue)))
		.map((found) => scoreboard.find(({ id }) => id === found.id) ?? found);
}

/** A whole name means that case alone, though others may begin with it. */
function fits(id: string, wish: string, catalogue: readonly BenchCase[]): boolean {
	return catalogue.some((other) => other.id === wish) ? id === wish : id.includes(wish);
}
