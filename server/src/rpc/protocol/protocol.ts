import type { DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Exchange, ResponseEnd } from "../../http/exchange.ts";
import type { HeaderFields } from "../../http/fields.ts";
import type { DirectProcedure } from "../call/invoke-implementation.ts";
import type { Codec, Decoded, Decoder, Encoder, Framing } from "../codec/codec.ts";
import type { Refusal } from "../refusals.ts";
import type { TimeoutHeader } from "./timeout.ts";

/**
 * A protocol: how requests are recognized and read, how messages are framed, how errors are
 * written. A new one is a folder beside this file and a line in `protocols.ts`.
 */
export interface Protocol {
	/** Label in metrics, logs and the call context, as in `grpc-web`. */
	readonly name: string;
	/**
	 * Content type, as in `application/grpc`, whose refusals are written in this protocol with any
	 * codec and parameters. undefined: only those of `contentTypes` are.
	 */
	readonly family?: string;
	/** undefined: the protocol carries no unary calls. */
	readonly unary?: UnaryProtocol;
	/** undefined: the protocol carries no streams. */
	readonly stream?: StreamProtocol;
	/**
	 * Lists the paths by which a procedure is asked for in this protocol alone, beside the path that
	 * all protocols share. Default: none.
	 * @throws RangeError where the contract binds a path to what there is not
	 */
	pathsOf?(method: DescMethod): readonly ProcedurePath[];
	/**
	 * Finds how to write a refusal to a request without a route where no content type says it;
	 * undefined: it is none of this protocol.
	 * @param exchange undefined: the request could not even be read
	 */
	findRefusalForm?(exchange: Exchange | undefined): RefusalForm | undefined;
}

/** A path by which a procedure is asked for in one protocol alone. */
export interface ProcedurePath {
	/** `*` for every method that the path has no other procedure for. */
	readonly httpMethod: string;
	/** Path template of google.api.http. */
	readonly template: string;
	/** Finds the part of the protocol that answers a request, and the place of its message. */
	bind(request: RequestHead): PathBinding | Refusal;
}

/** A request that came by a path of one protocol alone. */
export interface PathBinding {
	/** Label in metrics, logs and the call context. */
	readonly protocolName: string;
	readonly protocol: UnaryProtocol | StreamProtocol;
	readonly binding: RequestBinding;
	/** Makes what answers of what the path names. Default: that itself answers. */
	readonly adapt?: ((direct: DirectProcedure) => DirectProcedure) | undefined;
}

/** Form of a refusal. */
export interface RefusalForm {
	readonly protocol: CallProtocol;
	readonly codec: Codec;
}

/** What unary calls and streams of a protocol have in common. */
export interface CallProtocol {
	/** Codec by content type of a request, in lower case; "" stands for a request without one. */
	readonly contentTypes: Readonly<Record<string, Codec>>;
	/** Content types that Accept-Post announces. */
	readonly acceptPost: readonly string[];
	/** GET and HEAD ask for procedures without side effects, besides POST. */
	readonly allowsGet: boolean;
	/** HTTP trailers end the response, so that HTTP/2 is needed. */
	readonly hasTrailers: boolean;
	/** connect's own handlers speak the protocol: client and bidirectional streams work, too. */
	readonly hasConnectHandler: boolean;
	/** Header of a call's deadline. */
	readonly timeout: TimeoutHeader;
	/** Header with the compression of what follows. */
	readonly encodingHeader: string;
	/** Header with the compressions that the other side accepts. */
	readonly acceptEncodingHeader: string;
	/** Layout of a request body with one message. */
	readonly body: RequestBody;
	/**
	 * Binds a request to its message: finds its place and checks what the protocol demands of a
	 * head. Path variables, query and header fields are at hand; a body is read only where the
	 * binding has no `message`.
	 * @param codec of the content type; undefined for GET and HEAD
	 * @returns a refusal, or undefined: the request is none of this protocol
	 */
	bind(request: RequestHead, codec: Codec | undefined): RequestBinding | Refusal | undefined;
	/** Content type of a response. */
	contentType(codec: Codec): string;
	/**
	 * Writes an error where nothing of the response is sent; `metadata` was set before the call
	 * failed.
	 */
	failure(codec: Codec, error: ConnectError, metadata: Metadata): Response;
	/**
	 * Writes a refusal that the HTTP status alone expresses. Default: as {@link
	 * CallProtocol.failure}.
	 */
	bareRefusal?(error: ConnectError): Response;
	/** Returns the HTTP status of a refusal. Default: its own. */
	refusalStatus?(refusal: Refusal): number;
}

/** Unary calls in one protocol. */
export interface UnaryProtocol extends CallProtocol {
	/** Answers in place of the response message, as 304 does; undefined: not now. Default: never. */
	replace?(answer: Answer, metadata: Metadata): Response | undefined;
	/** Encodes the response message. Default: all of it, in the codec of the request. */
	encode?(message: Message, encoder: Encoder): Uint8Array;
	/**
	 * Framing of the response message, by codec, where that is all of the body: one that is not compressed
	 * comes to `success` framed. Default: it comes without a frame.
	 */
	readonly framing?: Readonly<Record<Codec, Framing>>;
	/** Writes a success. */
	success(codec: Codec, message: EncodedMessage, metadata: Metadata): Response;
}

/** Streams in one protocol. */
export interface StreamProtocol extends CallProtocol {
	/** Framing of the response messages, by codec; asked for at each batch. */
	readonly framing: Readonly<Record<Codec, Framing>>;
	/** Header fields of every response, in place of the common ones of streams. */
	readonly headers?: HeaderFields;
	/**
	 * True: the stream is one answer that is to be read, as a list is. A reader that takes nothing for
	 * stalledWriteTimeoutMs is cut off. Default: it may stand still as long as it likes.
	 */
	readonly isAnswer?: boolean;
	/** Writes what stands between the head and the first message; undefined: nothing. */
	start?(): Uint8Array | undefined;
	/** Writes the end of a stream whose head is sent; `error` undefined: it is complete. */
	end(error: ConnectError | undefined, trailer: Headers | undefined): ResponseEnd;
}

/** The head of a request for a procedure. */
export interface RequestHead {
	readonly exchange: Exchange;
	/** Query without the question mark; empty where the target has none. */
	readonly query: string;
	/** Values of the path template's variables. */
	readonly variables: Readonly<Record<string, string>>;
}

/** Place of a request's message. */
export interface RequestBinding {
	/** Codec of the message, and of the response. */
	readonly codec: Codec;
	/** Bytes of the message where the head holds them; undefined: the body does. */
	readonly message?: Buffer;
	/** Compression of the message where the head names it in place of `encodingHeader`. */
	readonly encoding?: string | undefined;
	/** Makes the message of its bytes without compression. Default: the decoder alone. */
	decode?(bytes: Buffer, schema: DescMessage, decoder: Decoder): Decoded;
}

/** Layout of request bodies with one message. */
export interface RequestBody {
	/** Returns the largest body for a message of so many bytes. */
	maxBytes(messageBytes: number): number;
	/** Reads the size that the first bytes announce, as the `BodyLimit` of http has it. */
	readonly readAnnouncedBytes: ((start: Buffer, receivedBytes: number) => number) | undefined;
	/**
	 * Takes the message out of a whole body.
	 * @param hasEncoding the request names a compression
	 */
	open(body: Buffer, hasEncoding: boolean): RequestMessage | Refusal;
}

/** The message of a request, as it came. */
export interface RequestMessage {
	readonly bytes: Buffer;
	readonly isCompressed: boolean;
}

/** A response message, and the request that it answers. */
export interface Answer {
	readonly exchange: Exchange;
	readonly request: Message;
	readonly response: Message;
	/** Encoder of the response, for what its parts say in a header field. */
	readonly encoder: Encoder;
}

/** A response message. */
export interface EncodedMessage {
	readonly answer: Answer;
	readonly bytes: Uint8Array;
	/** The bytes have the protocol's framing around them. */
	readonly isFramed: boolean;
	/** Name of the compression; undefined: none. */
	readonly encoding: string | undefined;
}

/** A whole response. */
export interface Response extends ResponseEnd {
	readonly status: number;
	readonly headers: HeaderFields;
}

/** What implementations and interceptors add to a response; undefined where they add nothing. */
export interface Metadata {
	readonly header: Headers | undefined;
	readonly trailer: Headers | undefined;
}

/** Metadata of a call that has set none. */
export const noMetadata: Metadata = { header: undefined, trailer: undefined };

/** Bindings of requests whose message is the body, which every protocol may return. */
export const bodyBindings: Readonly<Record<Codec, RequestBinding>> = {
	binary: { codec: "binary" },
	json: { codec: "json" },
};
