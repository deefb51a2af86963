import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { ConnectionFault } from "../http/observer.ts";
import type { RefusalCause } from "../rpc/observer.ts";
import type { CallObserver } from "../service/interceptors/call-observer.ts";
import type { StoreObserver } from "../store/embedded/writability.ts";
import type { UpstreamObserver, WriteObserver } from "../store/kubernetes/upstream-observer.ts";
import type { WatchObserver } from "../watch/observer.ts";
import type { AuditObserver } from "./audit-log.ts";
import { createCallCounters } from "./call-metrics.ts";

/** Counts what the port reports; the rest of that goes to the log. */
export interface PortCounters {
	connectionOpened(): void;
	connectionClosed(): void;
	connectionFault(fault: ConnectionFault): void;
	callRefused(cause: RefusalCause): void;
	bytesSent(bytes: number): void;
	encoded(typeName: string, form: string): void;
}

/** Counts what is refused, or left out, because a caller or an address has too much of it. */
export interface LimitCounters {
	limited(limit: "calls" | "streams"): void;
}

/** Holds the metrics of one service, in a registry of their own. Every label has a bounded set of values. */
export interface Metrics {
	readonly calls: CallObserver;
	readonly watch: WatchObserver;
	readonly port: PortCounters;
	/** Counts nothing with the embedded store. */
	readonly upstream: UpstreamObserver & WriteObserver;
	/** Counts nothing with a cluster. */
	readonly store: StoreObserver;
	/** Counts nothing without an audit log. */
	readonly audit: Pick<AuditObserver, "auditLost">;
	readonly limits: LimitCounters;
	/** Writes the Prometheus text format, with its content type. */
	exposition(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Names of kinds as paths of the cluster's API have them, by `KindIndex`. */
const kindNames = ["wukongs", "virtualmachines", "virtualmachineinstances"] as const;

/**
 * Creates the metrics of one service.
 * @param options.processMetrics also memory, CPU, garbage collection and event-loop lag of the
 * process; these observe until the process ends, so tests leave them out.
 */
export function createMetrics(options: { readonly processMetrics: boolean }): Metrics {
	const registry = new Registry();
	const registers = [registry];
	if (options.processMetrics) collectDefaultMetrics({ register: registry });

	const calls = createCallCounters(registry);
	const streams = new Gauge({
		name: "wukong_watch_streams",
		help: "Open watch streams.",
		registers,
	});
	const skipped = new Counter({
		name: "wukong_watch_events_skipped_total",
		help: "Superseded states that lagging readers were spared.",
		registers,
	});
	const resets = new Counter({
		name: "wukong_watch_resets_total",
		help: "Streams that had to start over.",
		labelNames: ["cause"],
		registers,
	});
	const connections = new Gauge({
		name: "wukong_connections",
		help: "Open connections.",
		registers,
	});
	const faults = new Counter({
		name: "wukong_connection_faults_total",
		help: "Connections that ended other than by their peer's wish.",
		labelNames: ["fault"],
		registers,
	});
	const refused = new Counter({
		name: "wukong_requests_refused_total",
		help: "Requests that were refused before they reached a method.",
		labelNames: ["cause"],
		registers,
	});
	let sentBytes = 0;
	new Counter({
		name: "wukong_sent_bytes_total",
		help: "Bytes of answers, without headers.",
		registers,
		collect() {
			this.reset();
			this.inc(sentBytes);
		},
	});
	const encodings = new Counter({
		name: "wukong_encodings_total",
		help: "Shared messages that were encoded: one for each object and form, whatever the number of readers.",
		labelNames: ["message", "form"],
		registers,
	});

	const withheld = new Counter({
		name: "wukong_watch_withheld_total",
		labelNames: ["kind"],
		help: "Changes that streams were told of late, because they follow another one of their VM closely.",
		registers,
	});
	const merged = new Counter({
		name: "wukong_watch_merged_total",
		labelNames: ["kind"],
		help: "Changes in the history that were merged into a later one of their VM.",
		registers,
	});
	const upstreamLists = new Counter({
		name: "wukong_upstream_lists_total",
		help: "Lists of all objects read from the cluster.",
		labelNames: ["cause", "kind"],
		registers,
	});
	const upstreamWatches = new Counter({
		name: "wukong_upstream_watches_total",
		help: "Watches on the cluster that have ended.",
		labelNames: ["end", "kind"],
		registers,
	});
	const upstreamUnseen = new Counter({
		name: "wukong_upstream_writes_unseen_total",
		help: "Writes to the cluster that were answered before reads here showed them.",
		registers,
	});
	const upstreamTroubles = new Counter({
		name: "wukong_upstream_troubles_total",
		help: "Lists and watches on the cluster that failed.",
		labelNames: ["trouble", "kind"],
		registers,
	});
	const commitErrors = new Counter({
		name: "wukong_store_commit_errors_total",
		help: "Commits, and probes for one, that the embedded store could not write.",
		labelNames: ["cause"],
		registers,
	});
	const auditLost = new Counter({
		name: "wukong_audit_lines_lost_total",
		help: "Lines of the audit log that could not be kept until they were written.",
		registers,
	});
	const limited = new Counter({
		name: "wukong_limited_total",
		help: "Calls that were refused because their caller has too much of something.",
		labelNames: ["limit"],
		registers,
	});
	const writable = new Gauge({
		name: "wukong_store_writable",
		help: "1 while the embedded store can write, 0 while it cannot.",
		registers,
	});
	writable.set(1);

	return {
		limits: { limited: (limit) => limited.inc({ limit }) },
		audit: { auditLost: (lines) => auditLost.inc(lines) },
		store: {
			commitFailed: ({ code }) => commitErrors.inc({ cause: code.toLowerCase() }),
			unwritable: () => writable.set(0),
			writable: () => writable.set(1),
		},
		upstream: {
			answeredUnseen: () => upstreamUnseen.inc(),
			listed: (cause, kind) => upstreamLists.inc({ cause, kind }),
			watchOpened() {},
			watchEnded: (end, kind) => upstreamWatches.inc({ end, kind }),
			troubled: (trouble, _, kind) => upstreamTroubles.inc({ trouble, kind }),
			recovered() {},
		},
		calls,
		watch: {
			streamOpened: () => streams.inc(),
			streamClosed: () => streams.dec(),
			eventsSkipped: (count) => skipped.inc(count),
			reset: (cause) => resets.inc({ cause }),
			withheld: (kind) => withheld.inc({ kind: kindNames[kind] }),
			entryMerged: (kind) => merged.inc({ kind: kindNames[kind] }),
			noisy() {},
		},
		port: {
			connectionOpened: () => connections.inc(),
			connectionClosed: () => connections.dec(),
			connectionFault: (fault) => faults.inc({ fault }),
			callRefused: (cause) => refused.inc({ cause }),
			bytesSent: (bytes) => {
				sentBytes += bytes;
			},
			encoded: (typeName, form) => {
				encodings.inc({ message: typeName.slice(typeName.lastIndexOf(".") + 1), form });
			},
		},
		exposition: async () => ({
			contentType: registry.contentType,
			body: await registry.metrics(),
		}),
	};
}
