import type { Clock } from "../clock.ts";
import type { Places } from "./places.ts";

/** Time for which the version of a page set is kept whole after its last token, in milliseconds. */
const pinMs = 60_000;

/** Most versions that are pinned; the oldest goes where there are more, and its pages may expire. */
const maxPins = 1_024;

/**
 * The versions of page sets that somebody may be in the middle of: the history merges nothing
 * across them.
 */
export interface PagePins {
	/** Notes that a token of this snapshot was given. */
	add(places: Places): void;
	/** True where a pinned version of the kind is from `low` on and before `high`. */
	isBetween(kind: number, low: bigint, high: bigint): boolean;
}

interface Pin {
	readonly places: Places;
	untilMs: number;
}

export function createPagePins(clock: Clock): PagePins {
	/** Their positions rise, in each kind. */
	let pins: Pin[] = [];

	return {
		add(places) {
			const untilMs = clock.monotonicMs() + pinMs;
			const last = pins.at(-1);
			if (last?.places.positionsText === places.positionsText) {
				last.untilMs = untilMs;
				return;
			}
			const nowMs = clock.monotonicMs();
			if ((pins[0]?.untilMs ?? nowMs) < nowMs) pins = pins.filter((pin) => pin.untilMs >= nowMs);
			if (last === undefined || isBefore(last.places, places)) {
				pins.push({ places, untilMs });
				if (pins.length > maxPins) pins.shift();
				return;
			}
			// A later page of an older set. One that another replica began may have no place among these.
			const known = pins.find((pin) => pin.places.positionsText === places.positionsText);
			if (known !== undefined) known.untilMs = untilMs;
		},
		isBetween(kind, low, high) {
			let from = 0;
			let to = pins.length;
			while (from < to) {
				const middle = (from + to) >>> 1;
				if (positionOf(pins[middle], kind) >= low) to = middle;
				else from = middle + 1;
			}
			const nowMs = clock.monotonicMs();
			for (; from < pins.length && positionOf(pins[from], kind) < high; from++) {
				if ((pins[from]?.untilMs ?? 0) >= nowMs) return true;
			}
			return false;
		},
	};
}

function positionOf(pin: Pin | undefined, kind: number): bigint {
	return pin?.places.positions[kind] ?? 0n;
}

function isBefore(one: Places, other: Places): boolean {
	return one.positions.every((position, kind) => position <= (other.positions[kind] ?? 0n));
}
