import type { DescMessage, Message, Registry } from "@bufbuild/protobuf";
import type { RpcObserver } from "../observer.ts";
import { createEnvelope, envelopePrefixBytes } from "../protocol/envelope.ts";
import type { Codec } from "./codec.ts";
import type { Encodings } from "./encodings.ts";
import { createMessageWriter } from "./message-writer.ts";

/** Makes the bytes of messages. */
export interface Encoder {
	/** The message in an envelope without flags. Not to be changed: it may be shared. */
	encode(schema: DescMessage, message: Message, codec: Codec): Buffer;
	/**
	 * Messages in their envelopes, one behind the other. Streams that say the same share these bytes,
	 * too, where they are given the same frozen array.
	 */
	encodeAll(schema: DescMessage, messages: readonly Message[], codec: Codec): Buffer;
}

/** What an encoder is made with. */
export interface EncoderOptions {
	/**
	 * Messages of these types that are frozen are taken for immutable throughout; where they lie
	 * inside others, singly or in a list, their bytes are put in as they are.
	 */
	readonly cacheableTypes: readonly DescMessage[];
	/** Where the bytes of shared messages are kept. */
	readonly encodings: Encodings;
	/** Types that a google.protobuf.Any may hold. */
	readonly registry: Registry;
	readonly observer: Pick<RpcObserver, "encoded">;
}

/**
 * An encoder that makes the bytes of shared messages once for each form, whatever the number of
 * readers, as long as they are kept.
 */
export function createEncoder(options: EncoderOptions): Encoder {
	const { cacheableTypes, encodings, registry, observer } = options;
	const shared = new Set(cacheableTypes.map(({ typeName }) => typeName));

	const encode = (schema: DescMessage, message: Message, codec: Codec): Buffer => {
		if (!shared.has(schema.typeName) || !Object.isFrozen(message)) {
			return createEnvelope(0, write[codec](schema, message));
		}
		let envelope = encodings.find(message, codec);
		if (envelope === undefined) {
			// A piece of Node's pool would hold all 64 KiB of it for as long as the message lives.
			envelope = createEnvelope(0, write[codec](schema, message), Buffer.allocUnsafeSlow);
			encodings.keep(message, codec, envelope);
			observer.encoded(schema.typeName, codec);
		}
		return envelope;
	};
	const write = createMessageWriter(
		{ cacheableTypes: shared, registry },
		(schema, message, codec) => encode(schema, message, codec).subarray(envelopePrefixBytes),
	);

	/** A burst goes to one stream after the other: what was asked for last is asked for next. */
	let last: Run | undefined;

	const join = (schema: DescMessage, messages: readonly Message[], codec: Codec) =>
		Buffer.concat(messages.map((message) => encode(schema, message, codec)));
	return {
		encode,
		encodeAll(schema, messages, codec) {
			if (messages === last?.messages && codec === last.codec) return last.bytes;
			const only = messages.length === 1 ? messages[0] : undefined;
			let bytes =
				only === undefined ? encodings.find(messages, codec) : encode(schema, only, codec);
			if (bytes === undefined) {
				bytes = join(schema, messages, codec);
				if (!isImmutable(schema, messages)) return bytes;
				encodings.keep(messages, codec, bytes);
			}
			if (only !== undefined && !isImmutable(schema, messages)) return bytes;
			last = { messages, codec, bytes };
			return bytes;
		},
	};

	/** What may still change is not kept. */
	function isImmutable({ typeName }: DescMessage, messages: readonly Message[]): boolean {
		return shared.has(typeName) && Object.isFrozen(messages) && messages.every(Object.isFrozen);
	}
}

/** The bytes of messages that are immutable. */
interface Run {
	readonly messages: readonly Message[];
	readonly codec: Codec;
	readonly bytes: Buffer;
}
