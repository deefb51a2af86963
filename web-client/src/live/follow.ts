import { Code, ConnectError } from "@connectrpc/connect";
import {
	WukongEvent_Type as Type,
	type WukongEvent,
} from "../../gen/novasphere/v1/wukong_service_pb.js";
import { isNetworkError, retryAfterMs } from "../errors.ts";
import { type BackoffTimes, createBackoff } from "./backoff.ts";
import { type Connection, createConnection } from "./connection.ts";
import { type Cure, cureOf } from "./curable.ts";
import type { Environment } from "./environment.ts";
import { createPause } from "./pause.ts";
import type { LiveCondition, LiveStatus } from "./status.ts";
import type { Change, WatchState } from "./watch-state.ts";

/** Opens one plain stream that goes on after `token` (empty: a snapshot first) and ends with `signal`. */
export type OpenStream = (token: string, signal: AbortSignal) => AsyncIterable<WukongEvent>;

/** Where another token comes from when the service refuses the one in use. */
export interface Renewal {
	/** Asks for a new one. @returns false where it is the one that was refused */
	renew(): Promise<boolean>;
	/** Looks whether there is another one by now; asks nobody. */
	hasChanged(): Promise<boolean>;
}

/** What to follow, and how. */
export interface FollowOptions {
	readonly open: OpenStream;
	readonly state: WatchState;
	readonly environment: Environment;
	/** The longest silence, in milliseconds, before the connection counts as dead. */
	readonly silenceMs: number;
	readonly backoff: BackoffTimes;
	/** Absent: no other token can be had. */
	readonly renewal: Renewal | undefined;
	/** Ends it, without an error. */
	readonly signal: AbortSignal;
	readonly onCondition: (condition: LiveCondition) => void;
	/** Told each end of a stream that is followed by another try. Default: nobody is. */
	readonly onRetry?: ((error: ConnectError, cure: Cure) => void) | undefined;
}

/** One message, and what it changed. */
export interface Step {
	readonly event: WukongEvent;
	readonly changes: readonly Change[];
}

/** Final answers in a row that are not the service's own, before they are believed. */
const maxDoubts = 6;
/** How often a refused caller looks whether its token has changed, in milliseconds. */
const tokenLookMs = 60_000;
/** At least so long, in milliseconds, between tries of which the last two were refused. */
const refusedMs = 30 * 60_000;
/** At most one try in so many milliseconds, whatever wakes it. */
const leastMs = 1_000;

/**
 * Follows a watch through whatever happens to its connections, and never loses its place: each
 * new stream goes on after the last message of the one before.
 *
 * @throws ConnectError what no retry can cure
 */
export async function* follow(options: FollowOptions): AsyncGenerator<Step, void, void> {
	const { open, state, environment, signal, renewal } = options;
	const { clock } = environment;
	const backoff = createBackoff(environment.random, options.backoff);
	const pause = createPause(clock, signal);
	let connection: Connection | undefined;
	let isHidden = false;
	let refusals = 0;
	let doubts = 0;

	const report = (status: LiveStatus, error?: ConnectError, staleSince?: Date) =>
		options.onCondition({ status, error, staleSince });
	const lost = (error?: ConnectError) => {
		const isAway = error !== undefined && isNetworkError(error);
		report(isAway ? "offline" : state.wasSynced ? "stale" : "connecting", error);
	};
	const stopListening = environment.onNetwork((news) => {
		isHidden = news === "hide" || (isHidden && news !== "show");
		// Only a word about the status: a machine may be wrong about its network, so tries go on.
		if (news === "offline") return refusals === 0 ? report("offline") : undefined;
		if (isHidden) return connection?.close();
		connection?.check();
		pause.wake();
	});

	/** Waits for the right time of the next try. @returns false where there is none */
	const recover = async (error: ConnectError, triedAtMs: number): Promise<boolean> => {
		let cure = cureOf(error);
		if (cure === "doubt" && ++doubts >= maxDoubts) cure = "stop";
		if (cure === "renew" && renewal === undefined) cure = "stop";
		if (cure === "stop") return false;
		options.onRetry?.(error, cure);
		if (cure === "renew") return renewed(error, triedAtMs);
		lost(error);
		await pause.wait(backoff.next(retryAfterMs(error)), { sinceMs: triedAtMs, leastMs });
		return true;
	};
	const renewed = async (error: ConnectError, triedAtMs: number): Promise<boolean> => {
		if (++refusals === 1 && (await renewal?.renew().catch(() => false))) return true;
		report("failed", error);
		const lookMs = refusals > 2 ? refusedMs : tokenLookMs;
		const gap = { sinceMs: triedAtMs, leastMs: refusals > 2 ? refusedMs : leastMs };
		do await pause.wait(lookMs, gap);
		while (!signal.aborted && !(await renewal?.hasChanged().catch(() => false)));
		return true;
	};

	try {
		lost();
		while (!signal.aborted) {
			if (isHidden) {
				await pause.forever();
				continue;
			}
			const triedAtMs = clock.nowMs();
			let syncedAtMs: number | undefined;
			let failure: ConnectError | undefined;
			connection = createConnection(environment, options.silenceMs, signal);
			const current = connection;
			state.connect();
			const messages = open(state.token, current.signal)[Symbol.asyncIterator]();
			try {
				for (;;) {
					current.waits();
					const next = await nextOf(messages, current);
					current.heard();
					if (next.done === true || signal.aborted) break;
					const event = next.value;
					const changes = state.apply(event);
					if (event.type === Type.SYNCED) {
						syncedAtMs ??= clock.nowMs();
						refusals = 0;
						doubts = 0;
					}
					if (state.synced) live(event, report);
					yield { event, changes };
				}
			} catch (error) {
				failure = ConnectError.from(error);
			} finally {
				current.close();
				// Not waited for: it may itself wait for what the abort ends.
				messages.return?.().catch(() => {});
			}
			if (signal.aborted) break;
			if (syncedAtMs !== undefined && clock.nowMs() - syncedAtMs >= options.backoff.healthyMs) {
				backoff.reset();
			}
			if (isHidden) continue;
			failure = endOf(current, failure);
			if (!(await recover(failure, triedAtMs))) {
				report("failed", failure);
				throw failure;
			}
		}
	} finally {
		stopListening();
		pause.stop();
		connection?.close();
		if (signal.aborted) report("closed");
	}
}

/** The next message; notes where the stream has ended instead. */
async function nextOf<T>(
	messages: AsyncIterator<T>,
	connection: Connection,
): Promise<IteratorResult<T>> {
	try {
		const next = await messages.next();
		if (next.done === true) connection.over();
		return next;
	} catch (error) {
		connection.over();
		throw error;
	}
}

/** Whoever hears anything in sync is live; how current that is, some messages say. */
function live(
	event: WukongEvent,
	report: (status: LiveStatus, error?: ConnectError, staleSince?: Date) => void,
): void {
	const { staleSince } = event;
	if (staleSince === undefined) {
		report("live");
		return;
	}
	const ms = Number(staleSince.seconds) * 1_000 + staleSince.nanos / 1_000_000;
	report("stale", undefined, new Date(ms));
}

function endOf({ signal }: Connection, failure: ConnectError | undefined): ConnectError {
	// The connection was closed from this side, and its caller has not left.
	if (signal.aborted && failure?.code === Code.Canceled) {
		return new ConnectError("the service was silent for too long", Code.Unavailable);
	}
	return failure ?? new ConnectError("the stream ended without a word", Code.Aborted);
}
