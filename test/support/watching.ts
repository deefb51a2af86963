import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import type { Clock } from "../../server/src/clock.ts";
import { createNamespaceSet } from "../../server/src/resource/namespace-set.ts";
import {
	createWukongEvents,
	type WukongReplica,
} from "../../server/src/service/wukong/wukong-events.ts";
import type { HistoryLimits } from "../../server/src/store/change-feed.ts";
import { type ChangeLog, createChangeLog } from "../../server/src/watch/change-log.ts";
import type { Filter } from "../../server/src/watch/filter.ts";
import type { ResetCause, WatchObserver } from "../../server/src/watch/observer.ts";
import type { Pacing } from "../../server/src/watch/pacing.ts";
import { createReplica, type WatchQuery } from "../../server/src/watch/replica.ts";
import { createSelector } from "../../server/src/watch/selector/selector.ts";
import type { WatchStream } from "../../server/src/watch/watch-stream.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.ts";
import { createMemoryStore, type MemoryStore } from "./memory-store.ts";

/** A log of VMs that a test or a store fills. */
export type WukongLog = ChangeLog<Wukong, WukongEvent>;

export function createWukongLog(limits: HistoryLimits, clock: Clock): WukongLog {
	return createChangeLog({ limits, events: createWukongEvents(), clock });
}

/** Shows everything, or what the fields say. */
export function filterOf(
	fields: { namespace?: string | readonly string[]; name?: string; labelSelector?: string } = {},
): Filter {
	const { namespace = "" } = fields;
	return {
		namespace: typeof namespace === "string" ? namespace : createNamespaceSet(namespace),
		name: fields.name ?? "",
		selector: createSelector({}, fields.labelSelector ?? ""),
	};
}

/** Counts what streams report. */
export interface CountingObserver extends WatchObserver {
	open: number;
	skipped: number;
	readonly resets: ResetCause[];
	withheldCount: number;
	mergedCount: number;
	readonly noisyNames: string[];
}

export function createCountingObserver(): CountingObserver {
	const counts: CountingObserver = {
		open: 0,
		skipped: 0,
		resets: [],
		withheldCount: 0,
		mergedCount: 0,
		noisyNames: [],
		streamOpened: () => void counts.open++,
		streamClosed: () => void counts.open--,
		eventsSkipped: (count) => {
			counts.skipped += count;
		},
		reset: (cause) => void counts.resets.push(cause),
		withheld: () => void counts.withheldCount++,
		entryMerged: () => void counts.mergedCount++,
		noisy: ({ name }) => void counts.noisyNames.push(name),
	};
	return counts;
}

/** A loaded replica on a store that the test plays. */
export interface Stage {
	readonly clock: FakeClock;
	readonly store: MemoryStore;
	readonly replica: WukongReplica;
	readonly observer: CountingObserver;
	watch(
		query?: Partial<Omit<WatchQuery, "filter">> & { filter?: Filter },
	): WatchStream<WukongEvent>;
}

export async function createStage(
	options: { exactVersions?: boolean; limits?: Partial<HistoryLimits>; maxStreams?: number } = {},
): Promise<Stage> {
	const clock = createFakeClock();
	const store = createMemoryStore(clock, { exactVersions: options.exactVersions ?? true });
	return createStageOn({ ...options, clock, store });
}

/** One more replica on the same store. */
export async function createStageOn(options: {
	clock: FakeClock;
	store: MemoryStore;
	limits?: Partial<HistoryLimits>;
	maxStreams?: number;
	pacing?: Pacing<Wukong>;
	/** Default: true. */
	loaded?: boolean;
}): Promise<Stage> {
	const { clock, store } = options;
	const observer = createCountingObserver();
	const historyLimits = {
		maxChanges: 10_000,
		maxAgeMs: 86_400_000,
		maxBytes: 2 ** 26,
		...options.limits,
	};
	const replica = createReplica({
		feed: store,
		events: createWukongEvents(),
		clock,
		historyLimits,
		maxStreams: options.maxStreams ?? 1_000,
		observer,
		pacing: options.pacing,
	});
	if (options.loaded !== false) await replica.start();
	return {
		clock,
		store,
		replica,
		observer,
		watch: (query = {}) =>
			replica.watch({
				filter: filterOf(),
				resourceVersion: "",
				minResourceVersion: "",
				heartbeatIntervalMs: 15_000,
				caller: new AbortController(),
				...query,
			}),
	};
}

/** Everything that a stream has to say now. */
export function takeAll(stream: WatchStream<WukongEvent>): readonly WukongEvent[] {
	const events: WukongEvent[] = [];
	for (;;) {
		const slice = stream.take(Number.MAX_SAFE_INTEGER);
		if (slice.length === 0) return events;
		events.push(...slice);
	}
}

/** What a stream says to a reader that believes it: it takes while there is more, and then waits. */
export function readOn(stream: WatchStream<WukongEvent>): readonly WukongEvent[] {
	const events: WukongEvent[] = [];
	while (stream.hasMore) events.push(...stream.take(Number.MAX_SAFE_INTEGER));
	return events;
}

/** Events in short: `ADDED vm-1`, `SYNCED`. */
export function inShort(events: readonly WukongEvent[]): string[] {
	return events.map(({ type, wukong }) =>
		wukong === undefined ? EventType[type] : `${EventType[type]} ${wukong.name}`,
	);
}
