import { Code, ConnectError } from "@connectrpc/connect";
import { WukongEvent_Type as Type } from "../../gen/novasphere/v1/wukong_service_pb.js";
import type { SharedStream } from "../share/shared-stream.ts";
import type { Timer } from "./environment.ts";
import { type FollowOptions, follow, type OpenStream } from "./follow.ts";
import { emptySnapshot, type LiveSnapshot, withItems } from "./snapshot.ts";
import type { LiveCondition } from "./status.ts";
import { createWatchState, type WatchState } from "./watch-state.ts";

/** Stops what it came from. */
export type Unsubscribe = () => void;

/**
 * A list that is kept current. Its stream is open while anybody subscribes. The two functions fit
 * React's `useSyncExternalStore`, and `subscribe` alone is a Svelte store.
 */
export interface LiveList {
	/** The list now; the same object until something changes. */
	getSnapshot(): LiveSnapshot;
	/** Calls back at once and at each change; many changes that come together are one. */
	subscribe(listener: (snapshot: LiveSnapshot) => void): Unsubscribe;
	/** Resolves when the list is complete; rejects where no retry can help. Subscribes meanwhile. */
	ready(): Promise<LiveSnapshot>;
	/** Begins anew after `failed`. */
	refresh(): void;
	/** Nobody subscribes, and no stream is open. */
	readonly isIdle: boolean;
}

/** How a list is fed. */
export interface LiveListOptions
	extends Pick<
		FollowOptions,
		"open" | "environment" | "silenceMs" | "backoff" | "renewal" | "onRetry"
	> {
	/** Time between two notifications at least, in milliseconds. */
	readonly throttleMs: number;
	/** Wraps what opens the stream, so that other tabs are fed from it too. Default: they are not. */
	readonly share?: ((open: OpenStream, state: WatchState) => SharedStream) | undefined;
	/** How long the stream stays open without a subscriber, in milliseconds. */
	readonly lingerMs: number;
	/** Aborted when the client is closed. */
	readonly signal: AbortSignal;
}

const closed: LiveCondition = { status: "closed", error: undefined, staleSince: undefined };

export function createLiveList(options: LiveListOptions): LiveList {
	const { clock } = options.environment;
	const listeners = new Set<(snapshot: LiveSnapshot) => void>();
	const state = createWatchState();
	const shared = options.share?.(options.open, state);
	let snapshot = emptySnapshot;
	let condition: LiveCondition = emptySnapshot;
	let hasChanged = false;
	/** A snapshot is under way: what has come of it is half a list. */
	let isPartial = true;
	let notice: Timer | undefined;
	let linger: Timer | undefined;
	let leaver: AbortController | undefined;

	/** Brings the snapshot up to what has come. */
	const settle = () => {
		const before = snapshot;
		// The list from before a snapshot stays until its SYNCED.
		if (!isPartial && (hasChanged || !snapshot.synced)) {
			snapshot = withItems(snapshot, state.held);
			hasChanged = false;
		}
		if (!isSame(snapshot, condition)) snapshot = { ...snapshot, ...condition };
		if (snapshot === before) return;
		// A listener may subscribe or unsubscribe others.
		for (const listener of [...listeners]) listener(snapshot);
	};
	const settleSoon = () => {
		if (notice !== undefined) return;
		notice = clock.setTimer(options.throttleMs, () => {
			notice = undefined;
			settle();
		});
	};
	const onCondition = ({ status, error, staleSince }: LiveCondition) => {
		condition = { status, error, staleSince };
		settleSoon();
	};

	const run = async (own: AbortController) => {
		const { signal } = own;
		const steps = follow({
			...options,
			open: shared?.open ?? options.open,
			state,
			signal,
			// The end of a stream that was left comes after the beginning of the next one.
			onCondition: (next) => void (leaver === own && onCondition(next)),
		});
		for await (const { event, changes } of steps) {
			if (event.type === Type.RESET) isPartial = true;
			if (event.type === Type.SYNCED) isPartial = false;
			hasChanged ||= changes.length > 0;
			if (!isPartial) settleSoon();
		}
	};
	const close = () => {
		linger?.cancel();
		linger = undefined;
		if (leaver === undefined) return;
		leaver.abort();
		leaver = undefined;
		shared?.leave();
		onCondition(closed);
	};
	const open = () => {
		linger?.cancel();
		linger = undefined;
		if (leaver !== undefined) return;
		const own = new AbortController();
		leaver = own;
		run(own).catch((reason) => {
			if (leaver !== own) return;
			onCondition({ ...condition, status: "failed", error: ConnectError.from(reason) });
		});
	};
	const closeSoon = () => {
		if (leaver !== undefined) linger ??= clock.setTimer(options.lingerMs, close);
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
			own(snapshot);
			return () => {
				listeners.delete(own);
				if (listeners.size === 0) closeSoon();
			};
		},
		async ready() {
			let leave: Unsubscribe | undefined;
			try {
				return await new Promise((resolve, reject) => {
					leave = list.subscribe((next) => {
						if (next.synced) resolve(next);
						else if (next.status === "failed" || next.status === "closed") {
							reject(next.error ?? new ConnectError("the list is closed", Code.Canceled));
						}
					});
				});
			} finally {
				leave?.();
			}
		},
		refresh() {
			if (condition.status !== "failed") return;
			leaver?.abort();
			leaver = undefined;
			if (listeners.size > 0) open();
		},
	};
	const end = () => {
		close();
		onCondition(closed);
	};
	options.signal.addEventListener("abort", end, { once: true });
	if (options.signal.aborted) end();
	return list;
}

function isSame(snapshot: LiveSnapshot, condition: LiveCondition): boolean {
	return (
		snapshot.status === condition.status &&
		snapshot.error === condition.error &&
		snapshot.staleSince?.getTime() === condition.staleSince?.getTime()
	);
}
