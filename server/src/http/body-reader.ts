import type { Readable } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { callerLeft, type Disconnect } from "./disconnect.ts";
import type { ExchangeOptions } from "./exchange.ts";

/**
 * Reads a request's body within `timeoutMs` for all of it, and never longer than
 * bodyTimeoutMs: a peer that sends a byte now and then gains nothing. Leaves the stream open, because the answer
 * goes over the same one.
 */
export async function* readBody(
	source: Readable,
	options: Pick<ExchangeOptions, "clock" | "limits"> & { readonly disconnect: Disconnect },
	timeoutMs = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
	const late = Promise.withResolvers<never>();
	// The timer may fire while nobody waits; the next read sees it.
	late.promise.catch(() => {});
	const timer = options.clock.setTimer(Math.min(timeoutMs, options.limits.bodyTimeoutMs), () =>
		late.reject(new ConnectError("the request's body came too slowly", Code.DeadlineExceeded)),
	);
	// A connection can stay open for other answers when the request on it breaks off.
	const forget = options.disconnect.subscribe(() => late.reject(callerLeft()));
	const chunks = source.iterator({ destroyOnReturn: false });
	try {
		for (;;) {
			const next = await Promise.race([chunks.next(), late.promise]);
			if (next.done === true) return;
			yield next.value as Uint8Array;
		}
	} catch (error) {
		if (error instanceof ConnectError) throw error;
		throw new ConnectError("the caller left", Code.Canceled, undefined, undefined, error);
	} finally {
		timer.cancel();
		forget();
		// Else the stream would wait for this reader for ever, and its rest could not be read away.
		chunks.return?.().catch(() => {});
	}
}
