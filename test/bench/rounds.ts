import type { BenchCase, Load, Outcome, Setting, Unit } from "./case.ts";
import type { ServerSpec } from "./server-spec.ts";

/** How long to measure. */
export interface Effort {
	readonly rounds: number;
	/** Length of one server's turn in a round. */
	readonly windowMs: number;
	/** One turn of each server before the first round, so that its code is compiled. */
	readonly warmUpMs: number;
}

/** What a case came to: for each server one outcome per round it held out. */
export interface CaseResult {
	readonly title: string;
	readonly unit: Unit;
	readonly outcomes: ReadonlyMap<string, readonly Outcome[]>;
}

/**
 * Runs a case on all servers, each in a fresh process. The servers take turns (A B C, A B C), so
 * that what disturbs the machine for a while disturbs all alike. A server that fails is a fault,
 * and the others go on.
 */
export async function runCase(
	benchCase: BenchCase,
	{
		servers,
		effort,
		setting,
	}: { servers: readonly ServerSpec[]; effort: Effort; setting: Setting },
): Promise<CaseResult> {
	const { title, unit } = benchCase;
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

	for (const spec of servers) {
		await attempt(spec.name, async () => {
			loads.set(spec.name, await benchCase.prepare(spec, setting));
			outcomes.set(spec.name, []);
		});
	}
	for (const [name, load] of loads) {
		await attempt(name, async () => {
			await load.run(effort.warmUpMs);
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
	return { title, unit, outcomes };
}
