import { writeBody } from "../../http/body-writer.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { HeaderFields } from "../../http/fields.ts";
import type { TransportLimits } from "../../http/limits.ts";
import type { StreamScheduler } from "../../http/scheduler.ts";
import { createAsyncIterable } from "../connect-internals.ts";
import type { Answer } from "../protocol/protocol.ts";

/** HeaderFields of answers to Connect's GET form: they may be kept, but asked for again each time. */
export const getHeaders: HeaderFields = [
	"cache-control",
	"private, no-cache",
	"vary",
	"Accept-Encoding",
];

/** HeaderFields of failures. */
export const failureHeaders: HeaderFields = ["cache-control", "no-store"];

/** HeaderFields of streams: proxies must neither hold one back nor recode it. */
export const streamHeaders: HeaderFields = [
	"cache-control",
	"no-cache, no-transform",
	"x-accel-buffering",
	"no",
];

/** A larger body goes in slices, so that others have their turn in between. In bytes. */
const maxWholeBytes = 256 * 1024;

/** What answers share. */
export interface SendOptions {
	readonly scheduler: StreamScheduler;
	readonly limits: Pick<TransportLimits, "streamSliceBytes" | "stalledWriteTimeoutMs">;
}

/** How an answer is sent. */
export interface Sending {
	/** Of the head, besides the answer's own. */
	readonly fields: HeaderFields;
	readonly options: SendOptions;
	readonly teller: Teller;
}

/** Who is told of an answer's end. */
export interface Teller {
	/** The answer was handed to the connection, or its reader left. */
	done(outcome: Sent): void;
	/** It broke within: what is there of it must not be taken for the whole. */
	breakOff(error: unknown): void;
}

/** What became of an answer. */
export interface Sent {
	/** All of it was handed to the connection. */
	readonly complete: boolean;
	/** Bytes of the body. */
	readonly sentBytes: number;
}

/** The outcome where the reader left before that. */
export const nothingSent: Sent = { complete: false, sentBytes: 0 };

/** Sends a whole answer. */
export function sendAnswer(exchange: Exchange, answer: Answer, sending: Sending): void {
	const { fields, teller } = sending;
	const { status, body, trailers } = answer;
	const bytes = body?.byteLength ?? 0;
	const isHead = exchange.method === "HEAD";
	exchange.writeHead({
		status,
		headers:
			trailers === undefined
				? fields.concat(answer.headers, ["content-length", String(bytes)])
				: fields.concat(answer.headers),
		trailers: trailers !== undefined,
		isAll: trailers === undefined && (isHead || bytes === 0),
	});
	if (isHead || body === undefined || bytes <= maxWholeBytes) {
		exchange.end({ body: isHead ? undefined : body, trailers });
		teller.done({ complete: true, sentBytes: isHead ? 0 : bytes });
	} else {
		sendSlices(exchange, { body, trailers }, sending).catch((error) => teller.breakOff(error));
	}
}

async function sendSlices(
	exchange: Exchange,
	{ body, trailers }: { readonly body: Uint8Array; readonly trailers: HeaderFields | undefined },
	{ options: { scheduler, limits }, teller }: Sending,
): Promise<void> {
	const written = await writeBody(exchange, createAsyncIterable([body]), {
		budget: scheduler.join(),
		sliceBytes: limits.streamSliceBytes,
		stallTimeoutMs: limits.stalledWriteTimeoutMs,
	});
	if (written.complete) exchange.end({ trailers });
	teller.done(written);
}
