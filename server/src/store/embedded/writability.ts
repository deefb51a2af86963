import type { Clock, Timer } from "../../clock.ts";
import { type CommitError, type CommitErrorCode, commitErrorWords } from "./storage-error.ts";

/** Observes what keeps the embedded store from writing; for logs and metrics. */
export interface StoreObserver {
	/** A commit, or the probe for one, failed. */
	commitFailed(error: CommitError): void;
	/** The first one failed after one that did not: writes fail until `writable`. */
	unwritable(error: CommitError): void;
	/** A commit or a probe succeeded again. */
	writable(): void;
}

/** Time between two probes, in milliseconds. */
const probeIntervalMs = 5_000;

/** Space that a probe asks for at least, in bytes: a few VMs with their place in the indexes. */
const minRoomBytes = 64 * 1_024;

/** Tracks whether commits succeed, and starts probes while they do not. */
export interface Writability {
	/** Reason why commits fail, in words for operators; undefined while they succeed. */
	readonly trouble: string | undefined;
	/** A lasting one is only counted: the process ends. @param commitBytes size of what was tried */
	failed(error: CommitError, commitBytes: number): void;
	/** A commit or a probe succeeded. */
	succeeded(): void;
	/** Ends the probing. */
	close(): void;
}

/**
 * Creates the tracker. A commit that was refused makes the store unwritable; the next one that succeeds makes it
 * writable again, be it a caller's, the operator's or a probe. The probe is needed because a
 * replica that is not ready is sent no call.
 * @param options.probe begins a probe for so many bytes; how it ended is reported here
 */
export function createWritability(options: {
	readonly probe: (roomBytes: number) => void;
	readonly clock: Clock;
	readonly observer: StoreObserver;
}): Writability {
	const { probe, clock, observer } = options;
	let code: CommitErrorCode | undefined;
	let roomBytes = minRoomBytes;
	let timer: Timer | undefined;
	let closed = false;

	return {
		get trouble() {
			return code && `the store cannot write: ${commitErrorWords[code]}`;
		},
		failed(error, commitBytes) {
			observer.commitFailed(error);
			if (error.lasting) return;
			// What failed must fit at the next try: SQLite writes whole pages, rows and indexes.
			roomBytes = Math.max(roomBytes, 2 * commitBytes);
			const isNews = code !== error.code;
			code = error.code;
			if (isNews) observer.unwritable(error);
			timer?.cancel();
			if (!closed) timer = clock.setTimer(probeIntervalMs, () => probe(roomBytes));
		},
		succeeded() {
			if (code === undefined) return;
			code = undefined;
			roomBytes = minRoomBytes;
			timer?.cancel();
			observer.writable();
		},
		close() {
			closed = true;
			timer?.cancel();
		},
	};
}
