import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
	WukongEvent_Type as Type,
	type WukongEvent,
} from "../../gen/novasphere/v1/wukong_service_pb.js";
import {
	isForbiddenOrigin,
	isLocal,
	isNetworkError,
	isRetryable,
	reasonOf,
	retryAfterMs,
} from "../errors.ts";
import { onAbort } from "../on-abort.ts";
import { type BackoffTimes, createBackoff } from "./backoff.ts";
import { type Connection, createConnection } from "./connection.ts";
import type { Environment } from "./environment.ts";
import { createPause } from "./pause.ts";
import { conditionOf, type LiveCondition } from "./status.ts";
import type { Change, WatchState } from "./watch-state.ts";

/** What following reads of a message, whatever else it tells. */
export type StreamMessage = Pick<
	WukongEvent,
	"type" | "time" | "resourceVersion" | "staleSince" | "credentialsExpireTime"
>;

/** Opens one plain stream that goes on after `token` (empty: a snapshot first) and ends with `signal`. */
export type OpenStream<Message extends StreamMessage = WukongEvent> = (
	token: string,
	signal: AbortSignal,
) => AsyncIterable<Message>;

/** What the messages of a stream make, and where the next stream begins. */
export interface FollowedState<Message extends StreamMessage>
	extends Pick<WatchState, "token" | "synced" | "wasSynced" | "connect"> {
	apply(event: Message): readonly Change[];
}

/** Where another token comes from when the service refuses the one in use. */
export interface Renewal {
	/** Asks for a new one. Never rejects. @returns false where it is the one that was refused */
	renew(): Promise<boolean>;
	/** Looks whether there is another one by now; asks nobody. Never rejects. */
	hasChanged(): Promise<boolean>;
}

/** What to follow, and how. */
export interface FollowOptions<Message extends StreamMessage = WukongEvent> {
	readonly open: OpenStream<Message>;
	readonly state: FollowedState<Message>;
	readonly environment: Environment;
	/** The longest silence, in milliseconds, before the connection counts as dead. */
	readonly silenceMs: number;
	readonly backoff: BackoffTimes;
	/** Absent: no other token can be had. */
	readonly renewal?: Renewal | undefined;
	/** Ends it, without an error. */
	readonly signal: AbortSignal;
	readonly onCondition: (condition: LiveCondition) => void;
}

/** One message, and what it changed. */
export interface Step<Message extends StreamMessage = WukongEvent> {
	readonly event: Message;
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
export async function* follow<Message extends StreamMessage>(
	options: FollowOptions<Message>,
): AsyncGenerator<Step<Message>, void, void> {
	const { open, state, environment, signal, renewal } = options;
	const { clock } = environment;
	const backoff = createBackoff(environment.random, options.backoff);
	const pause = createPause(clock);
	let connection: Connection | undefined;
	let isHidden = false;
	let refusals = 0;
	let doubts = 0;

	const report = (...condition: Parameters<typeof conditionOf>) =>
		options.onCondition(conditionOf(...condition));
	const lost = (error?: ConnectError) =>
		report(isNetworkError(error) ? "offline" : state.wasSynced ? "stale" : "connecting", error);
	const stopListening = environment.onNetwork((news) => {
		isHidden = news === "hide" || (isHidden && news !== "show");
		// Only a word about the status: a machine may be wrong about its network, so tries go on.
		if (news === "offline") return refusals === 0 ? report("offline") : undefined;
		if (isHidden) return connection?.close();
		connection?.check();
		pause.wake();
	});
	const leave = () => {
		pause.stop();
		connection?.close();
	};
	const letGo = onAbort(signal, leave);

	/** Waits for the right time of the next try. @throws the error, where there is none */
	const recover = async (error: ConnectError, triedAtMs: number): Promise<void> => {
		const cure = cureOf(error);
		const isHopeless =
			cure === "stop" ||
			(cure === "doubt" && ++doubts >= maxDoubts) ||
			(cure === "renew" && renewal === undefined);
		if (isHopeless) {
			report("failed", error);
			throw error;
		}
		if (cure !== "renew") {
			lost(error);
			return pause.wait(backoff.next(retryAfterMs(error)), triedAtMs, leastMs);
		}
		if (++refusals === 1 && (await renewal?.renew())) return;
		report("failed", error);
		const gapMs = refusals > 2 ? refusedMs : leastMs;
		do await pause.wait(Math.max(tokenLookMs, gapMs), triedAtMs, gapMs);
		while (!signal.aborted && !(await renewal?.hasChanged()));
	};

	try {
		lost();
		while (!signal.aborted) {
			if (isHidden) {
				await pause.wait(refusedMs);
				continue;
			}
			const triedAtMs = clock.nowMs();
			let syncedAtMs: number | undefined;
			let failure = new ConnectError("the stream just ended", Code.Aborted);
			const current = createConnection(clock, options.silenceMs);
			connection = current;
			state.connect();
			const messages = open(state.token, current.signal)[Symbol.asyncIterator]();
			try {
				for (;;) {
					const { done, value: event } = await current.next(messages);
					if (done === true || signal.aborted) break;
					const changes = state.apply(event);
					if (event.type === Type.SYNCED) {
						syncedAtMs ??= clock.nowMs();
						refusals = 0;
						doubts = 0;
					}
					// Whoever hears anything in sync is live; how current that is, some messages say.
					const since = event.staleSince && timestampDate(event.staleSince);
					if (state.synced) report(since === undefined ? "live" : "stale", undefined, since);
					yield { event, changes };
				}
			} catch (error) {
				failure = ConnectError.from(error);
			} finally {
				current.close();
				// Not waited for: it may itself wait for what the abort ends.
				messages.return?.().catch(() => {});
			}
			if (current.isSilent) {
				failure = new ConnectError("the service was silent", Code.DeadlineExceeded);
			}
			if (syncedAtMs && clock.nowMs() - syncedAtMs >= options.backoff.healthyMs) backoff.reset();
			if (!signal.aborted && !isHidden) await recover(failure, triedAtMs);
		}
	} finally {
		stopListening();
		letGo();
		leave();
		if (signal.aborted) report("closed");
	}
}

/**
 * What a watch does after a failure: `again`, after a wait; `renew`, once there is another token;
 * `doubt`, again, but not for ever, since the answer is final and yet not the service's own (a proxy
 * that has nobody behind it for a while says 404 or 403); `stop`, because no retry can cure it.
 */
type Cure = "again" | "renew" | "doubt" | "stop";

const final: ReadonlySet<Code> = new Set([
	Code.InvalidArgument,
	Code.NotFound,
	Code.AlreadyExists,
	Code.PermissionDenied,
	Code.FailedPrecondition,
	Code.OutOfRange,
	Code.Unimplemented,
]);

/** Decides by code and reason. Whoever was cancelled by its own caller does not ask. */
function cureOf(error: ConnectError): Cure {
	if (error.code === Code.Unauthenticated) return "renew";
	if (isForbiddenOrigin(error)) return "stop";
	if (isRetryable(error) || !final.has(error.code)) return "again";
	return isLocal(error) || reasonOf(error) !== undefined ? "stop" : "doubt";
}
