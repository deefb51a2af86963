import { pageTabs, type Tabs } from "../share/tabs.ts";

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
	/** How tabs agree; undefined: they cannot. */
	readonly tabs: Tabs | undefined;
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
		tabs: pageTabs(),
		onNetwork: onPageNetwork,
		...given,
	};
}

/** A page's events. A worker has those of the network only, and Node has none. */
function onPageNetwork(listener: (news: NetworkNews) => void): () => void {
	const page = globalThis.document;
	if (typeof addEventListener !== "function") return () => {};
	const leaver = new AbortController();
	const on = (target: EventTarget | undefined, name: string, news: NetworkNews) =>
		target?.addEventListener(
			name,
			() => {
				if (name !== "visibilitychange" || !page.hidden) listener(news);
			},
			leaver,
		);
	on(globalThis, "online", "wake");
	on(globalThis, "offline", "offline");
	on(globalThis, "pagehide", "hide");
	on(globalThis, "pageshow", "show");
	on(page, "visibilitychange", "wake");
	on(page, "resume", "wake");
	return () => leaver.abort();
}
