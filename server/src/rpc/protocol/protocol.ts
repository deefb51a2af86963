import type { ConnectError } from "@connectrpc/connect";
import type { ResponseEnd } from "../../http/exchange.ts";
import type { HeaderFields } from "../../http/fields.ts";
import type { Codec } from "../codec/codec.ts";
import type { Refusal } from "../refusals.ts";

/** How a protocol lays its messages out. */
export interface Framing {
	/** Requests and responses lie in envelopes. */
	readonly isEnveloped: boolean;
	/** The deadline comes in gRPC's form. */
	readonly hasGrpcTimeout: boolean;
	/** HTTP trailers end the answer. */
	readonly hasTrailers: boolean;
	/** Header with the name of the compression of what follows. */
	readonly encodingHeader: string;
	/** Header with the compressions that the other side takes. */
	readonly acceptEncodingHeader: string;
	/** The text that bodies are turned into; undefined: they go as they are. */
	readonly text?: BodyText;
	/** Content type of an answer. */
	contentType(codec: Codec): string;
	/**
	 * What is wrong with a request's envelope that has these flags besides "compressed"; undefined:
	 * nothing.
	 */
	checkFlags(flags: number): Refusal | undefined;
}

/** Bodies as text. */
export interface BodyText {
	/** Most bytes of text that are taken for a body of so many. */
	maxBytes(bytes: number): number;
	/** A request's body from its text, or why it is none. */
	decode(text: Buffer): Buffer | Refusal;
	/** The text of one piece of an answer, which stands by itself. */
	encode(piece: Uint8Array): Buffer;
}

/** A whole answer. */
export interface Answer extends ResponseEnd {
	readonly status: number;
	readonly headers: HeaderFields;
}

/** How a protocol tells a failure where nothing of the answer is sent yet. */
export interface Failing {
	/** `metadata` is what was set before the call failed. */
	failure(codec: Codec, error: ConnectError, metadata: Metadata): Answer;
}

/** What implementations and interceptors add to an answer; undefined where they add nothing. */
export interface Metadata {
	readonly header: Headers | undefined;
	readonly trailer: Headers | undefined;
}

/** A response message as it goes out. */
export interface EncodedMessage {
	/** The message in its envelope, whose flags say whether it is compressed. */
	readonly envelope: Buffer;
	/** Name of the compression; undefined: none. */
	readonly encoding: string | undefined;
}

/** Unary calls in one protocol. */
export interface UnaryProtocol extends Framing, Failing {
	answer(codec: Codec, message: EncodedMessage, metadata: Metadata): Answer;
}

/** Streams in one protocol. */
export interface StreamProtocol extends Framing, Failing {
	/** The end of a stream whose head is sent. */
	ending(error: ConnectError | undefined, trailer: Headers | undefined): ResponseEnd;
}
