import { constants, type ServerHttp2Session } from "node:http2";
import type { ListenerOptions } from "./listener.ts";

/** Bytes of a PING frame, which the answer to a PING is (RFC 9113, 6.7). */
const pingFrameBytes = 17;

/**
 * Ends a session whose peer sends PINGs without need: each one costs an answer. A PING that comes
 * too soon is a strike, but not where something else was said since the last one: clients of gRPC
 * measure their line with a PING for what they read. Source: gRPC A8 and its guide on keepalive.
 */
export function limitPings(session: ServerHttp2Session, options: ListenerOptions): void {
	const { clock, limits, observer } = options;
	const { socket } = session;
	let strikes = 0;
	let lastMs = Number.NEGATIVE_INFINITY;
	let lastBytes = 0;
	session.on("ping", () => {
		const nowMs = clock.monotonicMs();
		const bytes = socket.bytesWritten;
		if (bytes - lastBytes > pingFrameBytes) strikes = 0;
		else if (nowMs - lastMs < limits.minPingIntervalMs) strikes++;
		lastMs = nowMs;
		lastBytes = bytes;
		if (strikes <= limits.maxPingStrikes) return;
		observer.connectionFault("too_many_pings");
		// Without an error, destroy() would say NO_ERROR; with one, it would be counted again.
		session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
		session.destroy();
	});
}
