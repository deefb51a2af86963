import { setTimeout as delay } from "node:timers/promises";
import type { Faults } from "../faults.ts";
import type { Tally } from "../load/tally.ts";
import { sampleEvery, type WatchScope } from "../load/watches.ts";
import type { Payload } from "../payload/payload.ts";
import type { ServerProcess } from "../servers/server-process.ts";

/** Changes that become known at one moment, where a case does not say otherwise. */
export const burstChanges = 10;
/** 500 changes a second. */
export const burstIntervalMs = 20;
/** No burst takes a server this long; one that does has lost something. */
const defaultCeilingMs = 30_000;

export interface BurstOptions {
	readonly server: Pick<ServerProcess, "play">;
	readonly streams: number;
	readonly tally: Tally;
	readonly payload: Payload;
	/** Changes that become known at one moment. Default: 10. */
	readonly changes?: number | undefined;
	/** What each stream watches; with one VM or namespace each there are as many streams as VMs. Default: all. */
	readonly scope?: WatchScope | undefined;
	/** For faults. */
	readonly name: string;
	readonly faults: Faults;
	/** How long a burst may take before it counts as lost, in ms. Default: 30,000. */
	readonly ceilingMs?: number | undefined;
}

/** Changes VMs and waits until every stream has heard of it. */
export interface Bursts {
	/**
	 * Burst after burst, none before the one before has arrived everywhere: a slow server is given
	 * less to do, and none can save work by skipping states that are no longer the newest.
	 * @returns the number of deliveries
	 * @throws Error where one does not arrive
	 */
	inTurn(windowMs: number, intervalMs: number): Promise<number>;
	/**
	 * Bursts from the server's own timer, whether or not they have arrived.
	 * @returns the number of deliveries
	 * @throws Error where they do not all arrive
	 */
	atRate(bursts: number, intervalMs: number): Promise<number>;
}

export function createBursts(options: BurstOptions): Bursts {
	const { server, streams, tally, payload, name, faults } = options;
	const { ceilingMs = defaultCeilingMs, changes = burstChanges, scope = "all" } = options;
	const { wukongs } = payload.list;
	if (scope !== "all" && streams !== wukongs.length) {
		throw new RangeError(`${streams} streams cannot have ${scope} of ${wukongs.length} VMs`);
	}
	const listeners = scope === "all" ? streams : 1;
	const sampledOf = (place: number) =>
		scope === "all" ? Math.ceil(streams / sampleEvery) : Number(place % sampleEvery === 0);
	let made = 0;

	const play = async (bursts: number, intervalMs: number) => {
		const first = made;
		made += bursts * changes;
		const arrived = tally.reach(made * listeners, ceilingMs + bursts * intervalMs);
		server.play({ first, count: changes, bursts, intervalMs });
		if (!(await arrived)) throw new Error(`${tally.delivered} of ${made * listeners} delivered`);
		return first;
	};
	const checkSamples = (first: number) => {
		const samples = tally.takeSamples();
		for (let change = first; change < made; change++) {
			const place = change % wukongs.length;
			const changed = wukongs[place]?.name ?? "";
			if ((samples.get(changed) ?? 0) === sampledOf(place)) continue;
			faults.add(`${name}: ${changed} was not delivered once to each sampled stream`);
		}
	};
	return {
		async inTurn(windowMs, intervalMs) {
			const before = tally.delivered;
			const startMs = performance.now();
			let dueMs = startMs;
			do {
				const earlyMs = dueMs - performance.now();
				if (earlyMs > 0) await delay(earlyMs);
				checkSamples(await play(1, 0));
				// A burst that could not be made in its time is left out, not made up for.
				dueMs = Math.max(dueMs + intervalMs, performance.now());
			} while (dueMs < startMs + windowMs);
			if (tally.delivered !== made * listeners) {
				faults.add(`${name}: ${tally.delivered} deliveries of ${made * listeners}`);
			}
			return tally.delivered - before;
		},
		async atRate(bursts, intervalMs) {
			const before = tally.delivered;
			await play(bursts, intervalMs);
			tally.takeSamples();
			return tally.delivered - before;
		},
	};
}
