import { type DescMessage, toBinary, toJsonString } from "@bufbuild/protobuf";
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
