import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { createWatchClient } from "../../support/watch-client.ts";
import { filterOf } from "../../support/watching.ts";
import type { KnownChange } from "./cluster-history.ts";
import type { Watcher } from "./lean-client.ts";
import { isWorthARetry, nameOfEnd, waitAsAsked } from "./one-retry.ts";

/** A watch that is opened again where it broke off. */
export interface ResumingStream {
	readonly held: ReadonlyMap<string, Wukong>;
	/** What came after the first SYNCED, in the order it came. */
	readonly seen: readonly KnownChange[];
	/** The newest stream has come to its SYNCED. */
	readonly synced: boolean;
	/** How often the server said RESET. */
	readonly resets: number;
	/** Why its streams ended: a reason of the contract, or what a broken connection is called. */
	readonly ends: readonly string[];
	/** Why none came about, in the same words. */
	readonly refusals: readonly string[];
	/** It goes on no more: `close` says why. */
	readonly over: boolean;
	/** Leaves. @throws what no client has to expect: a promise that does not hold, an end for good */
	close(): Promise<void>;
}

/** Watches a namespace, whatever happens to its replicas. */
export function openResumingStream(client: Watcher, namespace: string): ResumingStream {
	const watcher = createWatchClient(filterOf({ namespace }));
	const leaver = new AbortController();
	const { signal } = leaver;
	const seen: KnownChange[] = [];
	const ends: string[] = [];
	const refusals: string[] = [];
	let resets = 0;
	let wasSynced = false;
	let over = false;
	let broken: unknown;

	const receive = (event: WukongEvent) => {
		watcher.receive(event);
		if (event.type === EventType.RESET) resets++;
		if (event.wukong !== undefined && wasSynced) seen.push(changeOf(event, event.wukong));
		wasSynced ||= watcher.synced;
	};

	/** A promise that does not hold is no end of a stream, to be followed by another one. */
	const receiveOrLeave = (event: WukongEvent) => {
		try {
			receive(event);
		} catch (error) {
			broken ??= error;
			leaver.abort();
		}
	};

	const follow = async () => {
		while (!signal.aborted) {
			watcher.connect();
			const query = { namespace, resourceVersion: watcher.token };
			let hasBegun = false;
			try {
				for await (const event of client.watch(query, { signal })) {
					hasBegun = true;
					receiveOrLeave(event);
				}
			} catch (error) {
				if (!isWorthARetry(error)) throw error;
				(hasBegun ? ends : refusals).push(nameOfEnd(error));
				await waitAsAsked(error);
			}
		}
	};
	const following = follow().finally(() => {
		over = true;
	});
	// Awaited at the end: until then a failure is not unhandled, only early.
	following.catch(() => {});

	return {
		held: watcher.held,
		seen,
		ends,
		refusals,
		get synced() {
			return watcher.synced;
		},
		get over() {
			return over;
		},
		get resets() {
			return resets;
		},
		async close() {
			leaver.abort();
			await following;
			if (broken !== undefined) throw broken;
		},
	};
}

function changeOf(event: WukongEvent, { uid, resourceVersion }: Wukong): KnownChange {
	return { type: EventType[event.type], uid, version: resourceVersion };
}
