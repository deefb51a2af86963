import { Code, ConnectError } from "@connectrpc/connect";
import { onAbort } from "../on-abort.ts";
import { tell, tellAll } from "../tell.ts";
import type { Timer } from "./environment.ts";
import type { Feed } from "./feed.ts";
import { type FollowOptions, follow } from "./follow.ts";
import { keyOfQuery, type WatchQuery } from "./query.ts";
import { emptySnapshot, type LiveSnapshot, withItems } from "./snapshot.ts";
import { conditionOf, type LiveCondition } from "./status.ts";
import { type Change, createWatchState, type WatchState } from "./watch-state.ts";

/** Stops what it came from. */
export type Unsubscribe = () => void;

/**
 * A list that is kept current. Its stream is open while anybody subscribes. The two functions fit
 * React's `useSyncExternalStore`, and `subscribe` alone is a Svelte store.
 */
export interface LiveList {
	/** The list now; the same object until something changes. */
	getSnapshot(): LiveSnapshot;
	/**
	 * Calls back at once and at each change; many changes that come together are one. What a listener throws is
	 * the page's own error, and keeps nothing from the others.
	 */
	subscribe(listener: (snapshot: LiveSnapshot) => void): Unsubscribe;
	/**
	 * Told each difference that comes, in order, before the snapshot that has it; opens no stream. After
	 * RESET they are those between the old list and the new one.
	 */
	onChange(listener: (change: Change) => void): Unsubscribe;
	/** Resolves when the list is complete; rejects where no retry can help. Subscribes meanwhile. */
	ready(): Promise<LiveSnapshot>;
	/** Begins anew after `failed`. */
	refresh(): void;
	/** Nobody subscribes, and no stream is open. */
	readonly isIdle: boolean;
}

/** How a list is fed. */
export interface LiveListOptions
	extends Pick<FollowOptions, "environment" | "silenceMs" | "backoff" | "renewal" | "signal"> {
	/** Makes what opens its streams. @param state what the list holds */
	readonly feed: (state: WatchState) => Feed;
	/** Time between two notifications at least, in milliseconds. */
	readonly throttleMs: number;
	/** How long the stream stays open without a subscriber, in milliseconds. */
	readonly lingerMs: number;
}

export function createLiveList(options: LiveListOptions): LiveList {
	const { clock } = options.environment;
	const listeners = new Set<(snapshot: LiveSnapshot) => void>();
	const watchers = new Set<(change: Change) => void>();
	const state = createWatchState();
	const feed = options.feed(state);
	let snapshot = emptySnapshot;
	let condition = conditionOf("connecting");
	let hasChanged = false;
	let notice: Timer | undefined;
	let linger: Timer | undefined;
	let leaver: AbortController | undefined;

	/** Brings the snapshot up to what has come. */
	const settle = () => {
		notice = undefined;
		const before = snapshot;
		// The list from before a snapshot stays until its SYNCED.
		if (!state.isPartial && (hasChanged || !snapshot.synced)) {
			snapshot = withItems(snapshot, state.held);
			hasChanged = false;
		}
		if (!isSame(snapshot, condition)) snapshot = { ...snapshot, ...condition };
		if (snapshot === before) return;
		tellAll(listeners, snapshot);
	};
	const settleSoon = () => {
		if (notice === undefined) notice = clock.setTimer(options.throttleMs, settle);
	};
	const onCondition = (next: LiveCondition) => {
		condition = next;
		settleSoon();
	};

	const run = async (own: AbortController) => {
		const steps = follow({
			...options,
			open: feed.open,
			state,
			signal: own.signal,
			// The end of a stream that was left comes after the beginning of the next one.
			onCondition: (next) => leaver === own && onCondition(next),
		});
		for await (const { changes } of steps) {
			hasChanged ||= changes.length > 0;
			for (const change of changes) tellAll(watchers, change);
			settleSoon();
		}
	};
	const stop = () => {
		linger?.cancel();
		linger = undefined;
		leaver?.abort();
		leaver = undefined;
	};
	const close = () => {
		stop();
		feed.leave();
		onCondition(conditionOf("closed"));
	};
	const open = () => {
		linger?.cancel();
		linger = undefined;
		if (leaver !== undefined) return;
		const own = new AbortController();
		leaver = own;
		run(own).catch((reason) => {
			if (leaver === own) onCondition(conditionOf("failed", ConnectError.from(reason)));
		});
	};

	const list: LiveList = {
		get isIdle() {
			return listeners.size === 0 && leaver === undefined;
		},
		getSnapshot: () => snapshot,
		subscribe(listener) {
			// A new function for each subscription: one listener may subscribe twice.
			const own = (next: LiveSnapshot) => listener(next);
			listeners.add(own);
			if (!options.signal.aborted) open();
			tell(own, snapshot);
			return () => {
				listeners.delete(own);
				if (listeners.size === 0 && leaver !== undefined) {
					linger ??= clock.setTimer(options.lingerMs, close);
				}
			};
		},
		async ready() {
			let leave: Unsubscribe | undefined;
			try {
				return await new Promise((resolve, reject) => {
					leave = list.subscribe((next) => {
						const isOver = next.status === "failed" || next.status === "closed";
						if (next.synced) resolve(next);
						else if (isOver)
							reject(next.error ?? new ConnectError("the list is closed", Code.Canceled));
					});
				});
			} finally {
				leave?.();
			}
		},
		onChange(listener) {
			const own = (change: Change) => listener(change);
			watchers.add(own);
			return () => watchers.delete(own);
		},
		refresh() {
			if (condition.status !== "failed") return;
			stop();
			if (listeners.size > 0) open();
		},
	};
	onAbort(options.signal, close);
	return list;
}

function isSame(snapshot: LiveSnapshot, condition: LiveCondition): boolean {
	return (
		snapshot.status === condition.status &&
		snapshot.error === condition.error &&
		snapshot.staleSince?.getTime() === condition.staleSince?.getTime()
	);
}

/** How many lists are kept that nobody subscribes to, so that they go on where they were. */
const maxIdleLists = 32;

/** The lists of one client: whoever asks for the same gets the same one, with one stream. */
export function createLists(optionsOf: (query: WatchQuery) => LiveListOptions): {
	/** Those that exist, with what they show. */
	readonly all: () => Iterable<readonly [WatchQuery, LiveList]>;
	readonly get: (query: WatchQuery) => LiveList;
} {
	const lists = new Map<string, readonly [WatchQuery, LiveList]>();

	return {
		all: () => lists.values(),
		get(query) {
			const key = keyOfQuery(query);
			const known = lists.get(key);
			if (known !== undefined) return known[1];
			for (const [other, [, kept]] of lists) {
				if (lists.size >= maxIdleLists && kept.isIdle) lists.delete(other);
			}
			const own = { ...query };
			const list = createLiveList(optionsOf(own));
			lists.set(key, [own, list]);
			return list;
		},
	};
}
