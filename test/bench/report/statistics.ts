/** The middle of some figures and how far they spread. */
export interface Spread {
	readonly median: number;
	/** First quartile. */
	readonly low: number;
	/** Third quartile. */
	readonly high: number;
}

/**
 * The value below which a share of the figures lies, interpolated between neighbours.
 * @param share from 0 to 1
 * @throws RangeError without figures
 */
export function quantile(figures: readonly number[], share: number): number {
	const sorted = figures.toSorted((a, b) => a - b);
	const place = (sorted.length - 1) * share;
	const below = sorted[Math.floor(place)];
	const above = sorted[Math.ceil(place)];
	if (below === undefined || above === undefined) throw new RangeError("no figures");
	return below + (above - below) * (place - Math.floor(place));
}

/** Median and quartiles. @throws RangeError without figures */
export function spread(figures: readonly number[]): Spread {
	return {
		median: quantile(figures, 0.5),
		low: quantile(figures, 0.25),
		high: quantile(figures, 0.75),
	};
}

/**
 * The median of the ratios round by round: what slows a whole round slows both sides of its
 * ratio. Rounds that only one side has are left out; undefined where none is left.
 */
export function medianRatio(
	figures: readonly number[],
	bases: readonly number[],
): number | undefined {
	const ratios: number[] = [];
	for (const [round, figure] of figures.entries()) {
		const base = bases[round];
		if (base !== undefined && base > 0) ratios.push(figure / base);
	}
	return ratios.length === 0 ? undefined : quantile(ratios, 0.5);
}
