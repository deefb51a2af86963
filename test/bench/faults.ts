/** Everything that went wrong in a run. One fault makes the run fail. */
export interface Faults {
	/** Counts a fault; equal texts are kept once. */
	add(text: string): void;
	readonly count: number;
	/** Each text with the number of times it was met. */
	texts(): string[];
}

/** @param onFirst told each text when it is met first */
export function createFaults(onFirst: (text: string) => void): Faults {
	const counts = new Map<string, number>();
	let count = 0;
	return {
		add(text) {
			count++;
			const before = counts.get(text) ?? 0;
			counts.set(text, before + 1);
			if (before === 0) onFirst(text);
		},
		get count() {
			return count;
		},
		texts: () => [...counts].map(([text, times]) => `${times} × ${text}`),
	};
}
