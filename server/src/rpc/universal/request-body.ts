import { Code, ConnectError } from "@connectrpc/connect";
import { DisconnectError } from "../../http/disconnect.ts";
import type { Exchange } from "../../http/exchange.ts";
import { BodyTimeoutError } from "../../http/request-body.ts";
import { callerLeft } from "../call/cancellation.ts";
import { envelopePrefixBytes } from "../protocol/envelope.ts";

/** How much of a request's body is taken. */
export interface BodyRule {
	readonly maxMessageBytes: number;
	/** The message lies in an envelope (all but Connect's unary form). */
	readonly isEnveloped: boolean;
	/** Content-Length, where the caller gave one. */
	readonly declaredBytes: number | undefined;
	/** As in {@link Exchange.readBody}. */
	readonly timeoutMs: number | undefined;
}

/**
 * Gathers the body of a call with one request message, before any handler runs:
 * memory grows with the data that came, not with the length that was promised,
 * and a call that is reset before its body ends costs nothing above. Stops early
 * when it is certain that connect's own limits refuse what it has.
 *
 * @throws ConnectError as {@link readRequestBody}.
 */
export async function gatherBody(exchange: Exchange, rule: BodyRule): Promise<Uint8Array[]> {
	const chunks: Uint8Array[] = [];
	if ((rule.declaredBytes ?? 0) > maxBodyBytes(rule)) return chunks;
	let bytes = 0;
	for await (const chunk of readRequestBody(exchange, rule.timeoutMs)) {
		chunks.push(chunk);
		bytes += chunk.byteLength;
		if (bytes > maxBodyBytes(rule)) break;
		if (rule.isEnveloped && promisedBytes(chunks) > rule.maxMessageBytes) break;
	}
	return chunks;
}

/**
 * Iterates over the request's body, as {@link Exchange.readBody} does.
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

function maxBodyBytes(rule: BodyRule): number {
	return rule.isEnveloped ? rule.maxMessageBytes + envelopePrefixBytes : rule.maxMessageBytes;
}

/** Length in the first envelope's prefix; 0 until the prefix is there. */
function promisedBytes(chunks: readonly Uint8Array[]): number {
	const prefix: number[] = [];
	for (const chunk of chunks) {
		for (const byte of chunk.subarray(0, envelopePrefixBytes - prefix.length)) prefix.push(byte);
		if (prefix.length === envelopePrefixBytes) {
			return new DataView(Uint8Array.from(prefix).buffer).getUint32(1);
		}
	}
	return 0;
}
