import type { ObjectRef } from "../../resource/object.ts";
import type { WriteOptions } from "../store.ts";
import type { Arrivals, ArrivalWait } from "./read-your-writes.ts";
import type { WriteObserver } from "./upstream-observer.ts";
import { outcomeUnknown } from "./write-failure.ts";

/**
 * How long a write waits at most for its own change to pass the log, in milliseconds. Meanwhile a
 * list is read where the watch does not bring it; only a cluster that answers writes, but neither
 * watch nor list, lets the time pass.
 */
const maxOwnChangeWaitMs = 5_000;

/** Left of the caller's deadline for the answer: what is stored is not told as a failure. In ms. */
const answerTimeMs = 100;

export interface OwnChangesOptions {
	readonly arrivals: Arrivals;
	/** Gets everything up to a version into the log, where the watch does not bring it. */
	readonly refresh: (version: bigint) => void;
	/** The API server's newest version. */
	readonly newestVersion: (signal: AbortSignal) => Promise<bigint>;
	readonly observer: WriteObserver;
}

/** Keeps the promise that whoever reads after a write's answer sees the write. */
export interface OwnChanges {
	/**
	 * Resolves when everything up to `version`, at which a write was stored, has passed the log; at
	 * the latest after 5 s, or shortly before the caller's deadline, and then it is counted.
	 */
	seen(version: bigint, options: WriteOptions): Promise<void>;
	/** Looks out for the deletion of an object from now on: its event may come before the answer. */
	deletion(ref: ObjectRef, uid: string): OwnDeletion;
}

/** The deletion of what has no finalizers: the answer does not say at which version it was. */
export interface OwnDeletion {
	/**
	 * Resolves with a version at which reads see it, when they do, or as `OwnChanges.seen`.
	 * @throws the signal's reason; WRITE_OUTCOME_UNKNOWN where neither log nor API server tells a
	 * version: it is gone, but no read could be asked to see that
	 */
	seen(options: WriteOptions): Promise<bigint>;
	/** To be called where `seen` is not. */
	cancel(): void;
}

export function createOwnChanges(options: OwnChangesOptions): OwnChanges {
	const { arrivals, refresh, newestVersion, observer } = options;

	const waitFor = ({ signal, remainingMs }: WriteOptions, onLate: () => void): ArrivalWait => {
		const leftMs = (remainingMs?.() ?? Number.POSITIVE_INFINITY) - answerTimeMs;
		return { maxWaitMs: Math.max(0, Math.min(maxOwnChangeWaitMs, leftMs)), signal, onLate };
	};

	return {
		async seen(version, writeOptions) {
			const wait = waitFor(writeOptions, () => refresh(version));
			const isSeen = await arrivals.version(version, wait);
			if (!isSeen && !writeOptions.signal.aborted) observer.answeredUnseen();
		},
		deletion(ref, uid) {
			const deletion = arrivals.deletion(uid);
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
