import type { Caller } from "../caller.ts";
import type { Clock } from "../clock.ts";
import { ErrorReason, Failure, invalidRequest } from "../failure.ts";
import { parseVersion, startOver } from "../resource/version.ts";
import type { ChangeFeed } from "../store/store.ts";

/** Longest wait of a read for the version it asks for, in milliseconds. */
export const maxVersionWaitMs = 5_000;

const retryAfterMs = 1_000;

/**
 * The end of a wait for a version that the log lacks: the log has it now, the store itself has none
 * as new (it is of another history), or it did not come within `maxVersionWaitMs`.
 */
export type WaitOutcome = "here" | "foreign" | "late";

/** The part of a change log that is waited for. */
interface VersionLog {
	readonly head: bigint;
	onNews(callback: () => void): () => void;
}

/** Waits for versions that the log does not hold yet. */
export interface VersionWait {
	/**
	 * Returns the version that `token` asks for and the log lacks; undefined where there is nothing to
	 * wait for: it is empty, the start-over constant, or here. @throws INVALID_REQUEST where it
	 * is malformed
	 */
	missing(token: string): bigint | undefined;
	/**
	 * Resolves when the log is at least as new as `token`; a version of another history of the store
	 * is answered from the present state.
	 * @throws INVALID_REQUEST, VERSION_NOT_REACHED, the signal's reason, what the store says
	 */
	reach(token: string, caller: Caller): Promise<void>;
	/** Asks the store, and waits for the log. @throws the signal's reason, what the store says */
	meet(version: bigint, signal: AbortSignal): Promise<WaitOutcome>;
}

export function createVersionWait(options: {
	readonly log: VersionLog;
	readonly feed: Pick<ChangeFeed, "newestVersion">;
	readonly clock: Clock;
}): VersionWait {
	const { log, feed, clock } = options;

	const meet = (version: bigint, signal: AbortSignal) =>
		new Promise<WaitOutcome>((resolve, reject) => {
			let forgetNews = () => {};
			const settle = (tell: () => void) => {
				forgetNews();
				timer.cancel();
				signal.removeEventListener("abort", onAbort);
				tell();
			};
			const onAbort = () => settle(() => reject(signal.reason));
			const onNews = () => {
				if (log.head >= version) settle(() => resolve("here"));
				else forgetNews = log.onNews(onNews);
			};
			const onAnswer = (newest: bigint) => {
				if (newest < version && log.head < version) settle(() => resolve("foreign"));
			};
			const timer = clock.setTimer(maxVersionWaitMs, () => settle(() => resolve("late")));
			signal.addEventListener("abort", onAbort);
			if (signal.aborted) return onAbort();
			onNews();
			feed
				.newestVersion(signal, version)
				.then(onAnswer, (failure) => settle(() => reject(failure)));
		});

	const missing = (token: string) => {
		if (token === "" || token === startOver) return undefined;
		const version = parseVersion(token);
		if (version === undefined) {
			const description = "is not a version of this service";
			throw invalidRequest({ field: "min_resource_version", description });
		}
		// A place of a kind that this replica does not watch asks for nothing, and neither does a suffix.
		const [{ position }] = version.places;
		return position > log.head ? position : undefined;
	};

	return {
		missing,
		meet,
		async reach(token, caller) {
			const version = missing(token);
			if (version === undefined) return;
			if ((await meet(version, caller.signal)) === "late") throw notReached();
		},
	};
}

function notReached(): Failure {
	return new Failure(
		ErrorReason.VERSION_NOT_REACHED,
		"the asked min_resource_version is not here yet",
		{ retryAfterMs },
	);
}
