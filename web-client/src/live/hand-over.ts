import { timestampMs } from "@bufbuild/protobuf/wkt";
import { WukongEvent_Type as Type } from "../../gen/novasphere/v1/wukong_service_pb.js";
import { onAbort } from "../on-abort.ts";
import type { Environment, Timer } from "./environment.ts";
import type { OpenStream, StreamMessage } from "./follow.ts";

/** How a stream goes over to another token. */
export interface HandOverOptions extends Pick<Environment, "clock" | "random"> {
	/**
	 * Gets another token, because the one in use is good until `expireMs` only: once for each such time.
	 * Never rejects. @returns false where there is none
	 */
	readonly renewAhead: (expireMs: number) => Promise<boolean>;
}

/** So long before the end of its credential a stream asks for another token at most, in milliseconds. */
const maxAheadMs = 60_000;
/** So long what comes on the old stream waits for the first word on the new one, in milliseconds. */
const patienceMs = 5_000;

/**
 * Wraps what opens streams: ahead of the time at which the service ends one for its credential, another
 * token is asked for, and a stream by that goes on behind the last message of the old one. That is kept,
 * unread, until the new one speaks, and goes on where it does not: nothing is missed or told twice.
 */
export function handOver<Message extends StreamMessage>(
	open: OpenStream<Message>,
	{ clock, random, renewAhead }: HandOverOptions,
): OpenStream<Message> {
	return async function* handedOver(token, signal) {
		let wake = () => {};
		const news = () => wake();
		let place = token;
		let isSynced = false;
		/** The credential's end, as the service has announced it, and the lead that is taken before it. */
		let end = { atMs: 0, leadMs: 0 };
		let isRenewed = false;
		let alarm: Timer | undefined;
		let patience: Timer | undefined;
		let current = openReader(open, { place, signal, news });
		let next: Reader<Message> | undefined;

		const ask = async () => {
			isRenewed = await renewAhead(end.atMs);
			news();
		};
		const hear = ({ type, time, resourceVersion, credentialsExpireTime }: Message) => {
			place = resourceVersion;
			if (type === Type.SYNCED) isSynced = true;
			if (type === Type.RESET) isSynced = false;
			if (credentialsExpireTime === undefined) return;
			const atMs = timestampMs(credentialsExpireTime);
			// By the service's own clock, where it tells the time.
			const leftMs = atMs - (time === undefined ? clock.nowMs() : timestampMs(time));
			if (atMs > end.atMs) {
				end = { atMs, leadMs: Math.min(maxAheadMs, leftMs / 4) * (1 - random() / 2) };
			} else if (alarm === undefined) return;
			alarm?.cancel();
			alarm = clock.setTimer(Math.max(0, leftMs - end.leadMs), () => {
				alarm = undefined;
				void ask();
			});
		};
		const giveUp = () => {
			patience?.cancel();
			next?.close();
			next = undefined;
			news();
		};

		try {
			for (;;) {
				if (next?.hasArrived) {
					const first = next.take();
					if (first === undefined) giveUp();
					else {
						patience?.cancel();
						current.close();
						current = next;
						next = undefined;
						hear(first);
						yield first;
					}
				} else if (next === undefined && isRenewed && isSynced) {
					isRenewed = false;
					next = openReader(open, { place, signal, news });
					patience = clock.setTimer(patienceMs, giveUp);
				} else if (next === undefined && current.hasArrived) {
					const event = current.take();
					if (event === undefined) {
						current.fail();
						return;
					}
					hear(event);
					yield event;
				} else {
					await new Promise<void>((resolve) => {
						wake = resolve;
					});
				}
			}
		} finally {
			alarm?.cancel();
			patience?.cancel();
			next?.close();
			current.close();
		}
	};
}

/** A stream whose next message is asked for before anybody wants to have it. */
interface Reader<Message> {
	/** The next message has come, or the end. Asks for it where nobody has. */
	readonly hasArrived: boolean;
	/** @returns undefined: it has ended */
	take(): Message | undefined;
	/** @throws what it ended with, where that was a failure */
	fail(): void;
	close(): void;
}

function openReader<Message extends StreamMessage>(
	open: OpenStream<Message>,
	{ place, signal, news }: { place: string; signal: AbortSignal; news: () => void },
): Reader<Message> {
	const leaver = new AbortController();
	const letGo = onAbort(signal, () => leaver.abort());
	const messages = open(place, leaver.signal)[Symbol.asyncIterator]();
	let isAsked = false;
	let hasArrived = false;
	let event: Message | undefined;
	let failure: { readonly reason: unknown } | undefined;
	const arrive = (value: Message | undefined) => {
		event = value;
		hasArrived = true;
		news();
	};

	return {
		get hasArrived() {
			if (!isAsked) {
				isAsked = true;
				messages.next().then(
					({ value }) => arrive(value as Message | undefined),
					(reason) => {
						failure = { reason };
						arrive(undefined);
					},
				);
			}
			return hasArrived;
		},
		take() {
			isAsked = event === undefined;
			hasArrived = event === undefined;
			return event;
		},
		fail() {
			if (failure !== undefined) throw failure.reason;
		},
		close() {
			letGo();
			leaver.abort();
			messages.return?.().catch(() => {});
		},
	};
}
