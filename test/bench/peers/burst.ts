/** What the benchmark tells a peer to make so many changes at once. */
export interface Burst {
	/** Number of the first change, from 0; change n is of the VM at place n modulo all. */
	readonly first: number;
	readonly count: number;
}

/** Calls back for each burst; CPU questions go to the meter and are passed over here. */
export function onBurst(callback: (places: readonly number[]) => void, objects: number): void {
	process.on("message", (message: Burst | "cpu") => {
		if (message === "cpu") return;
		const { first, count } = message;
		callback(Array.from({ length: count }, (_, i) => (first + i) % objects));
	});
}
