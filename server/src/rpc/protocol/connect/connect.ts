import type { ConnectError } from "@connectrpc/connect";
import { headerOf } from "../../../http/exchange.ts";
import { metadataFieldsOf } from "../../../http/fields.ts";
import {
	codeToHttpStatus,
	endStreamFlag,
	endStreamToJson,
	errorToJson,
	mergeNonProtocolHeaders,
} from "../../connect-internals.ts";
import { badRequest, protocolViolation, type Refusal } from "../../refusals.ts";
import { bareBody, createEnvelope, createEnvelopeBody, envelopeFraming } from "../envelope.ts";
import {
	bodyBindings,
	type Metadata,
	noMetadata,
	type Protocol,
	type RequestHead,
	type Response,
	type StreamProtocol,
	type UnaryProtocol,
} from "../protocol.ts";
import { connectTimeout } from "../timeout.ts";
import { bindGetRequest } from "./get-request.ts";

const unaryTypes = ["application/json", "application/proto"];

/** Unary calls and their GET requests (Connect protocol, "Unary RPCs"): the body is the message. */
const unary: UnaryProtocol = {
	// No type means JSON: curl users forget it.
	contentTypes: { "": "json", "application/json": "json", "application/proto": "binary" },
	acceptPost: unaryTypes,
	allowsGet: true,
	hasTrailers: false,
	hasConnectHandler: true,
	timeout: connectTimeout,
	encodingHeader: "content-encoding",
	acceptEncodingHeader: "accept-encoding",
	body: bareBody,
	bind: (request, codec) =>
		codec === undefined
			? bindGetRequest(request.query)
			: (findVersionFault(request) ?? bodyBindings[codec]),
	contentType: (codec) => (codec === "json" ? "application/json" : "application/proto"),
	success(codec, { bytes, encoding }, metadata) {
		const headers = ["content-type", unary.contentType(codec)];
		if (encoding !== undefined) headers.push("content-encoding", encoding);
		return createResponse(200, headers, { metadata, body: bytes });
	},
	failure: (_codec, error, metadata) => createErrorResponse(error, metadata, "application/json"),
	bareRefusal,
};

const streamTypes = ["application/connect+json", "application/connect+proto"];

/** Streams (Connect protocol, "Streaming RPCs"): a last message says how they ended. */
const stream: StreamProtocol = {
	contentTypes: { "application/connect+json": "json", "application/connect+proto": "binary" },
	acceptPost: streamTypes,
	allowsGet: false,
	hasTrailers: false,
	hasConnectHandler: true,
	timeout: connectTimeout,
	encodingHeader: "connect-content-encoding",
	acceptEncodingHeader: "connect-accept-encoding",
	body: createEnvelopeBody((flags) =>
		// A client's end-of-stream would stand where the one request message belongs.
		flags === endStreamFlag
			? protocolViolation("the request message is missing")
			: badRequest("protocol", "an envelope has unknown flags"),
	),
	bind: (request, codec) =>
		codec === undefined ? undefined : (findVersionFault(request) ?? bodyBindings[codec]),
	contentType: (codec) =>
		codec === "json" ? "application/connect+json" : "application/connect+proto",
	framing: envelopeFraming,
	failure(codec, error, { header, trailer }) {
		const headers = ["content-type", stream.contentType(codec), ...metadataFieldsOf(header)];
		return { status: 200, headers, body: createEndStream(error, trailer) };
	},
	end: (error, trailer) => ({ body: createEndStream(error, trailer) }),
	bareRefusal,
};

/** The Connect protocol (connectrpc.com/docs/protocol). */
export const connect: Protocol = { name: "connect", unary, stream };

function findVersionFault({ exchange }: RequestHead): Refusal | undefined {
	const version = headerOf(exchange, "connect-protocol-version") ?? "1";
	return version === "1" ? undefined : badRequest("protocol", "connect-protocol-version must be 1");
}

function createEndStream(error: ConnectError | undefined, trailer: Headers | undefined): Buffer {
	const json = endStreamToJson(trailer ?? new Headers(), error, undefined);
	return createEnvelope(endStreamFlag, Buffer.from(JSON.stringify(json)));
}

function createErrorResponse(
	error: ConnectError,
	metadata: Metadata,
	contentType: string,
): Response {
	const body = Buffer.from(JSON.stringify(errorToJson(error, undefined)));
	const header = withErrorMetadata(metadata.header, error);
	return createResponse(codeToHttpStatus(error.code), ["content-type", contentType], {
		metadata: { ...metadata, header },
		body,
	});
}

/**
 * Writes an error for people, of which clients take the HTTP status alone: Connect's are to read
 * UNKNOWN from a 405 and a 415, as the conformance suite has it, and its own type would give them a
 * code.
 */
function bareRefusal(error: ConnectError): Response {
	return createErrorResponse(error, noMetadata, "application/problem+json");
}

function createResponse(
	status: number,
	headers: string[],
	{ metadata, body }: { readonly metadata: Metadata; readonly body: Uint8Array },
): Response {
	headers.push(...metadataFieldsOf(metadata.header));
	// There are no HTTP trailers here: they go ahead, under other names.
	const trailers = metadataFieldsOf(metadata.trailer);
	for (let i = 0; i < trailers.length; i += 2) {
		headers.push(`trailer-${trailers[i]}`, trailers[i + 1] as string);
	}
	return { status, headers, body };
}

/**
 * Adds the error's metadata to headers, but for names that belong to the protocols. What another
 * server's answer carried is left out: an implementation that rethrows it did not mean it to go out.
 */
export function withErrorMetadata(headers: Headers | undefined, error: ConnectError): Headers {
	const merged = headers ?? new Headers();
	if (!error.isWireError) mergeNonProtocolHeaders(merged, error.metadata);
	return merged;
}
