import { writeBody } from "../../http/body-writer.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { HeaderFields } from "../../http/fields.ts";
import type { TransportLimits } from "../../http/limits.ts";
import type { StreamScheduler } from "../../http/scheduler.ts";
import { createAsyncIterable } from "../connect-internals.ts";
import type { CallOutcome } from "../observer.ts";
import type { Response } from "../protocol/protocol.ts";

/** Header fields of responses to GET: caches may keep them, but ask again each time. */
export const getHeaders: HeaderFields = [
	"cache-control",
	"private, no-cache",
	"vary",
	"Accept-Encoding",
];

/** Header fields of errors. */
export const failureHeaders: HeaderFields = ["cache-control", "no-store"];

/** Header fields of streams: proxies must neither buffer nor recode one. */
export const streamHeaders: HeaderFields = [
	"cache-control",
	"no-cache, no-transform",
	"x-accel-buffering",
	"no",
];

/**
 * Largest body that is sent at once, in bytes; a larger one gives others their turn between slices.
 */
const maxWholeBytes = 256 * 1024;

/** What responses are sent with. */
export interface SendOptions {
	readonly scheduler: StreamScheduler;
	readonly limits: Pick<TransportLimits, "streamSliceBytes" | "stalledWriteTimeoutMs">;
}

/** Terms of a response's sending. */
export interface Sending {
	/** Header fields besides the response's own. */
	readonly fields: HeaderFields;
	readonly options: SendOptions;
	readonly owner: ResponseOwner;
}

/** Hears what becomes of a response; one of the two, once. */
export interface ResponseOwner {
	/** The response was passed to the connection, or its reader left. */
	onEnd(outcome: Outcome): void;
	/** Writing failed: what was sent must not be taken for the whole. */
	onFault(error: unknown): void;
}

/** What became of a response. */
export type Outcome = Omit<CallOutcome, "requestId">;

/** Outcome of a response whose reader left before it began. */
export const nothingSent: Outcome = { complete: false, sentBytes: 0 };

/** Sends a whole response. */
export function sendResponse(exchange: Exchange, response: Response, sending: Sending): void {
	const { fields, owner } = sending;
	const { status, body, trailers } = response;
	const bytes = body?.byteLength ?? 0;
	const isHead = exchange.method === "HEAD";
	exchange.writeHead({
		status,
		headers:
			// That of a 304 would be the length of what is not sent, and 204 has none (RFC 9110, 8.6).
			trailers === undefined && status !== 304 && status !== 204
				? fields.concat(response.headers, ["content-length", String(bytes)])
				: fields.concat(response.headers),
		trailers: trailers !== undefined,
		isAll: trailers === undefined && (isHead || bytes === 0),
	});
	if (isHead || body === undefined || bytes <= maxWholeBytes) {
		exchange.end({ body: isHead ? undefined : body, trailers });
		owner.onEnd({ complete: true, sentBytes: isHead ? 0 : bytes });
	} else {
		sendSlices(exchange, { body, trailers }, sending).catch((error) => owner.onFault(error));
	}
}

async function sendSlices(
	exchange: Exchange,
	{ body, trailers }: { readonly body: Uint8Array; readonly trailers: HeaderFields | undefined },
	{ options: { scheduler, limits }, owner }: Sending,
): Promise<void> {
	const written = await writeBody(exchange, createAsyncIterable([body]), {
		budget: scheduler.join(),
		sliceBytes: limits.streamSliceBytes,
		stallTimeoutMs: limits.stalledWriteTimeoutMs,
	});
	if (written.complete) exchange.end({ trailers });
	owner.onEnd(written);
}
