import type { Clock } from "../clock.ts";
import type { H1Request } from "./h1-request.ts";

/** Unread bytes of a refused request that are read away. */
const maxLingerBytes = 64 * 1024;
/** Time for that, in milliseconds. */
const maxLingerMs = 1_000;

/** Reading away of a refused request. */
export interface Lingering {
	/** Stops reading and continues. */
	stop(): void;
}

/**
 * Reads away a bounded rest of a request that is answered before it was read, then continues: nginx calls it
 * `lingering_close`. Closing a socket with unread bytes sends a TCP reset, which takes the response.
 */
export function linger(request: H1Request, clock: Clock, goOn: () => void): Lingering {
	let left = maxLingerBytes;
	const timer = clock.setTimer(maxLingerMs, finish);
	function finish(): void {
		timer.cancel();
		request.off("data", take).off("end", finish).off("close", finish);
		goOn();
	}
	function take(chunk: Uint8Array): void {
		left -= chunk.byteLength;
		// Ending now would reset the connection; the peer has the rest of the time to read.
		if (left <= 0) request.off("data", take).pause();
	}
	request.discard();
	request.on("data", take).on("end", finish).on("close", finish);
	return { stop: finish };
}
