import type { DescMethod } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { codeName } from "../service/errors/error-codes.ts";
import type {
	CallListener,
	CallObserver,
	CallProtocol,
} from "../service/interceptors/call-observer.ts";

/** Upper bounds in seconds; a read takes microseconds, a durable write some milliseconds. */
const durationBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];

/** Counts the ended calls of one method, protocol and code. */
interface Tally {
	readonly labels: {
		readonly service: string;
		readonly method: string;
		readonly code: string;
		readonly protocol: string;
	};
	calls: number;
}

/** Counts the calls of one method. */
interface MethodCounts {
	/** Hear of its calls; one for each protocol that it was called by, for all of these calls. */
	readonly listeners: Partial<Record<CallProtocol, CallListener>>;
	/** Durations in seconds; undefined for a stream, which lasts as long as its reader likes. */
	readonly durations: Distribution | undefined;
}

/**
 * Counts the calls that have ended, and times the unary ones. A call is counted in plain objects,
 * and prom-client gets the totals when it is scraped: finding a series by its labels takes it longer
 * than everything here.
 */
export function createCallCounters(registry: Registry): CallObserver {
	const tallies: Tally[] = [];
	new Counter({
		name: "wukong_requests_total",
		help: "Calls that have ended, streams included.",
		labelNames: ["service", "method", "code", "protocol"],
		registers: [registry],
		collect() {
			this.reset();
			for (const { labels, calls } of tallies) this.inc(labels, calls);
		},
	});
	const durationsOf = createHistogram(registry, {
		name: "wukong_request_duration_seconds",
		help: "Time that unary calls took.",
		labelNames: ["service", "method"],
		buckets: durationBuckets,
	});
	/** Counts by descriptor: methods of two services can have one name. */
	const methods = new Map<DescMethod, MethodCounts>();

	function createCounts(method: DescMethod): MethodCounts {
		const isUnary = method.methodKind === "unary";
		const durations = isUnary ? durationsOf([method.parent.typeName, method.name]) : undefined;
		const counts = { listeners: {}, durations };
		methods.set(method, counts);
		return counts;
	}

	function createListener(
		method: DescMethod,
		protocol: CallProtocol,
		durations: Distribution | undefined,
	): CallListener {
		/** Tallies by code; a success is at 0, which no code has. */
		const byCode: (Tally | undefined)[] = [];
		return {
			callEnded(_call, { durationMs, failure }) {
				const code = failure === undefined ? 0 : failure.code;
				byCode[code] ??= createTally(method, protocol, code);
				byCode[code].calls++;
				durations?.observe(durationMs / 1_000);
			},
		};
	}

	function createTally({ name, parent }: DescMethod, protocol: string, code: Code | 0): Tally {
		const labels = {
			service: parent.typeName,
			method: name,
			code: codeName(code === 0 ? undefined : code),
			protocol,
		};
		const tally = { labels, calls: 0 };
		tallies.push(tally);
		return tally;
	}

	return {
		callStarted({ method, protocol }) {
			const { listeners, durations } = methods.get(method) ?? createCounts(method);
			listeners[protocol] ??= createListener(method, protocol, durations);
			return listeners[protocol];
		},
	};
}

export interface HistogramOptions {
	/** Name of the metric; its last word is the unit of all values, as Prometheus has it. */
	readonly name: string;
	readonly help: string;
	/** Names of labels. Few values each: every combination has a series of its own. */
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
