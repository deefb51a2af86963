type Task = (subject: unknown) => void;

let waiting: [Task, subject: unknown][] = [];

/**
 * Calls back when what is ready now is done, in the check phase of the event loop. For what only
 * the few calls need that are still open by then, as timers: to set and cancel one for each call
 * would cost more than many a call itself.
 * @param subject what the callback is given: with it, one function serves all calls
 */
export function afterTurn(callback: () => void): void;
export function afterTurn<T>(callback: (subject: T) => void, subject: T): void;
export function afterTurn(callback: Task, subject?: unknown): void {
	if (waiting.push([callback, subject]) === 1) setImmediate(callAll);
}

function callAll(): void {
	const tasks = waiting;
	waiting = [];
	let done = 0;
	try {
		for (const [callback, subject] of tasks) {
			done++;
			callback(subject);
		}
	} finally {
		// One that throws takes none of the others with it.
		for (; done < tasks.length; done++) {
			const [callback, subject] = tasks[done] as [Task, unknown];
			afterTurn(callback, subject);
		}
	}
}
