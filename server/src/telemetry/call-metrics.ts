import type { DescMethod } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { Counter, type Registry } from "prom-client";
import { codeName } from "../service/errors/error-codes.ts";
import type {
	CallListener,
	CallObserver,
	CallProtocol,
} from "../service/interceptors/call-observer.ts";
import { createHistogram, type Distribution } from "./histogram.ts";

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
	/** In seconds; undefined for a stream, which lasts as long as its reader likes. */
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
	/** By descriptor: methods of two services can have one name. */
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
		/** By code; a success is at 0, which no code has. */
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
