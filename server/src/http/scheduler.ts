import type { Clock } from "../clock.ts";

/** One stream's share of the event loop. */
export interface StreamBudget {
	/** Counts bytes written; true: this turn's budget is used, wait for {@link StreamBudget.nextTurn}. */
	spend(bytes: number): boolean;
	/** Resolves when it is this stream's turn again. */
	nextTurn(): Promise<void>;
}

/** What is to be done in its turn. */
export interface ScheduledTask {
	/** Must not throw. Who needs microtasks for it returns when they are done. */
	run(): void | Promise<void>;
}

/** Shares the event loop among streams. */
export interface StreamScheduler {
	join(): StreamBudget;
	/** Runs `task` when it is its turn. */
	queue(task: ScheduledTask): void;
}

/** Tasks between two looks at the clock. */
const tasksPerLook = 8;

/** How much of the loop streams may take at a time. */
export interface StreamSchedulerOptions {
	/** Bytes of one stream in one turn. */
	readonly sliceBytes: number;
	/** Time of all streams in one turn, in milliseconds. */
	readonly sliceMs: number;
	readonly clock: Clock;
}

/**
 * A stream that always has a next message, and a reader that always takes it,
 * would run from microtask to microtask and let no timer and no socket in. So
 * each stream stops after its bytes, all of them after their time, and they go on
 * in the order in which they stopped, after the loop has turned once.
 */
export function createStreamScheduler(options: StreamSchedulerOptions): StreamScheduler {
	const { sliceBytes, sliceMs, clock } = options;
	/** Whose turn comes next, from place `first` on: to take from the front of an array moves it all. */
	let waiting: (ScheduledTask | undefined)[] = [];
	let first = 0;
	/** Who comes after them. */
	let later: ScheduledTask[] = [];
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

	function takeFirst(): ScheduledTask | undefined {
		if (first === waiting.length) {
			// While streams ask again in each of their turns, nothing else ever empties a queue.
			waiting = later;
			later = [];
			first = 0;
		}
		const next = waiting[first];
		// A stream that ends in its turn is not held until the turns of all others.
		if (next !== undefined) waiting[first++] = undefined;
		return next;
	}

	/** To ask the clock costs as much as half a small task. */
	function isTurnOver(ran: number): boolean {
		return ran % tasksPerLook === 0 && clock.monotonicMs() - turnStartMs >= sliceMs;
	}

	async function closeTurn(): Promise<void> {
		turnIsOpen = false;
		if (first === waiting.length && later.length === 0) return;
		openTurn();
		for (let ran = 0; !isTurnOver(ran); ran++) {
			const task = takeFirst();
			if (task === undefined) return;
			const done = task.run();
			if (done !== undefined) await done;
		}
	}

	function queue(task: ScheduledTask): void {
		openTurn();
		later.push(task);
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
					new Promise((resolve) => {
						const run = () => {
							resolve();
							// The tick queue comes after all microtasks: the stream has done its slice by then.
							return new Promise<void>((done) => process.nextTick(done));
						};
						queue({ run });
					}),
			};
		},
		queue,
	};
}
