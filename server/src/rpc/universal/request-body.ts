import type { Exchange } from "../../http/exchange.ts";

/** Flags byte and length of an enveloped message. */
const prefixBytes = 5;

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
 * @throws ConnectError as {@link Exchange.readBody}.
 */
export async function gatherBody(exchange: Exchange, rule: BodyRule): Promise<Uint8Array[]> {
	const chunks: Uint8Array[] = [];
	if ((rule.declaredBytes ?? 0) > maxBodyBytes(rule)) return chunks;
	let bytes = 0;
	for await (const chunk of exchange.readBody(rule.timeoutMs)) {
		chunks.push(chunk);
		bytes += chunk.byteLength;
		if (bytes > maxBodyBytes(rule)) break;
		if (rule.isEnveloped && promisedBytes(chunks) > rule.maxMessageBytes) break;
	}
	return chunks;
}

function maxBodyBytes(rule: BodyRule): number {
	return rule.isEnveloped ? rule.maxMessageBytes + prefixBytes : rule.maxMessageBytes;
}

/** Length in the first envelope's prefix; 0 until the prefix is there. */
function promisedBytes(chunks: readonly Uint8Array[]): number {
	const prefix: number[] = [];
	for (const chunk of chunks) {
		for (const byte of chunk.subarray(0, prefixBytes - prefix.length)) prefix.push(byte);
		if (prefix.length === prefixBytes) {
			return new DataView(Uint8Array.from(prefix).buffer).getUint32(1);
		}
	}
	return 0;
}
