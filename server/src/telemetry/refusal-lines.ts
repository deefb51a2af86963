import type { Clock, Timer } from "../clock.ts";
import { addressKey, createRates, type Rate } from "../rates.ts";

/** Bounds the lines that refusals write, which cost a caller nothing. */
export interface RefusalLines {
	/** Asks for one more line about an address. False: it is not written, and is counted. */
	admit(address: string): boolean;
	/** Tells what is counted, and counts no more. */
	close(): void;
}

/** Reasons of refusals that cost a caller nothing, and so may come as often as it likes. */
const cheapReasons: ReadonlySet<string> = new Set([
	...["UNAUTHENTICATED", "TOKEN_EXPIRED", "TOO_MANY_REQUESTS"],
]);

/** Checks whether the lines of a refusal are bounded. */
export function isCheapRefusal(reason: string | undefined): boolean {
	return reason !== undefined && cheapReasons.has(reason);
}

/** Lines of one address: a minute of them at once, and one every six seconds. */
const perAddress: Rate = { perSecond: 1 / 6, burst: 10 };
/** Lines of all addresses together: some megabytes an hour. */
const ofAll: Rate = { perSecond: 10, burst: 1_000 };
/** Time for which lines are counted before that is told, in milliseconds. */
const summaryMs = 60_000;
/** Addresses that are counted apart. */
const maxCounted = 100;

/**
 * Creates the bound. What is not written is counted by address, and told in a line for each once a minute;
 * beyond a hundred addresses in one line for all others.
 * @param options.summarize writes such a line; an empty address stands for all others
 */
export function createRefusalLines(options: {
	readonly clock: Clock;
	readonly summarize: (address: string, unwritten: number) => void;
}): RefusalLines {
	const { clock, summarize } = options;
	const own = createRates(perAddress, { clock });
	const all = createRates(ofAll, { clock });
	let unwritten = new Map<string, number>();
	let timer: Timer | undefined;

	const count = (key: string) => {
		const place = unwritten.has(key) || unwritten.size < maxCounted ? key : "";
		unwritten.set(place, (unwritten.get(place) ?? 0) + 1);
		timer ??= clock.setTimer(summaryMs, tell);
	};
	const tell = () => {
		timer?.cancel();
		timer = undefined;
		const told = unwritten;
		unwritten = new Map();
		for (const [address, lines] of told) summarize(address, lines);
	};

	return {
		admit(address) {
			const key = addressKey(address);
			if (own.take(key) === 0 && all.take("") === 0) return true;
			count(key);
			return false;
		},
		close: tell,
	};
}
