/** Queues keys and works on each, as client-go's workqueue does. */
export interface WorkQueue {
	/** Adds a key. Work on it runs once for all calls before it begins, and after any that is under way. */
	add(key: string): void;
	/** Starts nothing more. Resolves when the work under way is over. */
	close(): Promise<void>;
}

/**
 * Creates a queue that works on several keys at one time, but never twice at one time on one key.
 * @param work must not reject
 * @param maxAtOnce most keys at one time
 */
export function createWorkQueue(
	work: (key: string) => Promise<void>,
	maxAtOnce: number,
): WorkQueue {
	const waiting = new Set<string>();
	const running = new Map<string, Promise<void>>();
	let closed = false;

	const begin = () => {
		for (const key of waiting) {
			if (running.size >= maxAtOnce) return;
			if (running.has(key)) continue;
			waiting.delete(key);
			running.set(key, run(key));
		}
	};

	const run = async (key: string) => {
		await work(key);
		running.delete(key);
		begin();
	};

	return {
		add(key) {
			if (closed) return;
			waiting.add(key);
			begin();
		},
		async close() {
			closed = true;
			waiting.clear();
			await Promise.all(running.values());
		},
	};
}
