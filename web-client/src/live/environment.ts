/** A timer that has been set; cancelling one that has fired does nothing. */
export interface Timer {
	cancel(): void;
}

/** Time, injected so that tests need no sleep. */
export interface Clock {
	/** Wall-clock time in milliseconds since 1970. It goes on while a machine sleeps, and may step. */
	nowMs(): number;
	/** Calls back once after `delayMs`, or later where a hidden page is throttled. */
	setTimer(delayMs: number, callback: () => void): Timer;
}

/**
 * What a page is told about its network and itself: `wake`, look at once whether all is well;
 * `offline`, the machine says that it has no network; `hide`, the page is put away, perhaps into
 * the back-forward cache; `show`, it is back.
 */
export type NetworkNews = "wake" | "offline" | "hide" | "show";

/** Everything outside that a watch depends on, beside the service. */
export interface Environment {
	readonly clock: Clock;
	/** A number from 0 up to 1. */
	readonly random: () => number;
	/** @returns how to stop listening */
	readonly onNetwork: (listener: (news: NetworkNews) => void) => () => void;
}

const systemClock: Clock = {
	nowMs: () => Date.now(),
	setTimer(delayMs, callback) {
		// Never unref'ed: a watch that waits for its next try is a reason for a process to live.
		const timeout = setTimeout(callback, Math.min(delayMs, 2 ** 31 - 1));
		return { cancel: () => clearTimeout(timeout) };
	},
};

/** Fills in what is not given with the machine's own. */
export function createEnvironment(given: Partial<Environment> = {}): Environment {
	return {
		clock: systemClock,
		random: Math.random,
		onNetwork: onPageNetwork,
		...given,
	};
}

/** Events of a page. A worker has those of the network only, and Node has none. */
const newsOf = {
	online: "wake",
	resume: "wake",
	visibilitychange: "wake",
	offline: "offline",
	pagehide: "hide",
	pageshow: "show",
} as const;

function onPageNetwork(listener: (news: NetworkNews) => void): () => void {
	const leaver = new AbortController();
	for (const [name, news] of Object.entries(newsOf)) {
		const hear = () => {
			if (name !== "visibilitychange" || !document.hidden) listener(news);
		};
		// Those of the document pass here on their way down.
		globalThis.addEventListener?.(name, hear, { capture: true, signal: leaver.signal });
	}
	return () => leaver.abort();
}
