import type { DescField, DescMessage, Message, Registry } from "@bufbuild/protobuf";
import type { Refusal } from "../refusals.ts";

/** Encoding of a message: protobuf binary or protobuf JSON (connect's "codec"). */
export type Codec = "binary" | "json";

/** A request message, or why it is none. */
export type Decoded = { readonly message: Message } | { readonly refusal: Refusal };

/** Decodes requests. */
export interface Decoder {
	/** Types that a google.protobuf.Any may hold. */
	readonly registry: Registry;
	/**
	 * Decodes a request strictly. JSON names that the contract lacks, and text that is not UTF-8, are
	 * refused: read leniently, a misspelt `validateOnly` would delete. Refusals use our own words.
	 */
	decode(schema: DescMessage, bytes: Buffer, codec: Codec): Decoded;
	/**
	 * Reads one field from its JSON and sets it, as strictly.
	 * @param json bytes, or well-formed Unicode
	 * @param message of the field's type; may be changed where the field is refused
	 * @returns undefined where nothing is wrong; fields are named from the message on
	 */
	readField(field: DescField, json: Buffer | string, message: Message): Refusal | undefined;
	/**
	 * Reads one field, which is a message, from a JSON merge patch (RFC 7396), and sets it: `null` is
	 * taken for an entry of a map, too.
	 * @returns the paths that the patch names, in contract names from the field on: objects descend,
	 * maps go key by key in backquotes, all else is whole
	 */
	readPatch(field: DescField, json: Buffer, message: Message): readonly string[] | Refusal;
}

/** Encodes responses. */
export interface Encoder {
	/** Encodes a message. The bytes may be shared: do not change them. */
	encode(schema: DescMessage, message: Message, codec: Codec): Buffer;
	/**
	 * Encodes and frames one message. A large one that is shared, such as a page of a list, is kept in its
	 * frame, so that no call copies it. The bytes may be shared: do not change them.
	 */
	encodeFramed(schema: DescMessage, message: Message, framing: Framing): Buffer;
	/**
	 * Encodes and frames the messages of a stream, one behind the other. Streams that are given the
	 * same frozen array, or the same frozen message, in the same framing share these bytes.
	 */
	encodeBatch(schema: DescMessage, messages: readonly Message[], framing: Framing): Buffer;
}

/** Turns encoded messages into the bytes of a stream, in one codec. */
export interface Framing {
	readonly codec: Codec;
	/** Key under which framed bytes are kept, as in `envelope+json`. */
	readonly key: string;
	/**
	 * Joins encoded messages with what goes between them; `messages` are the same ones, for a framing
	 * that says something of each beside its bytes, such as an event's id.
	 */
	frame(encoded: readonly Buffer[], messages: readonly Message[]): Buffer;
	/**
	 * Returns the encoded message within the frame of one message, as a view: other framings of the
	 * codec need not encode it again. undefined: the frame holds it in another form.
	 */
	readonly payloadOf?: ((frame: Buffer) => Buffer) | undefined;
}

/**
 * Creates a framing for both codecs. Protocols with the same framing share one, and with it the
 * framed bytes.
 * @param name unique among framings
 * @param payloadOf as {@link Framing.payloadOf}
 */
export function createFraming(
	name: string,
	frame: Framing["frame"],
	payloadOf?: Framing["payloadOf"],
): Readonly<Record<Codec, Framing>> {
	return {
		binary: { codec: "binary", key: `${name}+binary`, frame, payloadOf },
		json: { codec: "json", key: `${name}+json`, frame, payloadOf },
	};
}
