import type { Clock } from "../../clock.ts";
import type { ObjectRef } from "../../resource/object.ts";
import type { Change } from "../change-feed.ts";
import type { WriteOptions } from "../store.ts";
import type { ClusterObject } from "./resource-kind.ts";
import type { WriteObserver } from "./upstream-observer.ts";
import { outcomeUnknown } from "./write-failure.ts";

/** A change of which only the object's identity is looked at. */
type PassedChange = Pick<Change<ClusterObject>, "deleted" | "object" | "version">;

/**
 * Longest wait of a write for its own change to pass the log, in milliseconds. Meanwhile a
 * list is read where the watch does not bring it; only a cluster that answers writes, but neither
 * watch nor list, lets the time pass.
 */
const maxOwnChangeWaitMs = 5_000;

/**
 * Time kept back of the caller's deadline for the answer: what is stored is not reported as failed.
 * In ms.
 */
export const answerTimeMs = 100;

/** What the waits for own writes work with. */
export interface ReadYourWritesOptions {
	readonly waiter: ChangeWaiter;
	/** Gets everything up to a version into the log, where the watch does not bring it. */
	readonly refresh: (version: bigint) => void;
	/** The API server's newest version. */
	readonly newestVersion: (signal: AbortSignal) => Promise<bigint>;
	readonly observer: WriteObserver;
}

/** Delays the answer of a write until reads see the write. */
export interface ReadYourWrites {
	/**
	 * Resolves when everything up to `version`, at which a write was stored, has passed the log; at
	 * the latest after 5 s, or shortly before the caller's deadline, and then it is counted.
	 */
	seen(version: bigint, options: WriteOptions): Promise<void>;
	/** Watches for the deletion of an object from now on: its event may come before the answer. */
	deletion(ref: ObjectRef, uid: string): OwnDeletion;
}

/**
 * Waits for the deletion of an object without finalizers: the answer does not say at which version
 * it was.
 */
export interface OwnDeletion {
	/**
	 * Resolves with a version at which reads see it, when they do, or as `ReadYourWrites.seen`.
	 * @throws the signal's reason; WRITE_OUTCOME_UNKNOWN where neither log nor API server names a
	 * version: it is gone, but no read could be asked to see that
	 */
	seen(options: WriteOptions): Promise<bigint>;
	/** Ends the watching; call it where `seen` is not called. */
	cancel(): void;
}

/** Creates the waits for writes of this replica. */
export function createReadYourWrites(options: ReadYourWritesOptions): ReadYourWrites {
	const { waiter, refresh, newestVersion, observer } = options;

	const waitFor = ({ signal, remainingMs }: WriteOptions, onLate: () => void): WaitOptions => {
		const leftMs = (remainingMs?.() ?? Number.POSITIVE_INFINITY) - answerTimeMs;
		return { maxWaitMs: Math.max(0, Math.min(maxOwnChangeWaitMs, leftMs)), signal, onLate };
	};

	return {
		async seen(version, writeOptions) {
			const wait = waitFor(writeOptions, () => refresh(version));
			const isSeen = await waiter.version(version, wait);
			if (!isSeen && !writeOptions.signal.aborted) observer.answeredUnseen();
		},
		deletion(ref, uid) {
			const deletion = waiter.deletion(uid);
			return {
				async seen(writeOptions) {
					const { signal } = writeOptions;
					let newest: bigint | undefined;
					const onLate = async () => {
						// What fails is asked again when it is late again.
						newest ??= await newestVersion(signal).catch(() => undefined);
						if (newest !== undefined) refresh(newest);
					};
					try {
						const at = await deletion.passed(() => newest, waitFor(writeOptions, onLate));
						if (at !== undefined) return at;
						signal.throwIfAborted();
						observer.answeredUnseen();
						if (newest === undefined) throw outcomeUnknown(ref, undefined);
						return newest;
					} finally {
						deletion.cancel();
					}
				},
				cancel: deletion.cancel,
			};
		},
	};
}

/** Says how long to wait for a change, and what to do meanwhile. */
interface WaitOptions {
	/** Longest wait, in milliseconds. */
	readonly maxWaitMs: number;
	/** Ends the wait: the caller has left. */
	readonly signal: AbortSignal;
	/** Called when the change is late, and again while it stays away. */
	readonly onLate: () => void;
}

/** Waits for changes to pass the log. */
export interface ChangeWaiter {
	/** Everything up to `head` has passed. @param changes those that are new */
	passed(changes: readonly PassedChange[], head: bigint): void;
	/**
	 * Resolves with true when everything up to `version` has passed, with false when the wait is
	 * over.
	 */
	version(version: bigint, wait: WaitOptions): Promise<boolean>;
	/** Watches for the deletion of the object from now on, until it is cancelled. */
	deletion(uid: string): Deletion;
}

/** Waits for one deletion. */
interface Deletion {
	/**
	 * Resolves with the version at which the object was deleted, or with one up to which everything
	 * has passed, undefined when the wait is over.
	 * @param knownVersion the deletion is in at this version, as far as is known by now
	 */
	passed(knownVersion: () => bigint | undefined, wait: WaitOptions): Promise<bigint | undefined>;
	cancel(): void;
}

/** Times after which a change counts as late, first and then again and again, in milliseconds. */
const lateAfterMs = 250;
const lateAgainMs = 1_000;

/** Creates a waiter; `passed` must be called for everything that passes the log. */
export function createChangeWaiter(clock: Clock): ChangeWaiter {
	const listeners = new Set<(changes: readonly PassedChange[]) => void>();
	let head = 0n;

	const waitFor = <T>(look: () => T | undefined, wait: WaitOptions): Promise<T | undefined> => {
		const { maxWaitMs, signal, onLate } = wait;
		const { promise, resolve } = Promise.withResolvers<T | undefined>();
		const end = (result: T | undefined) => {
			listeners.delete(onNews);
			over.cancel();
			late.cancel();
			signal.removeEventListener("abort", onAbort);
			resolve(result);
		};
		const onNews = () => {
			const result = look();
			if (result !== undefined) end(result);
		};
		const onAbort = () => end(undefined);
		const tellLate = () => {
			late = clock.setTimer(lateAgainMs, tellLate);
			onLate();
			onNews();
		};
		const over = clock.setTimer(maxWaitMs, () => end(undefined));
		let late = clock.setTimer(lateAfterMs, tellLate);
		listeners.add(onNews);
		signal.addEventListener("abort", onAbort, { once: true });
		if (signal.aborted) onAbort();
		else onNews();
		return promise;
	};

	return {
		passed(changes, newHead) {
			head = newHead;
			for (const listener of [...listeners]) listener(changes);
		},
		async version(version, wait) {
			if (head >= version) return true;
			return (await waitFor(() => head >= version || undefined, wait)) === true;
		},
		deletion(uid) {
			let deletedAt: bigint | undefined;
			const onNews = (changes: readonly PassedChange[]) => {
				deletedAt ??= changes.find(({ deleted, object }) => deleted && object.uid === uid)?.version;
			};
			listeners.add(onNews);
			return {
				passed(knownVersion, wait) {
					const look = () => {
						const known = knownVersion();
						return deletedAt ?? (known !== undefined && head >= known ? known : undefined);
					};
					return waitFor(look, wait);
				},
				cancel: () => listeners.delete(onNews),
			};
		},
	};
}
