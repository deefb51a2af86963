/** Runs work at once, or when it is its turn; settles as the work does. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Lets at most `max` pieces of work run at a time; the others wait, the first ones first. */
export function createParallelLimit(max: number): InTurn {
	const waiting: (() => void)[] = [];
	let running = 0;
	return async (work) => {
		if (running < max) running++;
		// Whoever ends hands its place on, so `running` stays as it is.
		else await new Promise<void>((resolve) => waiting.push(resolve));
		try {
			return await work();
		} finally {
			const next = waiting.shift();
			if (next === undefined) running--;
			else next();
		}
	};
}
