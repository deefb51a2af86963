import { Code, ConnectError } from "@connectrpc/connect";
import type { ErrorReason, FieldViolation } from "../failure.ts";
import type { Connection } from "../http/connection.ts";
import type { HeaderFields } from "../http/fields.ts";
import type { RefusalCause } from "./observer.ts";

/** Refusal of a request, with all that its caller learns. */
export interface Refusal {
	readonly cause: RefusalCause;
	/**
	 * Status for callers of plain HTTP and of Connect's unary calls; all others are answered with
	 * 200.
	 */
	readonly httpStatus: number;
	readonly code: Code;
	/** Reason of the contract. Default: what cause and code say. */
	readonly reason?: ErrorReason;
	/** Message for people: what to change; holds nothing of the caller's own text. */
	readonly message: string;
	readonly headers?: HeaderFields;
	/** Delay before a retry; undefined: the same request would be refused again. */
	readonly retryAfterMs?: number;
	/** Fields of the request that are at fault. */
	readonly violations?: readonly FieldViolation[];
	/** True where the HTTP status alone expresses it, to clients of Connect's streams too. */
	readonly isBare?: boolean;
}

/**
 * Adds what the contract of the services says with a refusal: reason and details, by its cause and
 * code.
 */
export type RefusalDetails = (
	refusal: Refusal,
) => NonNullable<ConstructorParameters<typeof ConnectError>[3]>;

/** Creates the error that callers get for a refusal. */
export function createRefusalError(refusal: Refusal, detailsOf: RefusalDetails): ConnectError {
	return new ConnectError(refusal.message, refusal.code, undefined, detailsOf(refusal));
}

/** Malformed or foreign host: 400 or 421. */
export function wrongAuthority(httpStatus: 400 | 421, message: string): Refusal {
	return httpStatus === 400
		? { ...badRequest("authority", message), httpStatus }
		: {
				cause: "authority",
				httpStatus,
				code: Code.PermissionDenied,
				message:
					"this host is not served here; the service's option --allowed-hosts names those that are",
			};
}

/** A page of an origin that is not listed wants to do something: 403. */
export const foreignOrigin: Refusal = {
	cause: "origin",
	httpStatus: 403,
	code: Code.PermissionDenied,
	message:
		"pages of this origin may not call this service; the service's option --cors-origins names those that may",
};

/** No such path: UNIMPLEMENTED, with 404 where the protocol leaves room for it. */
export function unknownPath(known: readonly string[]): Refusal {
	return unimplemented(
		"unknown_path",
		404,
		`no such procedure; POST to one of: ${known.join(", ")}`,
	);
}

/** No such path, and none that could be a procedure's. */
export const nothingHere: Refusal = unimplemented(
	"unknown_path",
	404,
	"there is nothing at this path; GET / says what is served here",
);

/** 405, with Allow. */
export function wrongMethod(allowed: readonly string[]): Refusal {
	const allow = allowed.join(", ");
	return {
		...unimplemented("method", 405, `this path takes ${allow}`),
		headers: ["allow", allow],
		isBare: true,
	};
}

/** 405, with Allow: a procedure, by a method that it does not take. */
export function notByThisMethod(allowed: readonly string[], accepted: string): Refusal {
	const { headers, ...refusal } = wrongMethod(allowed);
	return {
		...refusal,
		headers: [...(headers ?? []), "accept-post", accepted],
		message: `this procedure takes ${allowed.join(", ")}; POST the request message, as one of: ${accepted}`,
	};
}

/** 415, with Accept-Post (W3C Linked Data Platform, 7.1). */
export function wrongContentType(accepted: string, fault: ContentTypeFault): Refusal {
	return {
		// gRPC's word for a codec that it does not know, in the status of a 415 too.
		...unimplemented("content_type", 415, `${contentTypeFaults[fault]}: ${accepted}`),
		headers: ["accept-post", accepted],
		isBare: true,
	};
}

/** What is wrong with the content type of a request. */
export type ContentTypeFault = "unknown" | "malformed" | "charset";

const contentTypeFaults: Readonly<Record<ContentTypeFault, string>> = {
	unknown: "send a body of one of these content types",
	malformed: "the content type is malformed; send one of these",
	charset: "JSON comes in the charset utf-8 and in no other; send one of these content types",
};

/** gRPC needs trailers, which HTTP/1.1 clients do not read: 505, and the connection ends. */
export const grpcNeedsHttp2: Refusal = {
	...unimplemented("http_version", 505, "gRPC needs HTTP/2; gRPC-Web and Connect work here"),
	headers: ["connection", "close"],
};

/** More header fields, or more bytes in them, than the limit: 431. */
export function tooManyHeaders(limit: number, unit: "fields" | "bytes"): Refusal {
	return {
		cause: "headers",
		httpStatus: 431,
		code: Code.ResourceExhausted,
		message: `the request's head is too large; at most ${limit} ${unit} are taken`,
	};
}

/** A transfer coding that is not understood: 501 (RFC 9112, 6.1). */
export const unknownTransferCoding: Refusal = {
	...unimplemented("headers", 501, "chunked is the only transfer coding that is understood here"),
	isBare: true,
};

/** An expectation that is not met: 417 (RFC 9110, 10.1.1). */
export const unmetExpectation: Refusal = {
	...badRequest("headers", "100-continue is the only expectation that is met here"),
	httpStatus: 417,
	isBare: true,
};

/** A request that no handler can make sense of: 400. */
export function badRequest(cause: Refusal["cause"], message: string): Refusal {
	return {
		cause,
		httpStatus: 400,
		code: Code.InvalidArgument,
		message,
	};
}

/** None or two request messages where one belongs: UNIMPLEMENTED, as connect and gRPC have it. */
export function protocolViolation(message: string): Refusal {
	return unimplemented("protocol", 501, message);
}

/** Framing that no sane sender makes: INTERNAL, as gRPC has it (grpc/doc/statuscodes.md). */
export function brokenFraming(message: string): Refusal {
	return {
		cause: "protocol",
		httpStatus: 500,
		code: Code.Internal,
		message,
	};
}

/** A fault of ours that no interceptor has put into words: what went wrong stays inside. */
export const internalFault: Refusal = brokenFraming(
	"an internal fault; the log has it by its request id",
);

/** A compression that is not spoken here. */
export function unknownEncoding(acceptHeader: string, known: readonly string[]): Refusal {
	const names = known.join(", ");
	return {
		...unimplemented("protocol", 501, `this compression is not known here; send one of: ${names}`),
		headers: [acceptHeader, known.join(",")],
	};
}

/** A message of more than `maxBytes`, before or after decompression. */
export function messageTooLarge(maxBytes: number): Refusal {
	return {
		...requestTooLarge,
		message: `the request is too large; at most ${maxBytes} bytes are taken, before decompression and after it`,
	};
}

/** A message over a limit. */
export const requestTooLarge: Refusal = {
	cause: "protocol",
	httpStatus: 429,
	code: Code.ResourceExhausted,
	message: "the request is too large",
};

/** Answers that were asked for and not read fill the memory that there is for them. */
export const tooMuchUnread: Refusal = {
	cause: "unread",
	httpStatus: 429,
	code: Code.ResourceExhausted,
	message: "too many large answers wait for their readers",
	retryAfterMs: 1_000,
};

/** A WebSocket has as many subscriptions as it may have. */
export const tooManySubscriptions: Refusal = {
	cause: "subscriptions",
	httpStatus: 429,
	code: Code.ResourceExhausted,
	message: "too many subscriptions on this WebSocket; end one, or open another WebSocket",
	retryAfterMs: 1_000,
};

/**
 * The path speaks WebSocket alone: 426 (RFC 9110, 15.5.22), also where its version is another one.
 * HTTP/2 has no field that says so.
 */
export function upgradeNeeded({ httpVersion }: Pick<Connection, "httpVersion">): Refusal {
	return {
		...badRequest("protocol", "this path speaks WebSocket: version 13, by an upgrade of HTTP/1.1"),
		httpStatus: 426,
		headers: [
			...(httpVersion === "2.0" ? [] : ["connection", "upgrade", "upgrade", "websocket"]),
			"sec-websocket-version",
			"13",
		],
		isBare: true,
	};
}

/** The key of a WebSocket's handshake is missing or malformed: 400 (RFC 6455, 4.2.1). */
export const wrongWebSocketKey: Refusal = badRequest(
	"headers",
	"sec-websocket-key is to be 16 bytes in base64, once",
);

/** The body came more slowly than the call's own deadline allows. */
export const deadlineInRequest: Refusal = {
	cause: "protocol",
	httpStatus: 504,
	code: Code.DeadlineExceeded,
	message: "the request's body came too slowly",
};

/** The body came more slowly than the port allows (RFC 9110, 15.5.9). */
export const requestTooSlow: Refusal = { ...deadlineInRequest, httpStatus: 408 };

function unimplemented(cause: Refusal["cause"], httpStatus: number, message: string): Refusal {
	return {
		cause,
		httpStatus,
		code: Code.Unimplemented,
		message,
	};
}
