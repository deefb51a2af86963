import type { Clock, Timer } from "../../clock.ts";
import { ErrorReason, Failure } from "../../failure.ts";

/** One review that waits for its turn. */
export interface QueuedReview {
	/** Whose it is: everybody has turns alike. */
	readonly owner: object;
	/** A stream that is open asks, and not a call: both have turns alike, too. */
	readonly isFollowing: boolean;
	/** Sends it. Never rejects. */
	readonly send: () => Promise<void>;
	/** Its turn did not come in time: TOO_MANY_REQUESTS. */
	readonly onLate: (failure: Failure) => void;
}

/** Sends reviews one after the other, within a rate. */
export interface ReviewQueue {
	/** Sends it at once where it may be. @throws TOO_MANY_REQUESTS where too many wait */
	add(review: QueuedReview): void;
	/** Ends what waits with `failure`, and takes nothing more. */
	close(failure: Failure): void;
}

/** Time in which no more than the rate is sent, in milliseconds. */
const windowMs = 1_000;
/** Reviews that are under way at one time: as many as there are connections. */
const maxUnderWay = 32;
/** Reviews that wait, of all callers and of one. Each takes some hundred bytes. */
const maxWaiting = 20_000;
const maxWaitingOfOne = 4_000;
/** Longest wait of a call's review and of an open stream's, in milliseconds. */
const maxWaitMs = { call: 10_000, following: 25_000 } as const;

interface Waiting extends QueuedReview {
	timer?: Timer;
}

/** Reviews by owner, in turns. */
type Lane = Map<object, Set<Waiting>>;

/** Creates the queue. @param maxPerSecond reviews that are sent in any second */
export function createReviewQueue(maxPerSecond: number, clock: Clock): ReviewQueue {
	const lanes: { readonly call: Lane; readonly following: Lane } = {
		call: new Map(),
		following: new Map(),
	};
	/** Times of the last ones that were sent, around from `oldest`. */
	const sentMs = new Array<number>(maxPerSecond).fill(Number.NEGATIVE_INFINITY);
	let oldest = 0;
	let underWay = 0;
	let waiting = 0;
	let wasCall = false;
	let timer: Timer | undefined;
	let closed: Failure | undefined;

	const laneOf = ({ isFollowing }: QueuedReview) => lanes[isFollowing ? "following" : "call"];
	const take = (review: Waiting) => {
		const lane = laneOf(review);
		const own = lane.get(review.owner);
		if (own?.delete(review) !== true) return;
		waiting--;
		review.timer?.cancel();
		// Whoever has had a turn is last; whoever waits for nothing is forgotten.
		lane.delete(review.owner);
		if (own.size > 0) lane.set(review.owner, own);
	};
	const firstOf = (lane: Lane): Waiting | undefined => {
		for (const [own] of lane.values()) return own;
		return undefined;
	};
	const send = (review: QueuedReview) => {
		sentMs[oldest] = clock.monotonicMs();
		oldest = (oldest + 1) % maxPerSecond;
		underWay++;
		void review.send().finally(() => {
			underWay--;
			pump();
		});
	};
	/** Time until one may be sent, in milliseconds; 0: now. */
	const delayMs = () => Math.max(0, (sentMs[oldest] as number) + windowMs - clock.monotonicMs());

	const pump = () => {
		while (waiting > 0 && underWay < maxUnderWay) {
			const ms = delayMs();
			if (ms > 0) {
				timer ??= clock.setTimer(ms, () => {
					timer = undefined;
					pump();
				});
				return;
			}
			const [one, other] = wasCall ? [lanes.following, lanes.call] : [lanes.call, lanes.following];
			const next = firstOf(one) ?? firstOf(other);
			if (next === undefined) return;
			wasCall = !next.isFollowing;
			take(next);
			send(next);
		}
	};

	return {
		add(review) {
			if (closed !== undefined) throw closed;
			if (waiting === 0 && underWay < maxUnderWay && delayMs() === 0) return send(review);
			const lane = laneOf(review);
			const own = lane.get(review.owner) ?? new Set();
			if (waiting >= maxWaiting || own.size >= maxWaitingOfOne) throw tooMany();
			const queued: Waiting = { ...review };
			const longestMs = maxWaitMs[review.isFollowing ? "following" : "call"];
			queued.timer = clock.setTimer(longestMs, () => {
				take(queued);
				queued.onLate(tooMany());
			});
			own.add(queued);
			lane.set(review.owner, own);
			waiting++;
			pump();
		},
		close(failure) {
			closed = failure;
			timer?.cancel();
			for (const lane of Object.values(lanes)) {
				for (const review of [...lane.values()].flatMap((own) => [...own])) {
					take(review);
					review.onLate(failure);
				}
			}
		},
	};
}

function tooMany(): Failure {
	const message = "the cluster is asked too often what callers may do; try again";
	return new Failure(ErrorReason.TOO_MANY_REQUESTS, message, { retryAfterMs: 1_000 });
}
