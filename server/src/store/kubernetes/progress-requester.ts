import type { Clock } from "../../clock.ts";
import { sleep } from "./backoff.ts";

/** What a progress requester works with. */
export interface ProgressRequesterOptions {
	/** The version up to which everything is in the cache. */
	readonly head: () => bigint;
	/**
	 * Takes in everything up to a version. Tries once.
	 * @throws what the API server failed with; the signal's reason
	 */
	readonly readAhead: (version: bigint) => Promise<void>;
	/** Called with what `readAhead` failed with; what is wanted is not asked for again. */
	readonly onFailed: (error: unknown) => void;
	/** Time for the watch to bring a version before it is read ahead, in milliseconds. */
	readonly refreshAfterMs: number;
	readonly clock: Clock;
	/** Ends all work. */
	readonly signal: AbortSignal;
}

/**
 * Brings the cache to versions that the API server is known to have reached, where the watch does
 * not: it has no events for changes to other resources, and bookmarks come once a minute. The API
 * server's own cache asks etcd for progress in the same case (KEP-2340).
 */
export interface ProgressRequester {
	/** Asks for everything up to `version`. Returns at once, tries once. */
	request(version: bigint): void;
	/** Forgets all requests: another life of the store has other versions. */
	reset(): void;
	/** Resolves when no request is being worked on; `signal` has ended it. */
	closed(): Promise<void>;
}

/** A version that somebody waits for. */
interface Request {
	readonly version: bigint;
	/** Deadline for the watch to bring it, on the monotonic clock. */
	readonly dueMs: number;
}

/** Creates a requester with nothing to do. */
export function createProgressRequester(options: ProgressRequesterOptions): ProgressRequester {
	const { head, readAhead, onFailed, refreshAfterMs, clock, signal } = options;
	let working: Promise<void> | undefined;
	/** Two are enough: each is waited for by all who asked before, and by nobody for long. */
	let current: Request | undefined;
	let next: Request | undefined;

	/** One at a time, for all who wait. The watch has its whole time for each request. */
	const work = async () => {
		for (let request = current; request !== undefined; request = current) {
			const { version, dueMs } = request;
			const isOver = () => head() >= version || current !== request;
			if (!isOver()) await sleep(clock, Math.max(0, dueMs - clock.monotonicMs()), signal);
			if (!isOver()) {
				await readAhead(version).catch((error) => {
					signal.throwIfAborted();
					onFailed(error);
				});
			}
			if (current !== request) continue;
			current = next;
			next = undefined;
		}
		// Not a turn later: a request in between would be nobody's.
		working = undefined;
	};

	return {
		request(version) {
			if (head() >= version) return;
			const asked = { version, dueMs: clock.monotonicMs() + refreshAfterMs };
			if (current === undefined) current = asked;
			else if (version > current.version && !(next && next.version >= version)) next = asked;
			// It rejects with the signal's reason only.
			working ??= work().catch(() => {});
		},
		reset() {
			current = undefined;
			next = undefined;
		},
		async closed() {
			await working;
		},
	};
}
