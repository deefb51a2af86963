import { Code, ConnectError } from "@connectrpc/connect";
import { DisconnectError } from "../../http/disconnect.ts";
import type { Exchange } from "../../http/exchange.ts";
import { type BodyLimit, BodyTimeoutError } from "../../http/request-body.ts";
import { callerLeft } from "../call/cancellation.ts";

/** Bytes of a body from which its announced size is read. */
const startBytes = 16;

/**
 * Reads the body of a call with one request message before any handler runs, within the limit of
 * the direct way. What exceeds it is cut off where connect's own limits are certain to refuse what
 * there is: the reference answers that in its own words.
 *
 * @throws ConnectError as {@link readRequestBody}
 */
export async function readWholeBody(
	exchange: Exchange,
	{ maxBytes, declaredBytes, readAnnouncedBytes }: BodyLimit,
	timeoutMs: number | undefined,
): Promise<Uint8Array[]> {
	const chunks: Uint8Array[] = [];
	if ((declaredBytes ?? 0) > maxBytes) return chunks;
	let start = Buffer.alloc(0);
	let bytes = 0;
	for await (const chunk of readRequestBody(exchange, timeoutMs)) {
		chunks.push(chunk);
		bytes += chunk.byteLength;
		if (bytes > maxBytes) break;
		if (start.byteLength < startBytes)
			start = Buffer.concat([start, chunk.subarray(0, startBytes)]);
		if (readAnnouncedBytes !== undefined && readAnnouncedBytes(start, bytes) > maxBytes) break;
	}
	return chunks;
}

/**
 * Iterates over the body of a call with several request messages, as {@link Exchange.readBody} does.
 *
 * @throws ConnectError DEADLINE_EXCEEDED when it takes too long, CANCELED when the caller leaves
 */
export async function* readRequestBody(
	exchange: Exchange,
	timeoutMs: number | undefined,
): AsyncGenerator<Uint8Array> {
	try {
		yield* exchange.readBody(timeoutMs);
	} catch (error) {
		if (error instanceof BodyTimeoutError) {
			throw new ConnectError(error.message, Code.DeadlineExceeded);
		}
		throw error instanceof DisconnectError ? callerLeft(error.cause) : error;
	}
}
