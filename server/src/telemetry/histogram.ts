import { Gauge, Histogram, type Registry } from "prom-client";

export interface HistogramOptions {
	/** Name of the metric; its last word is the unit of all values, as Prometheus has it. */
	readonly name: string;
	readonly help: string;
	/** Their values must be few: each combination has a series of its own. */
	readonly labelNames: readonly string[];
	/** Upper bounds, inclusive and rising; one without bound is added. */
	readonly buckets: readonly number[];
}

/** Counts the values that are observed under one combination of label values. */
export interface Distribution {
	/** @param value never NaN */
	observe(value: number): void;
}

interface Series extends Distribution {
	/** Lists what Prometheus reads; a bucket holds all values up to its bound. */
	samples(): Sample[];
}

interface Sample {
	readonly metricName: string;
	readonly labels: Record<string, string | number>;
	readonly value: number;
}

/**
 * Creates a histogram that prom-client shows as one of its own. prom-client's own looks its series
 * up by their labels for each value, which takes longer than everything else that is counted of a
 * call.
 * @returns a function from label values, in the order of their names, to their series: always the
 * same one, and shown from then on
 */
export function createHistogram(
	registry: Registry,
	options: HistogramOptions,
): (labelValues: readonly string[]) => Distribution {
	const { name, help } = options;
	const series = new Map<string, Series>();
	const empty = new Histogram({ name, help, registers: [] });
	// The registry asks a Histogram in a way that is not in prom-client's types; all others by get().
	const shown = new Gauge({ name, help, registers: [registry] });
	shown.get = async () => {
		const head = await empty.get();
		return { ...head, values: [...series.values()].flatMap((each) => each.samples()) };
	};
	return (labelValues) => {
		const key = JSON.stringify(labelValues);
		const known = series.get(key);
		if (known !== undefined) return known;
		const added = createSeries(options, labelValues);
		series.set(key, added);
		return added;
	};
}

function createSeries(
	{ name, labelNames, buckets }: HistogramOptions,
	labelValues: readonly string[],
): Series {
	const labels = Object.fromEntries(labelNames.map((label, at) => [label, labelValues[at] ?? ""]));
	const bounds = Float64Array.of(...buckets, Number.POSITIVE_INFINITY);
	const counts = new Float64Array(bounds.length);
	let sum = 0;
	return {
		observe(value) {
			let place = 0;
			while (value > (bounds[place] as number)) place++;
			(counts[place] as number)++;
			sum += value;
		},
		samples() {
			let count = 0;
			const filled = [...buckets, "+Inf"].map((le, place) => {
				count += counts[place] as number;
				return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
			});
			return [
				...filled,
				{ metricName: `${name}_sum`, labels, value: sum },
				{ metricName: `${name}_count`, labels, value: count },
			];
		},
	};
}
