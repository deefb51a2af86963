/** Keys that want work done. */
export interface WorkQueue {
	/** Has work done for this key, once for all calls before it begins; after what is under way. */
	add(key: string): void;
	/** Begins nothing more. Resolves when what is under way is over. */
	close(): Promise<void>;
}

/**
 * Works on several keys at one time, never on one key twice at one time.
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
