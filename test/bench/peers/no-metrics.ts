import type { Metrics } from "../../../server/src/telemetry/metrics.ts";
import { silentUpstream } from "../../support/silent-upstream.ts";

const nothing = () => {};

/** Counts nothing. */
export const noMetrics: Metrics = {
	limits: { limited() {} },
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
	upstream: silentUpstream,
	store: { commitFailed: nothing, unwritable: nothing, writable: nothing },
	exposition: async () => ({ contentType: "text/plain", body: "" }),
};
