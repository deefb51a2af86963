import { ConnectError } from "@connectrpc/connect";
import type { Exchange } from "../../http/exchange.ts";
import type { HeaderFields } from "../../http/fields.ts";
import type { Codec } from "../codec/codec.ts";
import type { RpcObserver } from "../observer.ts";
import {
	type CallProtocol,
	type Metadata,
	noMetadata,
	type RefusalForm,
	type Response,
} from "../protocol/protocol.ts";
import {
	createRefusalError,
	internalFault,
	type Refusal,
	type RefusalDetails,
} from "../refusals.ts";
import {
	failureHeaders,
	type ResponseOwner,
	type SendOptions,
	sendResponse,
} from "./send-response.ts";

/** What errors are written with. */
export interface ErrorOptions {
	readonly observer: Pick<RpcObserver, "unexpected">;
	readonly refusalDetails: RefusalDetails;
}

/** Form of an error. */
export interface ErrorForm {
	readonly protocol: CallProtocol;
	readonly codec: Codec;
	/** Set before the call failed. */
	readonly metadata: Metadata;
}

/**
 * Writes anything thrown as the error of a call of which nothing is sent yet. An error that cannot
 * be written is reported, and INTERNAL takes its place.
 */
export function createErrorResponse(
	error: unknown,
	{ protocol, codec, metadata }: ErrorForm,
	options: ErrorOptions,
): Response {
	try {
		return protocol.failure(codec, toCallError(error, options), metadata);
	} catch (fault) {
		return protocol.failure(codec, toInternal(fault, options), noMetadata);
	}
}

/** Turns anything thrown into the error that the caller gets; what is no ConnectError is reported. */
export function toCallError(error: unknown, options: ErrorOptions): ConnectError {
	return error instanceof ConnectError ? error : toInternal(error, options);
}

/** Reports a fault of this service; the caller only learns that there is one. */
export function toInternal(
	fault: unknown,
	{ observer, refusalDetails }: ErrorOptions,
): ConnectError {
	observer.unexpected(fault);
	return createRefusalError(internalFault, refusalDetails);
}

/** Options of a refusal's sending. */
export interface RefusalSending {
	readonly exchange: Exchange;
	/** Header fields of every response. */
	readonly common: HeaderFields;
	readonly options: SendOptions & { readonly refusalDetails: RefusalDetails };
	readonly owner: ResponseOwner;
}

/**
 * Sends a refusal as an error of the caller's protocol.
 * @returns the HTTP status that was sent
 */
export function sendRefusal(
	refusal: Refusal,
	{ protocol, codec }: RefusalForm,
	{ exchange, common, options, owner }: RefusalSending,
): number {
	const error = createRefusalError(refusal, options.refusalDetails);
	const written =
		(refusal.isBare ? protocol.bareRefusal?.(error) : undefined) ??
		protocol.failure(codec, error, noMetadata);
	const status = protocol.refusalStatus?.(refusal) ?? refusal.httpStatus;
	// A protocol that says it otherwise than by the status keeps its own.
	const response = written.status < 300 ? written : { ...written, status };
	const fields = [...common, ...failureHeaders, ...(refusal.headers ?? [])];
	sendResponse(exchange, response, { fields, options, owner });
	return response.status;
}
