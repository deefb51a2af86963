import { createTally } from "../load/tally.ts";
import { createWatches, type WatchWire } from "../load/watches.ts";
import { usualObjects } from "../servers/roster.ts";
import { burstIntervalMs, createBursts } from "./bursts.ts";
import type { BenchCase, CaseName } from "./case.ts";
import { measureRate } from "./rate.ts";

export interface FanOutCaseOptions extends CaseName {
	readonly wire: WatchWire;
	readonly streams: number;
	/** VMs that each server holds. Default: 100. */
	readonly objects?: number;
	/** How long a burst may take before it counts as lost, in ms. Default: 30,000. */
	readonly burstCeilingMs?: number;
}

/** Every change goes to every stream. */
export function createFanOutCase(options: FanOutCaseOptions): BenchCase {
	const { title, wire, streams, objects = usualObjects } = options;
	return {
		...options,
		async prepare(spec, setting) {
			const { faults } = setting;
			const payload = setting.payload(objects);
			const server = await setting.start(spec, payload);
			const name = `${title}, ${spec.name}`;
			const tally = createTally();
			const onFault = (text: string) => faults.add(`${name}: ${text}`);
			const watches = createWatches({ server, wire, payload, tally, onFault });
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
			const ceilingMs = options.burstCeilingMs;
			const bursts = createBursts({ server, streams, tally, payload, name, faults, ceilingMs });
			return {
				run: (windowMs) => measureRate(server, () => bursts.inTurn(windowMs, burstIntervalMs)),
				close,
			};
		},
	};
}
