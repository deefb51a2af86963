/** Runs work under one key in order, under different keys at the same time. */
export interface KeyedMutex {
	/** Runs `work` when all earlier work under this key is over. Settles as it does. */
	run<T>(key: string, work: () => Promise<T>): Promise<T>;
}

/** Creates a mutex: writes of one replica to one object must not run into each other's conflicts. */
export function createKeyedMutex(): KeyedMutex {
	const last = new Map<string, Promise<unknown>>();
	return {
		run(key, work) {
			const result = (last.get(key) ?? Promise.resolve()).then(work);
			const over = result.then(
				() => {},
				() => {},
			);
			last.set(key, over);
			over.then(() => {
				if (last.get(key) === over) last.delete(key);
			});
			return result;
		},
	};
}
