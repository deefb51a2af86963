import { setInterval } from "node:timers/promises";
import type { WukongClient } from "../../../web-client/src/client.ts";
import { nameOfEnd } from "./one-retry.ts";
import { type Acknowledged, leadLives } from "./vm-life.ts";

/** Writes under way, and what came of them. */
export interface Workload extends AsyncDisposable {
	readonly acknowledged: readonly Acknowledged[];
	/** Calls that failed even the second time, in words. */
	readonly failed: readonly string[];
	/** Why calls had to be made again. */
	readonly retried: readonly string[];
	/** Stops after the writes under way; each VM stays as it is. */
	stop(): Promise<void>;
}

export interface WorkloadOptions {
	/** Each is given its own VMs, one at a time. */
	readonly clients: readonly WukongClient[];
	readonly namespace: string;
	/** VMs that are written at the same time. */
	readonly vms: number;
	/** Writes per second; fewer where they take longer than that. */
	readonly writesPerSecond: number;
}

/** Leads VMs through one life after the other, at an even pace. */
export function startWorkload(options: WorkloadOptions): Workload {
	const acknowledged: Acknowledged[] = [];
	const failed: string[] = [];
	const retried: string[] = [];
	const lives = Array.from({ length: options.vms }, (_, place) => {
		const client = options.clients[place % options.clients.length] as WukongClient;
		return leadLives(client, { namespace: options.namespace, name: `vm-${place}` }, retried);
	});
	const underWay = new Set<Promise<void>>();
	let isStopped = false;

	const write = async (one: AsyncGenerator<Acknowledged, never>) => {
		try {
			acknowledged.push((await one.next()).value);
			lives.push(one);
		} catch (error) {
			failed.push(nameOfEnd(error));
		}
	};

	const pace = async () => {
		for await (const _ of setInterval(1_000 / options.writesPerSecond)) {
			if (isStopped) break;
			const one = lives.shift();
			if (one === undefined) continue;
			const written = write(one).finally(() => underWay.delete(written));
			underWay.add(written);
		}
		await Promise.all(underWay);
	};
	const pacing = pace();
	const stop = async () => {
		isStopped = true;
		await pacing;
	};
	return { acknowledged, failed, retried, stop, [Symbol.asyncDispose]: stop };
}
