import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../../clock.ts";
import { Failure } from "../../failure.ts";
import { keyOf, type ObjectRef } from "../../resource/object.ts";
import { formatVersion } from "../../resource/version.ts";
import type { Change } from "../change-feed.ts";
import { type HistoryMark, type HistoryWindow, markOf } from "./history-window.ts";
import { createEntry, type Entry, encodeWukong, type Origin } from "./record.ts";
import type { Commit, Storage } from "./storage.ts";
import { CommitError } from "./storage-error.ts";
import type { VersionClock } from "./version-clock.ts";
import { createWritability, type StoreObserver } from "./writability.ts";

/** A Wukong as the next write sees it: with all earlier writes, committed or not. */
export interface VisibleState {
	/** Undefined where there is none, or none any more. */
	readonly entry: Entry | undefined;
	/**
	 * Resolves when what is seen is committed. An answer from it waits for this
	 * first: a failed commit must not make an answer untrue.
	 */
	readonly settled: Promise<void>;
}

/** Takes writes in order, commits them in groups, and reports them once they are durable. */
export interface WriteQueue {
	see(ref: ObjectRef): VisibleState;
	/**
	 * Writes a state (`undefined`: the Wukong is gone) on top of all writes so far.
	 * @returns once it is committed and passed on. @throws Failure UPSTREAM_UNAVAILABLE (surely
	 * not written), WRITE_OUTCOME_UNKNOWN
	 */
	write(ref: ObjectRef, record: Wukong | undefined, origin: Origin): Promise<Entry>;
	/** Explains to operators why no write succeeds; undefined while writes succeed. */
	readonly trouble: string | undefined;
	/** Ends the probing; resolves when no write is under way. Never rejects. */
	close(): Promise<void>;
}

/** What a write queue works with. */
export interface WriteQueueOptions {
	readonly storage: Storage;
	readonly entries: Iterable<Entry>;
	readonly window: HistoryWindow;
	readonly versions: VersionClock;
	readonly clock: Clock;
	/** Called for each commit, in order. */
	readonly onCommitted: (changes: readonly Change[]) => void;
	/** Called once, for a fault after which nothing is written any more. */
	readonly onFault: (fault: unknown) => void;
	readonly observer: StoreObserver;
}

interface Write extends VisibleState {
	readonly change: Change;
	readonly resolve: () => void;
	readonly reject: (failure: Failure) => void;
}

/** Creates a write queue. */
export function createWriteQueue(options: WriteQueueOptions): WriteQueue {
	const { storage, window, versions, clock } = options;
	const committed = new Map<string, VisibleState>();
	/** The last write of each Wukong that is not committed yet. */
	const pending = new Map<string, Write>();
	let queue: Write[] = [];
	let committing: Promise<void> | undefined;
	let fault: CommitError | undefined;
	/** The commit that was tried last. */
	let tried: Commit | undefined;
	/** Size of the space to probe, in bytes; 0: no probe is wanted. */
	let probeBytes = 0;
	const writability = createWritability({
		clock,
		observer: options.observer,
		probe(roomBytes) {
			probeBytes = roomBytes;
			committing ??= commitQueue();
		},
	});

	for (const entry of options.entries) {
		committed.set(keyOf(entry.record), { entry, settled });
	}

	const commitQueue = async (): Promise<void> => {
		// Writes made in one turn of the event loop share a commit from the first one on.
		await Promise.resolve();
		while (queue.length > 0 || probeBytes > 0) {
			const batch = queue;
			queue = [];
			try {
				if (batch.length > 0) await commitBatch(batch);
				else await storage.probe(probeBytes);
				tried = undefined;
				writability.succeeded();
			} catch (error) {
				fail(batch, error);
			}
			// A commit proves as much as a probe.
			probeBytes = 0;
		}
		committing = undefined;
	};

	const commitBatch = async (batch: readonly Write[]): Promise<void> => {
		const commit = commitOf(batch);
		tried = commit;
		await storage.commit(commit);
		accept(batch, commit);
	};

	const commitOf = (batch: readonly Write[]): Commit => {
		const writes = batch.map(rowsOf);
		const head = writes.at(-1)?.change.version ?? 0n;
		const base = window.baseWith(marksOf(writes), clock.nowMs());
		return { writes, head, base };
	};

	const accept = (batch: readonly Write[], commit: Commit): void => {
		window.accept(marksOf(commit.writes), commit.base);
		for (const write of batch) {
			const key = keyOf(write.change.object);
			if (write.entry === undefined) committed.delete(key);
			else committed.set(key, { entry: write.entry, settled });
			if (pending.get(key) === write) pending.delete(key);
		}
		options.onCommitted(batch.map(({ change }) => change));
		for (const write of batch) write.resolve();
	};

	const fail = (batch: readonly Write[], error: unknown): void => {
		const stacked = queue;
		queue = [];
		pending.clear();
		const commitError =
			error instanceof CommitError ? error : new CommitError("GONE", String(error), error);
		const { lasting } = commitError;
		const failure = lasting ? outcomeUnknown(error) : notWritten(error);
		for (const write of batch) write.reject(failure);
		for (const write of stacked) write.reject(notWritten(error));
		writability.failed(commitError, tried === undefined ? 0 : bytesOf(tried));
		if (!lasting || fault !== undefined) return;
		fault = commitError;
		options.onFault(error);
	};

	const see = (ref: ObjectRef): VisibleState => {
		const key = keyOf(ref);
		return pending.get(key) ?? committed.get(key) ?? { entry: undefined, settled };
	};

	return {
		see,
		async write(ref, record, origin) {
			if (fault !== undefined) throw notWritten(fault);
			const previous = see(ref).entry;
			const version = versions.next();
			const entry =
				record &&
				createEntry({ ...record, resourceVersion: formatVersion(version) }, origin, previous);
			const last = entry ?? previous;
			if (last === undefined) throw new Error("what is not there cannot be deleted");
			const change: Change = {
				version,
				resumeVersion: version,
				timeMs: clock.nowMs(),
				object: last.published,
				previous: previous?.published,
				deleted: entry === undefined,
			};
			const { promise, resolve, reject } = Promise.withResolvers<void>();
			const write: Write = { entry, settled: promise, change, resolve, reject };
			pending.set(keyOf(ref), write);
			queue.push(write);
			committing ??= commitQueue();
			await promise;
			return last;
		},
		get trouble() {
			return writability.trouble;
		},
		async close() {
			writability.close();
			while (committing !== undefined) await committing;
		},
	};
}

const settled = Promise.resolve();

function marksOf(writes: Commit["writes"]): HistoryMark[] {
	return writes.map(({ change }) => markOf(change));
}

function rowsOf({ change, entry }: Write): Commit["writes"][number] {
	const { version, timeMs, object, previous, deleted } = change;
	const { namespace, name } = object;
	return {
		change: {
			version,
			timeMs,
			namespace,
			name,
			previous: previous && encodeWukong(previous),
			deleted,
		},
		record: entry && { namespace, name, object: encodeWukong(entry.record), ...entry.origin },
	};
}

/** Adds up the states in a commit, by which its size on the disk is guessed. */
function bytesOf({ writes }: Commit): number {
	let bytes = 0;
	for (const { change, record } of writes) {
		bytes += (change.previous?.length ?? 0) + (record?.object.length ?? 0);
	}
	return bytes;
}

function notWritten(cause: unknown): Failure {
	const message = "the store could not write; nothing was changed";
	return new Failure(ErrorReason.UPSTREAM_UNAVAILABLE, message, { retryAfterMs: 1_000, cause });
}

function outcomeUnknown(cause: unknown): Failure {
	const message = "the store failed while it wrote; read before you repeat";
	return new Failure(ErrorReason.WRITE_OUTCOME_UNKNOWN, message, { cause });
}
