import type { Caller } from "../caller.ts";
import type { Clock } from "../clock.ts";
import { ErrorReason, Failure, invalidRequest } from "../failure.ts";
import { parseVersion, startOver } from "../resource/version.ts";
import type { ChangeFeed, KindIndex } from "../store/change-feed.ts";
import type { Places } from "./places.ts";

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
	readonly places: Places;
	onNews(callback: () => void): () => void;
}

/** A version in the history of one kind. */
export interface KindVersion {
	readonly kind: number;
	readonly version: bigint;
}

/** Waits for versions that the log does not hold yet. */
export interface VersionWait {
	/**
	 * Returns a version that `token` asks for and the log lacks; undefined where there is nothing to
	 * wait for: it is empty, the start-over constant, or here in each kind that is watched here. @throws INVALID_REQUEST where it
	 * is malformed
	 */
	missing(token: string): KindVersion | undefined;
	/**
	 * Resolves when the log is at least as new as `token`; a version of another history of the store
	 * is answered from the present state.
	 * @throws INVALID_REQUEST, VERSION_NOT_REACHED, the signal's reason, what the store says
	 */
	reach(token: string, caller: Caller): Promise<void>;
	/**
	 * Asks the store, and waits for the log. A kind beside the first that cannot be asked about is late.
	 * @param maxWaitMs default: `maxVersionWaitMs`
	 * @throws the signal's reason, what the store says
	 */
	meet(wanted: KindVersion, signal: AbortSignal, maxWaitMs?: number): Promise<WaitOutcome>;
}

/** Creates the wait for versions. */
export function createVersionWait(options: {
	readonly log: VersionLog;
	readonly feed: Pick<ChangeFeed, "newestVersion">;
	readonly clock: Clock;
}): VersionWait {
	const { log, feed, clock } = options;

	const has = ({ kind, version }: KindVersion) =>
		(log.places.positions[kind] ?? version) >= version;

	const meet = (wanted: KindVersion, signal: AbortSignal, maxWaitMs = maxVersionWaitMs) =>
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
				if (has(wanted)) settle(() => resolve("here"));
				else forgetNews = log.onNews(onNews);
			};
			const onAnswer = (newest: bigint) => {
				if (newest < wanted.version && !has(wanted)) settle(() => resolve("foreign"));
			};
			const timer = clock.setTimer(maxWaitMs, () => settle(() => resolve("late")));
			signal.addEventListener("abort", onAbort);
			if (signal.aborted) return onAbort();
			onNews();
			const { kind, version } = wanted;
			feed.newestVersion(signal, version, kind as KindIndex).then(onAnswer, (failure) => {
				if (kind === 0) settle(() => reject(failure));
			});
		});

	const missing = (token: string) => {
		if (token === "" || token === startOver) return undefined;
		const version = parseVersion(token);
		if (version === undefined) {
			const description = "is not a version of this service";
			throw invalidRequest({ field: "min_resource_version", description });
		}
		// A place of a kind that this replica does not watch asks for nothing, and neither does a suffix.
		const kind = version.places.findIndex(
			({ position }, at) => position > (log.places.positions[at] ?? position),
		);
		const place = version.places[kind];
		return place && { kind, version: place.position };
	};

	return {
		missing,
		meet,
		async reach(token, caller) {
			const untilMs = clock.monotonicMs() + maxVersionWaitMs;
			const foreign = new Set<number>();
			for (;;) {
				const wanted = missing(token);
				// One of another history of the store is answered from the present state.
				if (wanted === undefined || foreign.has(wanted.kind)) return;
				const leftMs = Math.max(0, untilMs - clock.monotonicMs());
				const outcome = await meet(wanted, caller.signal, leftMs);
				if (outcome === "late") throw notReached();
				if (outcome === "foreign") foreign.add(wanted.kind);
			}
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
