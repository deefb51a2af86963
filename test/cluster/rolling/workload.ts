import { randomUUID } from "node:crypto";
import { setInterval } from "node:timers/promises";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { WukongClient } from "../../../web-client/src/client.ts";
import { isConflict, isNotFound } from "../../../web-client/src/errors.ts";
import { isWorthARetry, nameOfEnd, waitAsAsked } from "./one-retry.ts";

/** A write that was answered. */
export interface Acknowledged {
	readonly uid: string;
	/** The object's version afterwards; for a deletion a version at which it is gone. */
	readonly version: string;
	readonly deleted: boolean;
}

/** Writes under way, and what came of them. */
export interface Workload {
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

/** Milliseconds that a call may take. */
const timeoutMs = 30_000;

const spec = {
	cpu: 2,
	memory: "4Gi",
	disks: [{ name: "root", size: "20Gi", storageClassName: "longhorn" }],
};

/** Leads VMs through one life after the other. */
export function startWorkload(options: WorkloadOptions): Workload {
	const acknowledged: Acknowledged[] = [];
	const failed: string[] = [];
	const retried: string[] = [];
	const lives = Array.from({ length: options.vms }, (_, place) => {
		const client = options.clients[place % options.clients.length] as WukongClient;
		return life(client, { namespace: options.namespace, name: `vm-${place}` }, retried);
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

	return {
		acknowledged,
		failed,
		retried,
		async stop() {
			isStopped = true;
			await pacing;
		},
	};
}

/**
 * Creates a VM, changes it, deletes it, again and again, one write at a time. Each is such that
 * making it twice has one effect.
 */
async function* life(
	client: WukongClient,
	ref: { readonly namespace: string; readonly name: string },
	retried: string[],
): AsyncGenerator<Acknowledged, never> {
	const twice = async <T>(call: () => Promise<T>): Promise<T> => {
		try {
			return await call();
		} catch (error) {
			if (!isWorthARetry(error)) throw error;
			retried.push(nameOfEnd(error));
			await waitAsAsked(error);
			return call();
		}
	};
	const answered = ({ wukong }: { wukong?: Wukong | undefined }): Wukong => {
		if (wukong === undefined) throw new Error("an answer without a VM");
		return wukong;
	};
	const told = ({ uid, resourceVersion }: Wukong): Acknowledged => ({
		uid,
		version: resourceVersion,
		deleted: false,
	});
	const options = { timeoutMs };

	const create = async () => {
		const request = { wukong: { ...ref, spec }, requestId: randomUUID() };
		return answered(await twice(() => client.createWukong(request, options)));
	};
	const label = async ({ resourceVersion }: Wukong) => {
		const step = randomUUID();
		const request = { wukong: { ...ref, resourceVersion, labels: { step } } };
		try {
			return answered(await twice(() => client.updateWukong(request, options)));
		} catch (error) {
			if (!isConflict(error)) throw error;
			// The first try may have been the one that changed the version.
			const now = answered(await client.getWukong(ref, options));
			if (now.labels.step !== step) throw error;
			return now;
		}
	};
	const stop = async () => answered(await twice(() => client.stopWukong(ref, options)));
	const start = async () => answered(await twice(() => client.startWukong(ref, options)));
	const remove = async ({ uid, resourceVersion }: Wukong): Promise<Acknowledged> => {
		try {
			const answer = await twice(() => client.deleteWukong({ ...ref, uid }, options));
			return { uid, version: answer.resourceVersion, deleted: true };
		} catch (error) {
			// Gone is what was asked for: the first try has done it.
			if (!isNotFound(error)) throw error;
			return { uid, version: resourceVersion, deleted: true };
		}
	};

	for (;;) {
		let wukong = await create();
		yield told(wukong);
		for (const change of [label, stop, label, start, label]) {
			wukong = await change(wukong);
			yield told(wukong);
		}
		yield await remove(wukong);
	}
}
