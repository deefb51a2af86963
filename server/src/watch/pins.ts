import type { Clock } from "../clock.ts";
import type { Places } from "./places.ts";

/** Time for which places are kept whole after they were last asked for, in milliseconds. */
const pinMs = 60_000;

/** Most places that are pinned; the oldest go where there are more, and what hangs on them is lost. */
const maxPins = 16_384;

/**
 * The places that somebody may be in the middle of, with a page set, a snapshot or a resume: the
 * history merges nothing across them.
 */
export interface Pins {
	/** Notes that a page token of these places was given. */
	add(places: Places): void;
	/** Keeps places whole for a stream. */
	hold(places: Places): Hold;
	/** True where a pinned version of the kind is from `low` on and before `high`. */
	isBetween(kind: number, low: bigint, high: bigint): boolean;
}

/** Places that a stream has pinned until it is through. One that leaves before lets the time pass. */
export interface Hold {
	/** Keeps them for another while. @returns false: they were let go of meanwhile, for good */
	refresh(): boolean;
	release(): void;
}

interface Pin {
	readonly places: Places;
	/** Time until which page tokens of it count. */
	untilMs: number;
	/** Streams that hold it, and the time until which they do. */
	holders: number;
	heldUntilMs: number;
}

/** Creates pins of which none is set. */
export function createPins(clock: Clock): Pins {
	/** Their positions rise, in each kind. */
	let pins: Pin[] = [];

	const isLive = (pin: Pin, nowMs: number) => pin.untilMs > nowMs || pin.heldUntilMs > nowMs;
	/** Returns the index of the first pin whose position in a kind is not below this one. */
	const indexOf = (kind: number, position: bigint) => {
		let from = 0;
		let to = pins.length;
		while (from < to) {
			const middle = (from + to) >>> 1;
			if (positionOf(pins[middle], kind) >= position) to = middle;
			else from = middle + 1;
		}
		return from;
	};
	/** Returns the pin at these places; undefined where they cannot stand among the others. */
	const pinAt = (places: Places): Pin | undefined => {
		const nowMs = clock.monotonicMs();
		const last = pins.at(-1);
		if (last?.places.positionsText === places.positionsText) return last;
		if (last === undefined || isBefore(last.places, places)) {
			if (pins[0] !== undefined && !isLive(pins[0], nowMs)) {
				pins = pins.filter((pin) => isLive(pin, nowMs));
			}
			const pin = { places, untilMs: 0, holders: 0, heldUntilMs: 0 };
			pins.push(pin);
			if (pins.length > maxPins) pins.shift();
			return pin;
		}
		// A later page of an older set. One that another replica began may have no place among these.
		for (let index = indexOf(0, places.positions[0] ?? 0n); index < pins.length; index++) {
			const pin = pins[index];
			if (pin === undefined || pin.places.positions[0] !== places.positions[0]) return undefined;
			if (pin.places.positionsText === places.positionsText) return pin;
		}
		return undefined;
	};

	return {
		add(places) {
			const pin = pinAt(places);
			if (pin !== undefined) pin.untilMs = clock.monotonicMs() + pinMs;
		},
		hold(places) {
			const pin = pinAt(places);
			if (pin === undefined) return { refresh: () => false, release() {} };
			pin.holders++;
			pin.heldUntilMs = clock.monotonicMs() + pinMs;
			let isHeld = true;
			return {
				refresh() {
					const nowMs = clock.monotonicMs();
					const isLost = pin.heldUntilMs <= nowMs || positionOf(pins[0], 0) > positionOf(pin, 0);
					if (!isLost) pin.heldUntilMs = nowMs + pinMs;
					return !isLost;
				},
				release() {
					if (!isHeld) return;
					isHeld = false;
					if (--pin.holders === 0) pin.heldUntilMs = 0;
				},
			};
		},
		isBetween(kind, low, high) {
			const nowMs = clock.monotonicMs();
			for (let index = indexOf(kind, low); index < pins.length; index++) {
				const pin = pins[index] as Pin;
				if (positionOf(pin, kind) >= high) return false;
				if (isLive(pin, nowMs)) return true;
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
