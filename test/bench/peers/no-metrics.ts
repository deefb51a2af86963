import type { Metrics } from "../../../server/src/telemetry/metrics.ts";

const nothing = () => {};

/** Counts nothing. */
export const noMetrics: Metrics = {
	audit: { auditLost() {} },
	calls: { callStarted: () => undefined },
	watch: {
		streamOpened: nothing,
		streamClosed: nothing,
		eventsSkipped: nothing,
		reset: nothing,
		withheld: nothing,
		entryMerged: nothing,
		noisy: nothing,
	},
	port: {
		connectionOpened: nothing,
		connectionClosed: nothing,
		connectionFault: nothing,
		callRefused: nothing,
		bytesSent: nothing,
		encoded: nothing,
	},
	upstream: {
		listed: nothing,
		watchOpened: nothing,
		watchEnded: nothing,
		troubled: nothing,
		recovered: nothing,
		answeredUnseen: nothing,
	},
	store: { commitFailed: nothing, unwritable: nothing, writable: nothing },
	exposition: async () => ({ contentType: "text/plain", body: "" }),
};
