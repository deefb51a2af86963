import type { Clock } from "../../clock.ts";
import { formatVersion } from "../../resource/version.ts";
import type { OperatorOptions } from "../simulator/operator-options.ts";
import type { HistoryLimits, StoreState } from "../store.ts";
import { changesOf, entryOf } from "./contents.ts";
import { type Entry, noOrigin } from "./entry.ts";
import { createHistoryWindow, type HistoryWindow, markOf } from "./history-window.ts";
import { encodeWukong } from "./record.ts";
import { seedRecords } from "./seed.ts";
import type { Commit, Contents } from "./storage.ts";
import { createVersionClock, type VersionClock } from "./version-clock.ts";

/** What the store goes on from. */
export interface Recovery {
	readonly entries: readonly Entry[];
	readonly state: StoreState;
	readonly window: HistoryWindow;
	readonly versions: VersionClock;
}

/** The store's memory from what its storage holds. @throws where that makes no sense. */
export function recover(contents: Contents, limits: HistoryLimits, clock: Clock): Recovery {
	const window = createHistoryWindow(contents.base, contents.history.map(markOf), limits);
	const base = window.baseWith([], clock.nowMs());
	window.accept([], base);
	const entries = contents.records.map(entryOf);
	const state: StoreState = {
		objects: entries.map(({ published }) => published),
		head: contents.head,
		history: changesOf(contents.history, entries, base),
		base,
	};
	return { entries, state, window, versions: createVersionClock(contents.head, clock) };
}

/** The one commit that fills a store which has never held anything. */
export function seedCommit(count: number, operator: OperatorOptions, clock: Clock): Commit {
	const versions = createVersionClock(0n, clock);
	const timeMs = clock.nowMs();
	const writes = seedRecords(count, timeMs, operator).map((seed) => {
		const version = versions.next();
		const { namespace, name } = seed;
		const object = encodeWukong({ ...seed, resourceVersion: formatVersion(version) });
		return {
			change: { version, timeMs, namespace, name, previous: undefined, deleted: false },
			record: { namespace, name, object, ...noOrigin },
		};
	});
	const head = writes.at(-1)?.change.version ?? 0n;
	// Nobody saw the store before: there is nothing to resume from.
	return { writes, head, base: head };
}

/** What an empty storage holds after its first commit. */
export function contentsAfter({ writes, head, base }: Commit): Contents {
	return { records: writes.flatMap(({ record }) => record ?? []), history: [], head, base };
}
