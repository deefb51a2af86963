import type { BenchCase, Load, Setting } from "./cases/case.ts";
import type { Outcome } from "./measure.ts";
import type { ServerName } from "./servers/roster.ts";
import type { ServerSpec } from "./servers/server-spec.ts";

/** How long to measure. */
export interface Effort {
	readonly rounds: number;
	/** Length of one server's turn in a round. */
	readonly windowMs: number;
	/** One turn of each server before the first round, so that its code is compiled. */
	readonly warmUpMs: number;
	/** The same for a server that is compiled before it starts. */
	readonly quickWarmUpMs: number;
}

/** What a case came to: for each server, by name, one outcome per round it held out. */
export interface CaseResult extends Pick<BenchCase, "id" | "title" | "group"> {
	readonly outcomes: ReadonlyMap<string, readonly Outcome[]>;
	/** How long all of it took, starts and warm-ups included. */
	readonly seconds: number;
}

/**
 * Runs a case on its servers, each in a fresh process. The servers take turns (A B C, A B C), so
 * that what disturbs the machine for a while disturbs all alike. A server that fails is a fault,
 * and the others go on.
 */
export async function runCase(
	benchCase: BenchCase,
	{
		roster,
		effort,
		setting,
	}: {
		readonly roster: ReadonlyMap<ServerName, ServerSpec>;
		readonly effort: Effort;
		readonly setting: Setting;
	},
): Promise<CaseResult> {
	const { id, title, group } = benchCase;
	const startMs = performance.now();
	const quick = new Set<string>();
	const loads = new Map<string, Load>();
	const outcomes = new Map<string, Outcome[]>();
	const attempt = async (name: string, work: () => Promise<void>) => {
		try {
			await work();
		} catch (error) {
			setting.faults.add(`${title}, ${name}: ${(error as Error).message}`);
			const failed = loads.get(name);
			loads.delete(name);
			await failed?.close();
		}
	};

	for (const serverName of benchCase.servers) {
		const spec = roster.get(serverName);
		if (spec === undefined) continue;
		if (spec.warmsQuickly === true) quick.add(spec.name);
		await attempt(spec.name, async () => {
			loads.set(spec.name, await benchCase.prepare(spec, setting));
			outcomes.set(spec.name, []);
		});
	}
	for (const [name, load] of benchCase.startsAnew === true ? [] : loads) {
		await attempt(name, async () => {
			const warmUpMs = quick.has(name) ? effort.quickWarmUpMs : effort.warmUpMs;
			await (load.warmUp?.(warmUpMs) ?? load.run(warmUpMs));
		});
	}
	for (let round = 0; round < effort.rounds; round++) {
		for (const [name, load] of loads) {
			await attempt(name, async () => {
				outcomes.get(name)?.push(await load.run(effort.windowMs));
			});
		}
	}
	for (const load of loads.values()) await load.close();
	const seconds = (performance.now() - startMs) / 1_000;
	return { id, title, group, outcomes, seconds };
}
