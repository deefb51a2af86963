/** Counts what a set of streams was given. */
export interface Tally {
	/** One event arrived on one stream. */
	deliver(): void;
	/** The name in an event of a stream that is read through and through. */
	sample(name: string): void;
	readonly delivered: number;
	/** @returns whether so many were delivered in all before the time was over */
	reach(delivered: number, ceilingMs: number): Promise<boolean>;
	/** The names sampled since the last call, with the number of times each was met. */
	takeSamples(): ReadonlyMap<string, number>;
}

export function createTally(): Tally {
	let delivered = 0;
	let goal = Number.POSITIVE_INFINITY;
	let reached = () => {};
	let samples = new Map<string, number>();
	return {
		deliver() {
			delivered++;
			if (delivered >= goal) reached();
		},
		sample(name) {
			samples.set(name, (samples.get(name) ?? 0) + 1);
		},
		get delivered() {
			return delivered;
		},
		reach(wanted, ceilingMs) {
			if (delivered >= wanted) return Promise.resolve(true);
			return new Promise((resolve) => {
				const finish = (inTime: boolean) => {
					goal = Number.POSITIVE_INFINITY;
					clearTimeout(timer);
					resolve(inTime);
				};
				const timer = setTimeout(finish, ceilingMs, false);
				goal = wanted;
				reached = () => finish(true);
			});
		},
		takeSamples() {
			const taken = samples;
			samples = new Map();
			return taken;
		},
	};
}
