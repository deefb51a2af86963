import { type DescMessage, toBinary, toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { DisconnectError } from "../../http/disconnect.ts";
import type { Exchange } from "../../http/exchange.ts";
import { type BodyLimit, BodyTimeoutError } from "../../http/request-body.ts";
import { callerLeft } from "../call/cancellation.ts";
import type { Codec, Decoder } from "../codec/codec.ts";
import {
	type Compression,
	type EnvelopedMessage,
	pipe,
	transformDecompressEnvelope,
	transformJoinEnvelopes,
	transformSplitEnvelope,
} from "../connect-internals.ts";
import { createRefusalError, type RefusalDetails } from "../refusals.ts";

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

/** Rules by which the messages of a request stream are checked. */
export interface MessageRule {
	readonly schema: DescMessage;
	readonly codec: Codec;
	/** Compression that the stream names; null: none. */
	readonly compression: Compression | null;
	/** Largest message, before decompression and after it. */
	readonly maxMessageBytes: number;
	readonly decoder: Decoder;
	readonly refusalDetails: RefusalDetails;
}

/**
 * Checks the messages of a request stream: our own decoder reads each one, and it is written again
 * for connect's handlers, which would round numbers in JSON, truncate them in binary, and make a
 * million objects of 2 KB.
 *
 * @param body envelopes
 * @returns envelopes without compression; fails with the refusal of the first message that is refused
 */
export function checkedMessages(
	body: AsyncIterable<Uint8Array>,
	rule: MessageRule,
): AsyncIterable<Uint8Array> {
	return pipe(
		body,
		transformSplitEnvelope(rule.maxMessageBytes),
		transformDecompressEnvelope(rule.compression, rule.maxMessageBytes),
		(envelopes: AsyncIterable<EnvelopedMessage>) => rewritten(envelopes, rule),
		transformJoinEnvelopes(),
	);
}

async function* rewritten(
	envelopes: AsyncIterable<EnvelopedMessage>,
	{ schema, codec, decoder, refusalDetails }: MessageRule,
): AsyncIterable<EnvelopedMessage> {
	for await (const envelope of envelopes) {
		const { flags, data } = envelope;
		if (flags !== 0) {
			// No message: connect decides what it is.
			yield envelope;
			continue;
		}
		const decoded = decoder.decode(schema, Buffer.from(data), codec);
		if ("refusal" in decoded) throw createRefusalError(decoded.refusal, refusalDetails);
		const { message } = decoded;
		const written =
			codec === "json"
				? new TextEncoder().encode(toJsonString(schema, message, { registry: decoder.registry }))
				: toBinary(schema, message);
		yield { flags, data: written };
	}
}
