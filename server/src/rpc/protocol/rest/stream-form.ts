import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Exchange, ResponseEnd } from "../../../http/exchange.ts";
import type { HeaderFields } from "../../../http/fields.ts";
import type { DirectProcedure } from "../../call/invoke-implementation.ts";
import type { Codec, Framing } from "../../codec/codec.ts";
import type { Refusal } from "../../refusals.ts";
import type { Response } from "../protocol.ts";
import type { QueryParameter } from "./query.ts";

/**
 * A form in which streams are sent over plain HTTP, chosen by Accept: as NDJSON or server-sent
 * events. The first form of a list is the one for whoever takes anything.
 */
export interface StreamForm {
	/** Label in metrics, logs and the call context. */
	readonly name: string;
	/** Media types that Accept may name, the usual one first. */
	readonly mediaTypes: readonly [string, ...string[]];
	/** Parameters of a query that are the form's own; they are not bound to the message. */
	readonly parameters?: readonly string[];
	/** Opens the form for one request. What it returns may be shared by requests. */
	open(request: FormRequest): OpenForm | Refusal;
}

/**
 * Forms in which lists are sent as streams of their items, however many there are, in place of a
 * response message with one page.
 */
export interface ListForms {
	/** Label in metrics, logs and the call context. */
	readonly name: string;
	/** Media types that Accept may name. */
	readonly mediaTypes: readonly string[];
	/** Parameters of a query that choose a form, whatever Accept says; no fields of the message. */
	readonly parameters: readonly string[];
	/** Makes the stream of items of a method; undefined: it does not list page by page. */
	adapt(method: DescMethod): ((direct: DirectProcedure) => DirectProcedure) | undefined;
	/** Opens a form for one request. */
	open(request: FormRequest): OpenForm | Refusal;
}

/** What a form knows of a request before its message is made. */
export interface FormRequest {
	readonly exchange: Exchange;
	readonly method: DescMethod;
	/** Those that are the form's own, each once at most. */
	readonly parameters: readonly QueryParameter[];
}

/** A form as one request, or many alike, have it. */
export interface OpenForm {
	/** Content type of the response. */
	readonly contentType: string;
	/** Framing of the messages; asked for at each batch, for JSON. */
	readonly framing: Readonly<Record<Codec, Framing>>;
	/** One answer in several parts, as `StreamProtocol.isAnswer` says. Default: false. */
	readonly isAnswer?: boolean;
	/** Changes the request message by what the head says, such as Last-Event-ID. */
	prepare?(message: Message, exchange: Exchange): Refusal | undefined;
	/** Writes what stands between the head and the first message. Default: nothing. */
	start?(): Uint8Array;
	/**
	 * Writes the end of a stream whose head is sent.
	 * @param status of the error; undefined: the stream is complete
	 */
	end(status: ErrorBody | undefined, trailer: Headers | undefined): ResponseEnd;
	/**
	 * Writes an error where nothing of the response is sent. Default: as REST does.
	 * @param response as REST writes it
	 */
	failure?(status: ErrorBody, response: Response): Response;
}

/** An error as JSON: the contract's Status. */
export interface ErrorBody {
	readonly error: ConnectError;
	readonly httpStatus: number;
	/** Delay before a retry; undefined: the error says nothing of one. */
	readonly retryAfterMs: number | undefined;
	/** Without spaces or line breaks between its parts. */
	readonly json: string;
}

/** Header fields of streams in plain HTTP: nothing on the way to their reader keeps or recodes one. */
export const plainStreamHeaders: HeaderFields = [
	"cache-control",
	"no-store, no-transform",
	"x-accel-buffering",
	"no",
	"x-content-type-options",
	"nosniff",
];
