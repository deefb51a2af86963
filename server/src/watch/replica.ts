import type { Caller } from "../caller.ts";
import type { Clock } from "../clock.ts";
import { ErrorReason, Failure, storeNotLoaded } from "../failure.ts";
import { isSameNamespace, type NamespaceSet } from "../resource/namespace-set.ts";
import type { ApiObject, ObjectRef } from "../resource/object.ts";
import { parseVersion, startOver } from "../resource/version.ts";
import type { ChangeFeed, Freshness, HistoryLimits, Sources } from "../store/change-feed.ts";
import { createChangeLog } from "./change-log.ts";
import { Cursor, resumeStart } from "./cursor.ts";
import { createControlEvents, type EventFactory } from "./events.ts";
import type { Filter } from "./filter.ts";
import { createHeartbeats } from "./heartbeat.ts";
import { createKnownNamespaces, type KnownNamespaces } from "./known-namespaces.ts";
import type { ResetCause, WatchObserver } from "./observer.ts";
import type { Pacing } from "./pacing.ts";
import { createPageCache, type ListPage } from "./page-cache.ts";
import { type ListQuery, listPage } from "./pages.ts";
import { Places } from "./places.ts";
import type { StreamGuard } from "./stream-guard.ts";
import type { View } from "./view.ts";
import { createViews } from "./views.ts";
import { createVersionWait, maxVersionWaitMs } from "./wait-until-fresh.ts";
import { createWaits, type WaitQuery } from "./waits.ts";
import { createWatchStream, type OpenStream, type WatchStream } from "./watch-stream.ts";

/** What to watch. */
export interface WatchQuery {
	readonly filter: Filter;
	/** Go on after this; empty: a snapshot first. */
	readonly resourceVersion: string;
	/** The snapshot is no older than this. */
	readonly minResourceVersion: string;
	readonly heartbeatIntervalMs: number;
	/** Reader; its signal ends a stream that is iterated. */
	readonly caller: Caller;
	/** What may end the stream from outside, such as a right that runs out. Default: nothing */
	readonly guard?: StreamGuard | undefined;
}

/**
 * A copy in memory of one kind of object: one log, filled by a feed, read by any number of lists
 * and streams.
 */
export interface Replica<T extends ApiObject, E> {
	/** Loads the feed. Resolves when reads can be served. */
	start(): Promise<void>;
	/** True once loaded. */
	readonly ready: boolean;
	/** Returns how current the copy is. */
	freshness(): Freshness;
	/** The namespaces that there are objects in. */
	readonly namespaces: KnownNamespaces;
	/** @throws UPSTREAM_UNAVAILABLE before the load */
	get(ref: ObjectRef): T | undefined;
	/**
	 * Returns a page, at once where no version has to be waited for.
	 * @throws PAGE_TOKEN_INVALID, PAGE_TOKEN_EXPIRED, VERSION_NOT_REACHED, INVALID_REQUEST
	 */
	list(query: ListQuery): ListPage<T> | Promise<ListPage<T>>;
	/**
	 * Opens a stream. Failures are thrown by the stream, except for one:
	 * @throws TOO_MANY_REQUESTS where `maxStreams` are open
	 */
	watch(query: WatchQuery): WatchStream<E>;
	/**
	 * Returns the version of a state that has everything of the objects' own kind up to `version`, and of
	 * the other kinds what is here: a read that asks for it, and a watch that goes on from it, understand it.
	 */
	versionAt(version: bigint): string;
	/** Resolves when reads see `minResourceVersion`. @throws VERSION_NOT_REACHED, INVALID_REQUEST */
	reach(minResourceVersion: string, caller: Caller): Promise<void>;
	/**
	 * Calls back with each state that is no longer the newest of its object: what hangs on it may go.
	 */
	onSuperseded(callback: (object: T) => void): void;
	/** Checks that a state of an object is the one that reads are given. */
	isNewest(object: T): boolean;
	/**
	 * Waits for what becomes of one object; counts as a stream for as long as it lasts.
	 * @returns what `judge` did; undefined: the time is over
	 * @throws TOO_MANY_REQUESTS where `maxStreams` are open, VERSION_NOT_REACHED, INVALID_REQUEST,
	 * the signal's reason, what `judge` throws
	 */
	wait<R>(query: WaitQuery<T, R>): Promise<R | undefined>;
	/** Checks that one more stream may open, also one of another service. @throws TOO_MANY_REQUESTS */
	requireRoom(): void;
	/**
	 * Ends every stream, those to come too: a last HEARTBEAT, then `failure`; and every wait, with
	 * `failure`.
	 */
	drain(failure: Failure): void;
}

/** Creates an empty replica; `Replica.start` loads it. */
export function createReplica<T extends ApiObject, E>(options: {
	readonly feed: ChangeFeed<T>;
	/** Makes the messages of streams. */
	readonly events: EventFactory<T, E>;
	readonly clock: Clock;
	readonly historyLimits: HistoryLimits;
	/** Most open streams and waits. Each holds a cursor and its connection's buffers. */
	readonly maxStreams: number;
	/** Counts the streams that other services have open, within the same limit. Default: none. */
	readonly openElsewhere?: () => number;
	readonly observer: WatchObserver;
	/** For an upstream that may be noisy. Default: every change is told as it comes. */
	readonly pacing?: Pacing<T> | undefined;
}): Replica<T, E> {
	const { feed, events, clock, observer } = options;
	const freshness = () => feed.freshness();
	const join = feed.join && ((sources: Sources) => feed.join?.(sources));
	const { historyLimits: limits, pacing } = options;
	const log = createChangeLog({ limits, events, clock, pacing, observer, join });
	const namespaces = createKnownNamespaces(log, clock);
	const versions = createVersionWait({ log, feed, clock });
	const controlEvents = createControlEvents({ events, clock, freshness });
	const heartbeats = createHeartbeats(clock);
	const views = createViews(log);
	const cache = createPageCache<T>();
	const waits = createWaits({ log, versions, clock, observer });
	const streams = new Map<OpenStream<T, E>, View<T, E>>();
	/** What takes back the callback of each stream that has a guard. */
	const guarded = new Map<OpenStream<T, E>, () => void>();
	let drained: Failure | undefined;

	log.onNews(() => {
		cache.clear();
	});
	const onClosed = (stream: OpenStream<T, E>) => {
		const view = streams.get(stream);
		if (view === undefined) return;
		streams.delete(stream);
		guarded.get(stream)?.();
		guarded.delete(stream);
		views.leave(view, stream);
		observer.streamClosed();
	};

	const requireLoaded = () => {
		if (!log.loaded) throw storeNotLoaded();
	};

	const requireRoom = () => {
		const elsewhere = options.openElsewhere?.() ?? 0;
		if (streams.size + waits.open + elsewhere < options.maxStreams) return;
		throw new Failure(ErrorReason.TOO_MANY_REQUESTS, "too many watch streams and waits are open", {
			retryAfterMs: 1_000,
		});
	};

	const open = (query: WatchQuery, view: View<T, E>) => () => {
		requireLoaded();
		const start = resumeStart(query.resourceVersion, view, feed);
		const waits = start.at === "ahead" || versions.missing(query.minResourceVersion) !== undefined;
		return waits ? openLate(query, view) : new Cursor(view, start, observer);
	};

	/** Shows other namespaces on a stream from now on; nothing more of what it showed is said. */
	const show = (stream: OpenStream<T, E>, namespace: string | NamespaceSet) => {
		const old = streams.get(stream);
		if (old === undefined || isSameNamespace(old.filter.namespace, namespace)) return;
		try {
			const view = views.enter({ ...old.filter, namespace });
			streams.set(stream, view);
			views.leave(old, stream);
			view.readers.add(stream);
			const start = { at: "reset", cause: "rights", token: startOver } as const;
			stream.restart(new Cursor(view, start, observer));
		} catch (failure) {
			stream.end(failure);
		}
	};

	/** Judges the start in the turn that uses it: the log may have dropped its position by the next. */
	const openLate = async (query: WatchQuery, view: View<T, E>): Promise<Cursor<T, E>> => {
		await versions.reach(query.minResourceVersion, query.caller);
		const token = query.resourceVersion;
		const lost = (cause: ResetCause) => new Cursor(view, { at: "reset", cause, token }, observer);
		const untilMs = clock.monotonicMs() + maxVersionWaitMs;
		for (;;) {
			const start = resumeStart(query.resourceVersion, view, feed);
			if (start.at !== "ahead") return new Cursor(view, start, observer);
			// Of several kinds the first decides what there is: while the store confirms the version, the
			// snapshot after a RESET would go back. The others may be older in it.
			const isPatient = start.kind === 0 && log.places.positions.length > 1;
			const leftMs = Math.max(0, untilMs - clock.monotonicMs());
			const maxWaitMs = isPatient ? maxVersionWaitMs : leftMs;
			// Where the store has this version the log is to have it, too: nothing is sent until then.
			const outcome = await versions.meet(start, query.caller.signal, maxWaitMs);
			if (outcome === "foreign") return lost("foreign");
			if (outcome === "late" && !isPatient) return lost("ahead");
		}
	};

	return {
		start: () => feed.start(log),
		get ready() {
			return log.loaded;
		},
		freshness,
		namespaces,
		get(ref) {
			requireLoaded();
			return log.state.get(ref);
		},
		list(query) {
			requireLoaded();
			return listPage(query, { log, feed, versions, cache });
		},
		reach: async (minResourceVersion, caller) => {
			requireLoaded();
			await versions.reach(minResourceVersion, caller);
		},
		versionAt(version) {
			const {
				positions: [head = version, ...heads],
				bases: [base = version, ...bases],
			} = log.places;
			const isWithheld = base < head && base < version;
			return new Places([version, ...heads], [isWithheld ? base : version, ...bases]).text;
		},
		watch(query) {
			requireRoom();
			const view = views.enter(query.filter);
			const stream = createWatchStream({
				controlEvents,
				heartbeats,
				heartbeatIntervalMs: query.heartbeatIntervalMs,
				initialToken:
					parseVersion(query.resourceVersion) !== undefined ? query.resourceVersion : startOver,
				open: open(query, view),
				caller: query.caller,
				expireTimeMs: query.guard?.expireTimeMs,
				onClosed,
			});
			streams.set(stream, view);
			view.readers.add(stream);
			observer.streamOpened();
			if (drained !== undefined) stream.end(drained);
			if (query.guard !== undefined) {
				const { guard } = query;
				const takeBack = [
					guard.onEnd((failure) => stream.end(failure)),
					guard.onNamespaces?.((namespace) => show(stream, namespace)),
				];
				guarded.set(stream, () => {
					for (const one of takeBack) one?.();
				});
			}
			return stream;
		},
		async wait(query) {
			requireLoaded();
			requireRoom();
			return waits.wait(query);
		},
		requireRoom,
		onSuperseded: (callback) => log.onSuperseded(callback),
		isNewest: (object) => log.state.get(object) === object,
		drain(failure) {
			drained = failure;
			waits.drain(failure);
			for (const stream of [...streams.keys()]) stream.end(failure);
			log.close();
		},
	};
}
