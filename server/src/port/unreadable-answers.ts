import { Code } from "@connectrpc/connect";
import { fieldOf } from "../http/fields.ts";
import type { UnreadableAnswer } from "../http/http1.ts";
import type { TransportLimits } from "../http/limits.ts";
import { noMetadata } from "../rpc/protocol/protocol.ts";
import type { Protocols } from "../rpc/protocol/protocols.ts";
import {
	badRequest,
	createRefusalError,
	type Refusal,
	type RefusalDetails,
	requestTooSlow,
	tooManyHeaders,
} from "../rpc/refusals.ts";

/**
 * Creates the bodies of refusals to requests that could not be read, of which there is no exchange
 * and so no protocol: in the form of refusals to who names none. Each is built once.
 */
export function createUnreadableAnswers(
	protocols: Protocols,
	{
		refusalDetails,
		limits,
	}: {
		readonly refusalDetails: RefusalDetails;
		readonly limits: Pick<TransportLimits, "maxHeaderBytes" | "maxPipelinedRequests">;
	},
): UnreadableAnswer {
	const { protocol, codec } = protocols.findRefusalForm(undefined);
	const refusals = createRefusals(limits).map((refusal): [number, Answer] => {
		const error = createRefusalError(refusal, refusalDetails);
		const { headers, body = Buffer.alloc(0) } = protocol.failure(codec, error, noMetadata);
		const contentType = fieldOf(headers, "content-type") ?? "application/json";
		return [refusal.httpStatus, { contentType, body: Buffer.from(body).toString() }];
	});
	const answers = new Map(refusals);
	return (httpStatus) => answers.get(httpStatus);
}

/** A body and its type. */
type Answer = NonNullable<ReturnType<UnreadableAnswer>>;

function createRefusals({
	maxHeaderBytes,
	maxPipelinedRequests,
}: Pick<TransportLimits, "maxHeaderBytes" | "maxPipelinedRequests">): readonly Refusal[] {
	return [
		badRequest("headers", "this is no well-formed request of HTTP/1.1 (RFC 9112)"),
		{ ...requestTooSlow, message: "the request's head or body came too slowly" },
		{
			...tooManyHeaders(maxHeaderBytes, "bytes"),
			httpStatus: 413,
			message: "the extensions of a chunk are too large",
		},
		{
			...tooManyHeaders(maxHeaderBytes, "bytes"),
			httpStatus: 429,
			message: `more than ${maxPipelinedRequests} requests wait on this connection for an answer`,
		},
		tooManyHeaders(maxHeaderBytes, "bytes"),
		{
			...{ cause: "method", httpStatus: 501, code: Code.Unimplemented },
			message: "this is no proxy: it takes no CONNECT",
		},
		{
			...{ cause: "protocol", httpStatus: 503, code: Code.Unavailable },
			message: "this replica stops; another takes over",
		},
		{
			...badRequest("http_version", "HTTP/1.1, HTTP/1.0 and HTTP/2 are spoken here"),
			httpStatus: 505,
		},
	];
}
