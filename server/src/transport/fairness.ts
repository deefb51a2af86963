import type { Clock } from "../clock.ts";

/** One stream's share of the event loop. */
export interface Share {
	/** Counts bytes written; true: this turn's share is used, wait for {@link Share.nextTurn}. */
	spend(bytes: number): boolean;
	/** Resolves when it is this stream's turn again. */
	nextTurn(): Promise<void>;
	/** Runs `task` when it is this stream's turn; it must not throw. */
	queue(task: () => void): void;
}

/** Shares the event loop among streams. */
export interface Fairness {
	join(): Share;
}

/** How much of the loop streams may take at a time. */
export interface FairnessOptions {
	/** Bytes of one stream in one turn. */
	readonly sliceBytes: number;
	/** Time of all streams in one turn, in milliseconds. */
	readonly sliceMs: number;
	readonly clock: Clock;
}

/** A turn of one stream; who needs microtasks for it returns when they are done. */
type Turn = () => void | Promise<void>;

/**
 * A stream that always has a next message, and a reader that always takes it,
 * would run from microtask to microtask and let no timer and no socket in. So
 * each stream stops after its bytes, all of them after their time, and they go on
 * in the order in which they stopped, after the loop has turned once.
 */
export function createFairness(options: FairnessOptions): Fairness {
	const { sliceBytes, sliceMs, clock } = options;
	let waiting: Turn[] = [];
	/** Place of the next in `waiting`: to take from the front of a long array would move it all. */
	let first = 0;
	let turn = 0;
	let turnStartMs = 0;
	let turnIsOpen = false;

	function openTurn(): void {
		if (turnIsOpen) return;
		turnIsOpen = true;
		turn++;
		turnStartMs = clock.monotonicMs();
		setImmediate(closeTurn);
	}

	function takeFirst(): Turn | undefined {
		const next = waiting[first++];
		if (next !== undefined) return next;
		waiting = [];
		first = 0;
		return undefined;
	}

	async function closeTurn(): Promise<void> {
		turnIsOpen = false;
		if (waiting.length === 0) return;
		openTurn();
		while (clock.monotonicMs() - turnStartMs < sliceMs) {
			const goOn = takeFirst();
			if (goOn === undefined) return;
			const done = goOn();
			if (done !== undefined) await done;
		}
	}

	function wait(goOn: Turn): void {
		openTurn();
		waiting.push(goOn);
	}

	return {
		join() {
			let spentInTurn = 0;
			let spentBytes = 0;
			return {
				spend(bytes) {
					openTurn();
					if (spentInTurn !== turn) spentBytes = 0;
					spentInTurn = turn;
					spentBytes += bytes;
					return spentBytes >= sliceBytes || clock.monotonicMs() - turnStartMs >= sliceMs;
				},
				nextTurn: () =>
					new Promise((resolve) =>
						wait(() => {
							resolve();
							// The tick queue comes after all microtasks: the stream has done its slice by then.
							return new Promise((done) => process.nextTick(done));
						}),
					),
				queue: wait,
			};
		},
	};
}
