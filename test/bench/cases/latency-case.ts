import { startProber } from "../load/prober.ts";
import { createTally } from "../load/tally.ts";
import { createWatches, type WatchWire } from "../load/watches.ts";
import type { ServerProcess } from "../servers/server-process.ts";
import { type Bursts, burstChanges, createBursts } from "./bursts.ts";
import type { BenchCase, CaseName, Load } from "./case.ts";

/** More than change while a stream may be behind: no state is superseded, none is skipped. */
const objects = 1_000;
/** For finding the capacity, after as long to warm up. */
const capacityMs = 1_500;
const probeEveryMs = 5;
/** The 99th percentile needs some calls: a window is so much longer than others. */
const windowFactor = 4;

/** How long a Get takes while streams run at half of what they could. */
export function createLatencyCase(
	options: CaseName & { readonly wire: WatchWire; readonly streams: number },
): BenchCase {
	const { title, wire, streams } = options;
	return {
		...options,
		async prepare(spec, { faults, ...setting }) {
			const payload = setting.payload(objects);
			const server = await setting.start(spec, payload);
			const name = `${title}, ${spec.name}`;
			const tally = createTally();
			const onFault = (text: string) => faults.add(`${name}: ${text}`);
			const watches = createWatches({ server, wire, payload, tally, onFault });
			const prober = startProber(server.http1, payload.folder);
			const close = async () => {
				watches.close();
				prober.close();
				await server.stop();
			};
			try {
				await watches.open(streams);
				const bursts = createBursts({ server, streams, tally, payload, name, faults });
				await bursts.inTurn(capacityMs, 0);
				const changesPerSecond = (await findCapacity(server, bursts)) / streams / 2;
				const intervalMs = (1_000 * burstChanges) / changesPerSecond;
				const run: Load["run"] = async (windowMs) => {
					const forMs = windowMs * windowFactor;
					const count = Math.max(1, Math.round(forMs / intervalMs));
					const [probed] = await Promise.all([
						prober.probe({ forMs, everyMs: probeEveryMs }),
						bursts.atRate(count, intervalMs),
					]);
					for (const fault of probed.faults) onFault(fault);
					return { p50: probed.p50Ms, p99: probed.p99Ms, changes: changesPerSecond };
				};
				return { run, close };
			} catch (error) {
				await close();
				throw error;
			}
		},
	};
}

/**
 * Deliveries per second at which the fuller of the two cores would be full: were it the load's, it
 * would be the load that callers wait for.
 */
async function findCapacity(server: ServerProcess, bursts: Bursts): Promise<number> {
	const serverBeforeMs = await server.cpuMs();
	const loadBefore = process.cpuUsage();
	const deliveries = await bursts.inTurn(capacityMs, 0);
	const load = process.cpuUsage(loadBefore);
	const loadMs = (load.user + load.system) / 1_000;
	const serverMs = (await server.cpuMs()) - serverBeforeMs;
	return (1_000 * deliveries) / Math.max(loadMs, serverMs);
}
