import type { Clock } from "../clock.ts";

/** Share of the event loop that one stream has. */
export interface StreamBudget {
	/** Counts written bytes. True: the budget of this turn is spent, wait for {@link StreamBudget.nextTurn}. */
	spend(bytes: number): boolean;
	/** Resolves when the stream may write again. */
	nextTurn(): Promise<void>;
}

/** Work that waits for its turn. */
export interface ScheduledTask {
	/** Runs the work; must not throw. The promise, if any, resolves when its microtasks are done. */
	run(): void | Promise<void>;
}

/** Shares the event loop among streams. */
export interface StreamScheduler {
	join(): StreamBudget;
	/** Runs a task in its turn. */
	queue(task: ScheduledTask): void;
}

/** Number of tasks between two readings of the clock. */
const tasksPerLook = 8;

/** Bounds how much of the event loop streams take at a time. */
export interface StreamSchedulerOptions {
	/** Bytes of one stream in one turn. */
	readonly sliceBytes: number;
	/** Time of all streams in one turn, in milliseconds. */
	readonly sliceMs: number;
	readonly clock: Clock;
}

/**
 * Creates a scheduler. A stream that always has a next message, with a reader that always takes it,
 * would run from microtask to microtask and starve timers and sockets. So each stream stops after its
 * bytes, all streams stop after their time, and they continue in the order in which they stopped, one
 * turn of the event loop later.
 */
export function createStreamScheduler(options: StreamSchedulerOptions): StreamScheduler {
	const { sliceBytes, sliceMs, clock } = options;
	/** Tasks of this round, from index `first` on: to shift an array would move all of it. */
	let waiting: (ScheduledTask | undefined)[] = [];
	let first = 0;
	/** Tasks of the next round. */
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
			// Streams that queue again in each turn would keep one queue from ever being empty.
			waiting = later;
			later = [];
			first = 0;
		}
		const next = waiting[first];
		// Releases the stream now, not after the turns of all others.
		if (next !== undefined) waiting[first++] = undefined;
		return next;
	}

	/** Reads the clock now and then: it costs half as much as a small task. */
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
							// The tick queue runs after all microtasks: the stream has written its slice by then.
							return new Promise<void>((done) => process.nextTick(done));
						};
						queue({ run });
					}),
			};
		},
		queue,
	};
}
