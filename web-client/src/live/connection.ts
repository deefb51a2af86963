import type { Clock, Timer } from "./environment.ts";

/** One stream while it is open: ends it when it is left, put away, or silent for too long. */
export interface Connection {
	/** Aborted when the stream has to end, and after its end. */
	readonly signal: AbortSignal;
	/** It was ended because nothing came for too long. */
	readonly isSilent: boolean;
	/** Waits for the next message. Between two waits silence is the reader's own. */
	next<T>(messages: AsyncIterator<T>): Promise<IteratorResult<T>>;
	/** Looks at the clock now, as after a sleep, in which no timer runs. */
	check(): void;
	close(): void;
}

/**
 * @param silenceMs the longest wait for a message, in wall-clock time: timers stand still while a
 *   machine sleeps, and are late in hidden pages
 */
export function createConnection(clock: Clock, silenceMs: number): Connection {
	const controller = new AbortController();
	const { signal } = controller;
	let isSilent = false;
	let waitsSinceMs: number | undefined;
	let timer: Timer | undefined;

	const close = () => {
		timer?.cancel();
		controller.abort();
	};
	const check = () => {
		if (signal.aborted) return;
		timer?.cancel();
		const nowMs = clock.nowMs();
		// A clock that was set back says nothing about the silence before.
		waitsSinceMs &&= Math.min(waitsSinceMs, nowMs);
		const leftMs = silenceMs - (nowMs - (waitsSinceMs ?? nowMs));
		isSilent = leftMs <= 0;
		if (isSilent) close();
		else timer = clock.setTimer(leftMs, check);
	};
	check();

	return {
		signal,
		get isSilent() {
			return isSilent;
		},
		async next(messages) {
			waitsSinceMs = clock.nowMs();
			const next = await messages.next();
			waitsSinceMs = undefined;
			return next;
		},
		check,
		close,
	};
}
