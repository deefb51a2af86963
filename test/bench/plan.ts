import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { BenchCase } from "./cases/case.ts";
import { fullCatalogue, quickCatalogue } from "./catalogue.ts";
import type { Effort } from "./rounds.ts";

/** What to run. */
export interface Plan {
	readonly cases: readonly BenchCase[];
	readonly effort: Effort;
	/** Only a smoke: without what takes long to build. */
	readonly quick: boolean;
	/** Put tables and charts into docs/performance.md; only what was measured in full. */
	readonly write: boolean;
	/** Another checkout, measured as "before"; undefined: none. */
	readonly beside: string | undefined;
}

/** About twenty minutes in all. */
const fullEffort: Effort = { rounds: 7, windowMs: 500, warmUpMs: 3_000 };
/** Within a minute: does it work, and are the answers right? Its figures mean little. */
const quickEffort: Effort = { rounds: 1, windowMs: 150, warmUpMs: 100 };

export const usage = `npm run bench -- [--quick] [--rounds N] [--only CASE]... [--beside FOLDER] [--write]
  --quick      a smoke of at most a minute, without the Go servers; its figures mean little
  --rounds N   turns of each server in each case; default ${fullEffort.rounds}
  --only CASE  this case, or all whose names contain it; may be repeated
  --beside FOLDER
               also measure another checkout of this repository, after its own npm ci, as "before"
  --write      put tables and charts into docs/performance.md
Cases: ${fullCatalogue()
	.map(({ id }) => id)
	.join(" ")}`;

/** @throws Error that says what is wrong with the arguments */
export function parsePlan(args: readonly string[]): Plan {
	const { values } = parseArgs({
		args: [...args],
		options: {
			quick: { type: "boolean", default: false },
			rounds: { type: "string" },
			only: { type: "string", multiple: true },
			write: { type: "boolean", default: false },
			beside: { type: "string" },
		},
	});
	const { quick, only, write } = values;
	const beside = values.beside === undefined ? undefined : resolve(values.beside);
	if (beside !== undefined && !existsSync(join(beside, "node_modules"))) {
		throw new Error(`--beside ${beside} is no checkout after npm ci`);
	}
	if (write && (quick || only !== undefined)) {
		throw new Error("--write needs all cases in full: neither --quick nor --only");
	}
	const effort = quick ? quickEffort : fullEffort;
	const rounds = values.rounds === undefined ? effort.rounds : Number(values.rounds);
	if (!Number.isSafeInteger(rounds) || rounds < 1)
		throw new Error("--rounds needs a number from 1");
	const catalogue = quick && only === undefined ? quickCatalogue() : fullCatalogue();
	const cases = catalogue.filter(
		({ id }) => only?.some((wish) => fits(id, wish, catalogue)) ?? true,
	);
	if (cases.length === 0) throw new Error(`no case is named ${only?.join(" or ")}`);
	return { cases, effort: { ...effort, rounds }, quick, write, beside };
}

/** A whole name means that case alone, though others may begin with it. */
function fits(id: string, wish: string, catalogue: readonly BenchCase[]): boolean {
	return catalogue.some((other) => other.id === wish) ? id === wish : id.includes(wish);
}
