import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { placesIn } from "../../../server/src/resource/version.ts";
import { createLeavableStream } from "../../../web-client/src/leavable-stream.ts";
import { defaultBackoff } from "../../../web-client/src/live/backoff.ts";
import { createEnvironment } from "../../../web-client/src/live/environment.ts";
import { follow } from "../../../web-client/src/live/follow.ts";
import { createWatchClient } from "../../support/watch-client.ts";
import { filterOf } from "../../support/watching.ts";
import type { KnownChange } from "./cluster-history.ts";
import type { Watcher } from "./lean-client.ts";
import { nameOfEnd } from "./one-retry.ts";

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

/** Longer than the service is ever silent, which beats each 15 s unless it is asked. */
const silenceMs = 30_000;

/** Watches a namespace, whatever happens to its replicas. */
export function openResumingStream(client: Watcher, namespace: string): ResumingStream {
	const watcher = createWatchClient(filterOf({ namespace }));
	const leaver = new AbortController();
	const { signal } = leaver;
	const seen: KnownChange[] = [];
	const ends: string[] = [];
	const refusals: string[] = [];
	let resets = 0;
	let hasBegun = false;
	let over = false;
	let broken: unknown;

	/** A promise that does not hold is no end of a stream, to be followed by another one. */
	const apply = (event: WukongEvent) => {
		hasBegun = true;
		const { wasSynced } = watcher;
		try {
			const changes = watcher.apply(event);
			if (event.type === EventType.RESET) resets++;
			if (event.wukong !== undefined && wasSynced) seen.push(changeOf(event, event.wukong));
			return changes;
		} catch (error) {
			broken ??= error;
			leaver.abort();
			return [];
		}
	};
	// As the product's client has it: what has ended by itself is not aborted.
	const watch = createLeavableStream(client.rpc.watchWukong);
	const run = async () => {
		const steps = follow({
			open: (resourceVersion, own) => watch({ namespace, resourceVersion }, { signal: own }),
			state: Object.create(watcher, { apply: { value: apply } }),
			environment: createEnvironment(),
			silenceMs,
			backoff: defaultBackoff,
			renewal: undefined,
			signal,
			onCondition({ status, error }) {
				// Each end that another try follows comes with its error.
				if (error === undefined || status === "failed") return;
				(hasBegun ? ends : refusals).push(nameOfEnd(error));
				hasBegun = false;
			},
		});
		for await (const _step of steps);
	};
	const following = run().finally(() => {
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
	return { type: EventType[event.type], uid, version: placesIn(resourceVersion) };
}
