type Callback = (subject: unknown) => void;

/**
 * Callbacks of this turn. One queue per process, because the event loop is one per process: the
 * calls of all ports share one `setImmediate`. It is empty again after each turn.
 */
let queued: [Callback, subject: unknown][] = [];

/**
 * Runs a callback in the check phase of the event loop, after the input and output that are ready
 * now. Meant for work that only calls need which are still open by then, as setting timers: to set
 * and cancel a timer for each call would cost more than many calls do.
 * @param subject passed to the callback, so that one function serves all calls without a closure
 */
export function runAfterTick(callback: () => void): void;
export function runAfterTick<T>(callback: (subject: T) => void, subject: T): void;
export function runAfterTick(callback: Callback, subject?: unknown): void {
	if (queued.push([callback, subject]) === 1) setImmediate(runAll);
}

function runAll(): void {
	const batch = queued;
	queued = [];
	let count = 0;
	try {
		for (const [callback, subject] of batch) {
			count++;
			callback(subject);
		}
	} finally {
		// A callback that throws does not keep the others from running.
		for (; count < batch.length; count++) {
			const [callback, subject] = batch[count] as [Callback, unknown];
			runAfterTick(callback, subject);
		}
	}
}
