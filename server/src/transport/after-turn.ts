let waiting: (() => void)[] = [];

/**
 * Calls back when what is ready now is done, in the check phase of the event loop. For what only
 * the few calls need that are still open by then, as timers: to set and cancel one for each call
 * would cost more than many a call itself.
 */
export function afterTurn(callback: () => void): void {
	if (waiting.push(callback) === 1) setImmediate(callAll);
}

function callAll(): void {
	const callbacks = waiting;
	waiting = [];
	for (const callback of callbacks) callback();
}
