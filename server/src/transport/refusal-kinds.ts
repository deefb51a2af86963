import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Refusal } from "./refusal.ts";

/** Malformed or foreign host: 400 or 421. */
export function wrongAuthority(httpStatus: 400 | 421, message: string): Refusal {
	return httpStatus === 400
		? { ...badRequest("authority", message), httpStatus }
		: {
				cause: "authority",
				httpStatus,
				code: Code.PermissionDenied,
				reason: ErrorReason.PERMISSION_DENIED,
				message,
			};
}

/** A page of an origin that is not listed wants to do something: 403. */
export const foreignOrigin: Refusal = {
	cause: "origin",
	httpStatus: 403,
	code: Code.PermissionDenied,
	reason: ErrorReason.PERMISSION_DENIED,
	message: "pages of this origin may not call this service; the service can allow it",
	inProtocol: true,
};

/** No such path: UNIMPLEMENTED to callers of a protocol, 404 to all others. */
export function unknownPath(known: readonly string[]): Refusal {
	return {
		...unimplemented("unknown_path", 404, `no such procedure; POST to one of: ${known.join(", ")}`),
		inProtocol: true,
	};
}

/** 405, with Allow. */
export function wrongMethod(allowed: readonly string[]): Refusal {
	const allow = allowed.join(", ");
	return { ...unimplemented("method", 405, `use ${allow}`), headers: [["allow", allow]] };
}

/** 415, with Accept-Post (W3C Linked Data Platform, 7.1). */
export function wrongContentType(accepted: string): Refusal {
	return {
		...badRequest("content_type", `send a body of one of these content types: ${accepted}`),
		httpStatus: 415,
		headers: [["accept-post", accepted]],
	};
}

/** gRPC needs trailers, which HTTP/1.1 clients do not read: 505, and the connection ends. */
export const grpcNeedsHttp2: Refusal = {
	...unimplemented("http_version", 505, "gRPC needs HTTP/2; gRPC-Web and Connect work here"),
	headers: [["connection", "close"]],
};

/** More header fields than the limit: 431. */
export const tooManyHeaders: Refusal = {
	cause: "headers",
	httpStatus: 431,
	code: Code.ResourceExhausted,
	reason: ErrorReason.REQUEST_TOO_LARGE,
	message: "too many header fields",
};

/** A request that no handler can make sense of: 400. */
export function badRequest(cause: Refusal["cause"], message: string): Refusal {
	return {
		cause,
		httpStatus: 400,
		code: Code.InvalidArgument,
		reason: ErrorReason.INVALID_REQUEST,
		message,
	};
}

function unimplemented(cause: Refusal["cause"], httpStatus: number, message: string): Refusal {
	return {
		cause,
		httpStatus,
		code: Code.Unimplemented,
		reason: ErrorReason.METHOD_NOT_FOUND,
		message,
	};
}
