import { createTally } from "../load/tally.ts";
import { createWatches, type WatchScope, type WatchWire } from "../load/watches.ts";
import { type ServerName, usualObjects } from "../servers/roster.ts";
import { burstIntervalMs, createBursts } from "./bursts.ts";
import type { BenchCase, CaseName } from "./case.ts";
import { measureRate } from "./rate.ts";

export interface FanOutCaseOptions extends CaseName {
	readonly wire: WatchWire;
	/** Wires of single servers, by name, that are measured beside the case's own. Default: none. */
	readonly otherWires?: Readonly<Partial<Record<ServerName, WatchWire>>>;
	readonly streams: number;
	/** VMs that each server holds. Default: 100. */
	readonly objects?: number;
	/** What each stream watches. Default: all. */
	readonly scope?: WatchScope;
	/**
	 * Changes come one at a time, each in a turn of the loop of its own, so many a second, whether
	 * or not they have arrived. Default: bursts, none before the one before has arrived everywhere.
	 */
	readonly singlesPerSecond?: number;
	/** How long a burst may take before it counts as lost, in ms. Default: 30,000. */
	readonly burstCeilingMs?: number;
}

/** Changes go to every stream that watches what changes. */
export function createFanOutCase(options: FanOutCaseOptions): BenchCase {
	const { title, streams, scope, objects = usualObjects, singlesPerSecond } = options;
	return {
		...options,
		async prepare(spec, setting) {
			const { faults } = setting;
			const wire = options.otherWires?.[spec.name as ServerName] ?? options.wire;
			const namespaces = scope === "one namespace each" ? "one each" : "few";
			const payload = setting.payload(objects, namespaces);
			const server = await setting.start(spec, payload);
			const name = `${title}, ${spec.name}`;
			const tally = createTally();
			const onFault = (text: string) => faults.add(`${name}: ${text}`);
			const watches = createWatches({ server, wire, payload, tally, scope, onFault });
			const close = async () => {
				watches.close();
				await server.stop();
			};
			try {
				await watches.open(streams);
			} catch (error) {
				await close();
				throw error;
			}
			const bursts = createBursts({
				...{ server, streams, tally, payload, name, faults, scope },
				changes: singlesPerSecond === undefined ? undefined : 1,
				ceilingMs: options.burstCeilingMs,
			});
			const change = (windowMs: number) => {
				if (singlesPerSecond === undefined) return bursts.inTurn(windowMs, burstIntervalMs);
				const singles = Math.max(1, Math.round((windowMs * singlesPerSecond) / 1_000));
				return bursts.atRate(singles, 1_000 / singlesPerSecond);
			};
			return { run: (windowMs) => measureRate(server, () => change(windowMs)), close };
		},
	};
}
