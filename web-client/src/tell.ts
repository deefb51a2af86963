/**
 * Calls a listener of the caller's. What it throws is the page's own error, as with listeners of events (DOM
 * standard, inner invoke): no call, list or stream is at fault for it.
 */
export function tell<T>(listener: ((news: T) => void) | undefined, news: T): void {
	try {
		listener?.(news);
	} catch (error) {
		queueMicrotask(() => {
			throw error;
		});
	}
}

/** Calls all that listen, and none that another one of them has just taken away. */
export function tellAll<T>(listeners: ReadonlySet<(news: T) => void>, news: T): void {
	for (const listener of [...listeners]) if (listeners.has(listener)) tell(listener, news);
}
