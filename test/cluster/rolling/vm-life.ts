import { randomUUID } from "node:crypto";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { placesIn } from "../../../server/src/resource/version.ts";
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

/** How long a call may take. */
const options = { timeoutMs: 30_000 };

const spec = {
	cpu: 2,
	memory: "4Gi",
	disks: [{ name: "root", size: "20Gi", storageClassName: "longhorn" }],
};

/**
 * Creates a VM, changes it, deletes it, again and again, one write at a time. Each is such that
 * making it twice has one effect, and is made again once where that may help.
 * @param retried is told why
 */
export async function* leadLives(
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
	const create = async () => {
		const request = { wukong: { ...ref, spec }, requestId: randomUUID() };
		return answered(await twice(() => client.rpc.createWukong(request, options)));
	};
	const label = async ({ resourceVersion }: Wukong) => {
		const step = randomUUID();
		const request = { wukong: { ...ref, resourceVersion, labels: { step } } };
		try {
			return answered(await twice(() => client.rpc.updateWukong(request, options)));
		} catch (error) {
			if (!isConflict(error)) throw error;
			// The first try may have been the one that changed the version.
			const now = answered(await client.rpc.getWukong(ref, options));
			if (now.labels.step !== step) throw error;
			return now;
		}
	};
	const stop = async () => answered(await twice(() => client.rpc.stopWukong(ref, options)));
	const start = async () => answered(await twice(() => client.rpc.startWukong(ref, options)));
	const remove = async ({ uid, resourceVersion }: Wukong): Promise<Acknowledged> => {
		try {
			const answer = await twice(() => client.rpc.deleteWukong({ ...ref, uid }, options));
			return { uid, version: answer.resourceVersion, deleted: true };
		} catch (error) {
			// Gone is what was asked for: the first try has done it.
			if (!isNotFound(error)) throw error;
			return { uid, version: placesIn(resourceVersion), deleted: true };
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

function answered({ wukong }: { readonly wukong?: Wukong | undefined }): Wukong {
	if (wukong === undefined) throw new Error("an answer without a VM");
	return wukong;
}

function told({ uid, resourceVersion }: Wukong): Acknowledged {
	return { uid, version: placesIn(resourceVersion), deleted: false };
}
