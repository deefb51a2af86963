import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Exchange, ResponseEnd } from "../../../http/exchange.ts";
import type { Framing } from "../../codec/codec.ts";
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

/** What a form knows of a request before its message is made. */
export interface FormRequest {
	readonly exchange: Exchange;
	/** Those that are the form's own, each once at most. */
	readonly parameters: readonly QueryParameter[];
}

/** A form as one request, or many alike, have it. */
export interface OpenForm {
	/** Content type of the response. */
	readonly contentType: string;
	/** Framing of the messages; its codec is JSON. */
	readonly framing: Framing;
	/** Changes the request message by what the head says, such as Last-Event-ID. */
	prepare?(message: Message, exchange: Exchange): Refusal | undefined;
	/** Writes the end of a stream whose head is sent; `error` undefined: it is complete. */
	end(error: ConnectError | undefined, status: ErrorBody | undefined): ResponseEnd;
	/**
	 * Writes an error where nothing of the response is sent. Default: as REST does.
	 * @param response as REST writes it
	 */
	failure?(error: ConnectError, response: Response): Response;
}

/** An error as JSON: the contract's Status. */
export interface ErrorBody {
	readonly httpStatus: number;
	/** Without spaces or line breaks between its parts. */
	readonly json: string;
}
