import type { Environment, Timer } from "./environment.ts";

/** One stream while it is open: ends it when it is left, put away, or silent for too long. */
export interface Connection {
	/** Aborted when the stream has to end, for whatever reason. */
	readonly signal: AbortSignal;
	/** The reader waits for a message from now on. */
	waits(): void;
	/** One has come; until the reader waits again, silence is its own. */
	heard(): void;
	/** Looks at the clock now, as after a sleep, in which no timer runs. */
	check(): void;
	/** Ends it; does nothing to one that is over. */
	close(): void;
	/**
	 * Notes that it has ended by itself. There is nothing left to abort: Node's HTTP/2 would throw
	 * the abort of a stream that nobody reads any more as an uncaught exception.
	 */
	over(): void;
}

/**
 * @param silenceMs the longest wait for a message, in wall-clock time: timers stand still while a
 *   machine sleeps, and are late in hidden pages
 */
export function createConnection(
	{ clock }: Environment,
	silenceMs: number,
	leaver: AbortSignal,
): Connection {
	const controller = new AbortController();
	let waitsSinceMs: number | undefined;
	let timer: Timer | undefined;

	let isOver = false;

	const over = () => {
		isOver = true;
		timer?.cancel();
		leaver.removeEventListener("abort", close);
	};
	const close = () => {
		if (isOver) return;
		over();
		controller.abort();
	};
	const check = () => {
		if (isOver) return;
		timer?.cancel();
		const nowMs = clock.nowMs();
		// A clock that was set back says nothing about the silence before.
		if (waitsSinceMs !== undefined && waitsSinceMs > nowMs) waitsSinceMs = nowMs;
		const leftMs = silenceMs - (nowMs - (waitsSinceMs ?? nowMs));
		if (leftMs <= 0) close();
		else timer = clock.setTimer(leftMs, check);
	};
	leaver.addEventListener("abort", close);
	if (leaver.aborted) close();
	else check();

	return {
		signal: controller.signal,
		waits() {
			waitsSinceMs = clock.nowMs();
		},
		heard() {
			waitsSinceMs = undefined;
		},
		check,
		close,
		over,
	};
}
