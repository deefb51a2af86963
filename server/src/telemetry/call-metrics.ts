import type { DescMethod } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { Counter, type Registry } from "prom-client";
import { codeName } from "../service/errors/error-codes.ts";
import type { CallObserver, CallProtocol } from "../service/interceptors/call-observer.ts";
import { createHistogram, type Distribution } from "./histogram.ts";

/** Seconds; a read takes microseconds, a durable write some milliseconds. */
const durationBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];

/** The ended calls of one method, protocol and code. */
interface Tally {
	readonly labels: { readonly method: string; readonly code: string; readonly protocol: string };
	calls: number;
}

/** What is counted of one method. */
interface MethodCounts {
	/** By code; a success is at 0, which no code has. */
	readonly tallies: Readonly<Record<CallProtocol, (Tally | undefined)[]>>;
	/** In seconds; undefined for a stream, which lasts as long as its reader likes. */
	readonly durations: Distribution | undefined;
}

/**
 * Counts the calls that ended, and times the unary ones. A call is counted in plain objects, and
 * prom-client is told the totals when it is scraped: to find a series by its labels takes it longer
 * than everything here.
 */
export function createCallCounters(registry: Registry): CallObserver {
	const tallies: Tally[] = [];
	new Counter({
		name: "wukong_requests_total",
		help: "Calls that have ended, streams included.",
		labelNames: ["method", "code", "protocol"],
		registers: [registry],
		collect() {
			this.reset();
			for (const { labels, calls } of tallies) this.inc(labels, calls);
		},
	});
	const durationsOf = createHistogram(registry, {
		name: "wukong_request_duration_seconds",
		help: "Time that unary calls took.",
		label: "method",
		buckets: durationBuckets,
	});
	const methods = new Map<DescMethod, MethodCounts>();

	function startMethod(method: DescMethod): MethodCounts {
		const counts = {
			tallies: { connect: [], grpc: [], "grpc-web": [], "grpc-web-text": [] },
			durations: method.methodKind === "unary" ? durationsOf(method.name) : undefined,
		};
		methods.set(method, counts);
		return counts;
	}

	function startTally(method: string, code: Code | 0, protocol: CallProtocol): Tally {
		const labels = { method, code: codeName(code === 0 ? undefined : code), protocol };
		const tally = { labels, calls: 0 };
		tallies.push(tally);
		return tally;
	}

	return {
		streamStarted() {},
		callEnded({ method, protocol }, { durationMs, failure }) {
			const counts = methods.get(method) ?? startMethod(method);
			const code = failure === undefined ? 0 : failure.code;
			const byCode = counts.tallies[protocol];
			byCode[code] ??= startTally(method.name, code, protocol);
			byCode[code].calls++;
			counts.durations?.observe(durationMs / 1_000);
		},
	};
}
