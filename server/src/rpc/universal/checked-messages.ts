import { type DescMessage, toBinary, toJsonString } from "@bufbuild/protobuf";
import type { Codec } from "../codec/codec.ts";
import type { Decoder } from "../codec/decoder.ts";
import {
	type Compression,
	type EnvelopedMessage,
	pipe,
	transformDecompressEnvelope,
	transformJoinEnvelopes,
	transformSplitEnvelope,
} from "../connect-internals.ts";
import { createRefusalError, type RefusalDetails } from "../refusals.ts";

/** How the messages of a stream are checked. */
export interface MessageRule {
	readonly schema: DescMessage;
	readonly codec: Codec;
	/** That the stream names; null: none. */
	readonly compression: Compression | null;
	/** Before decompression and after it. */
	readonly maxMessageBytes: number;
	readonly decoder: Decoder;
	readonly refusalDetails: RefusalDetails;
}

/**
 * The messages of a request stream, each as the port's own decoder reads it, written anew: connect's
 * handlers would have JSON rounded and binary cut, and would make a million objects of 2 KB.
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
			// No message; what it is, and whether it may be, is connect's to say.
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
