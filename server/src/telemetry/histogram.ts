import { Gauge, Histogram, type Registry } from "prom-client";

export interface HistogramOptions {
	/** Its last word is the unit of all values, as Prometheus has it. */
	readonly name: string;
	readonly help: string;
	/** The one label. Its values must be few: each has a series of its own. */
	readonly label: string;
	/** Upper bounds, inclusive and rising; one without bound is added. */
	readonly buckets: readonly number[];
}

/** The values observed under one value of the label. */
export interface Distribution {
	/** @param value never NaN */
	observe(value: number): void;
}

interface Series extends Distribution {
	/** What Prometheus shall see; a bucket holds all values up to its bound. */
	samples(): Sample[];
}

interface Sample {
	readonly metricName: string;
	readonly labels: Record<string, string | number>;
	readonly value: number;
}

/**
 * A histogram that prom-client shows as one of its own. prom-client's own looks its series up by
 * their labels for each value, which takes longer than all else that is counted of a call.
 * @returns the series of a label's value, always the same one; it shows from then on
 */
export function createHistogram(
	registry: Registry,
	options: HistogramOptions,
): (labelValue: string) => Distribution {
	const { name, help } = options;
	const series = new Map<string, Series>();
	const empty = new Histogram({ name, help, registers: [] });
	// The registry asks a Histogram in a way that is not in prom-client's types; all others by get().
	const shown = new Gauge({ name, help, registers: [registry] });
	shown.get = async () => {
		const head = await empty.get();
		return { ...head, values: [...series.values()].flatMap((each) => each.samples()) };
	};
	return (labelValue) => {
		const known = series.get(labelValue);
		if (known !== undefined) return known;
		const added = createSeries(options, labelValue);
		series.set(labelValue, added);
		return added;
	};
}

function createSeries({ name, label, buckets }: HistogramOptions, labelValue: string): Series {
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
			const labels = { [label]: labelValue };
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
