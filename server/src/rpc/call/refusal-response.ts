import { type Exchange, headerOf } from "../../http/exchange.ts";
import type { HeaderFields } from "../../http/fields.ts";
import type { Codec } from "../codec/codec.ts";
import { connectUnary } from "../protocol/connect/unary.ts";
import { refusalTypeOf } from "../protocol/content-type.ts";
import type { Failing } from "../protocol/protocol.ts";
import { streamProtocols } from "../protocol/protocols.ts";
import { createRefusalError, type Refusal, type RefusalDetails } from "../refusals.ts";
import { failureHeaders, type SendOptions, sendAnswer, type Teller } from "./response.ts";

/** The form of a refusal. */
export interface RefusalForm {
	readonly protocol: Failing;
	readonly codec: Codec;
}

/** How a refusal is sent. */
export interface RefusalSending {
	readonly exchange: Exchange;
	/** Header fields of every answer. */
	readonly common: HeaderFields;
	readonly options: SendOptions & { readonly refusalDetails: RefusalDetails };
	readonly teller: Teller;
}

/**
 * Sends a refusal as the failure that it is in the caller's protocol.
 *
 * @returns the HTTP status that was sent.
 */
export function sendRefusal(
	refusal: Refusal,
	{ protocol, codec }: RefusalForm,
	{ exchange, common, options, teller }: RefusalSending,
): number {
	const error = createRefusalError(refusal, options.refusalDetails);
	const failure = protocol.failure(codec, error, { header: undefined, trailer: undefined });
	const answer = failure.status === 200 ? failure : { ...failure, status: refusal.httpStatus };
	const fields = [...common, ...failureHeaders, ...(refusal.headers ?? [])];
	sendAnswer(exchange, answer, { fields, options, teller });
	return answer.status;
}

/**
 * The form for a request that has no route: that of its content type, for streams where the
 * protocol has two, because their clients read it for unary calls as well. Who speaks no protocol,
 * or one that this version of HTTP cannot carry, gets Connect's JSON error and an HTTP status.
 */
export function refusalFormOf(exchange: Exchange, { isBare = false }: Refusal): RefusalForm {
	const type =
		exchange.method === "POST"
			? refusalTypeOf(headerOf(exchange, "content-type") ?? "")
			: undefined;
	if (isBare && (type === undefined || type.protocol.startsWith("connect"))) return bare;
	if (type === undefined || type.protocol === "connect") return plain;
	// Trailers, and so gRPC, need HTTP/2.
	if (type.protocol === "grpc" && exchange.connection.httpVersion !== "2.0") return plain;
	return { protocol: streamProtocols[type.protocol], codec: type.codec };
}

const plain: RefusalForm = { protocol: connectUnary, codec: "json" };

/**
 * The same for people, of which clients take the HTTP status alone: Connect's are to read UNKNOWN
 * from a 405 and a 415, as the conformance suite has it, and its own type would give them a code.
 */
const bare: RefusalForm = {
	protocol: {
		failure(codec, error, metadata) {
			const { headers, ...answer } = connectUnary.failure(codec, error, metadata);
			const asProblem = (text: string) =>
				text === "application/json" ? "application/problem+json" : text;
			return { ...answer, headers: headers.map(asProblem) };
		},
	},
	codec: "json",
};
