import { setTimeout as pause } from "node:timers/promises";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { isFailure } from "../../server/src/failure.ts";
import { placesIn } from "../../server/src/resource/version.ts";
import type { WukongReplica } from "../../server/src/service/wukong/wukong-events.ts";
import { createWatchClient } from "../support/watch-client.ts";
import { filterOf } from "../support/watching.ts";
import type { ToldChange } from "./machine-story.ts";

/** A client that watches everything, resumes where it was, and holds the service to its word. */
export interface Witness {
	/** What it knows. @throws the promise that was broken, here and in all others */
	held(): ReadonlyMap<string, Wukong>;
	/** Changes that it was told after its first SYNCED, in order; the versions are those of the Wukongs. */
	seen(): readonly ToldChange[];
	/** How often it was told to start over. */
	readonly resets: number;
	/** Leaves its stream and resumes with its token, there or at another replica. */
	move(to: WukongReplica): void;
	leave(): Promise<void>;
}

/** Time between two tries of a stream that is refused, in milliseconds. */
const retryAfterMs = 10;

/** @param isRestored the store goes back: after RESET versions may be lower than before. */
export function createWitness(first: WukongReplica, isRestored: boolean): Witness {
	const filter = filterOf();
	let watcher = createWatchClient(filter);
	const seen: ToldChange[] = [];
	let at = first;
	let leaving = new AbortController();
	let isGone = false;
	let hasSynced = false;
	let resets = 0;
	let broken: { readonly error: unknown } | undefined;

	const receive = (event: WukongEvent) => {
		const { type, wukong } = event;
		if (type === EventType.RESET) {
			resets++;
			if (isRestored) {
				watcher = createWatchClient(filter);
				watcher.connect();
			}
		}
		watcher.receive(event);
		if (wukong !== undefined && hasSynced) {
			const { uid, name, resourceVersion } = wukong;
			const places = placesIn(resourceVersion).split("~");
			seen.push({ type: EventType[type], uid, name, version: places[0] ?? "", places });
		}
		hasSynced ||= watcher.synced;
	};
	const follow = async (signal: AbortSignal) => {
		watcher.connect();
		const stream = at.watch({
			filter,
			resourceVersion: watcher.token,
			minResourceVersion: "",
			heartbeatIntervalMs: 1_000,
			caller: { signal },
		});
		try {
			for await (const event of stream) receive(event);
		} catch (error) {
			if (signal.aborted) return;
			if (!isFailure(error, ErrorReason.UPSTREAM_UNAVAILABLE)) throw error;
			await pause(retryAfterMs);
		}
	};
	const following = (async () => {
		while (!isGone) {
			leaving = new AbortController();
			await follow(leaving.signal);
		}
	})().catch((error) => {
		broken = { error };
	});
	const intact = <T>(value: T): T => {
		if (broken !== undefined) throw broken.error;
		return value;
	};

	return {
		held: () => intact(watcher.held),
		seen: () => intact(seen),
		get resets() {
			return intact(resets);
		},
		move(to) {
			at = to;
			leaving.abort();
		},
		async leave() {
			isGone = true;
			leaving.abort();
			await following;
		},
	};
}
