import { type Exchange, headerOf } from "../http/exchange.ts";

/** Reason for which a request was refused before any interceptor saw it. */
export type RefusalCause =
	| "authority"
	| "origin"
	| "target"
	| "headers"
	| "http_version"
	| "unknown_path"
	| "method"
	| "content_type"
	/** Envelope, encoding, size or message are malformed. */
	| "protocol"
	/** Callers left too many response bytes unread. */
	| "unread"
	/** A WebSocket has as many subscriptions as it may have. */
	| "subscriptions"
	/** A page is for those who have signed in. */
	| "credential";

/** Summary of a request for the log. */
export interface RequestSummary {
	/** Path without the query, which may hold private data. */
	readonly path: string;
	/** undefined: the request names no host. */
	readonly host: string | undefined;
	/** Origin of the page that sent the request; undefined: none. */
	readonly origin: string | undefined;
}

/** A request that was refused before any interceptor saw it. */
export interface RefusedCall extends RequestSummary {
	readonly cause: RefusalCause;
	/** HTTP status of the response. */
	readonly httpStatus: number;
	/** Path of a known procedure, or "". */
	readonly procedure: string;
	readonly requestId: string;
	/** Address of the caller. */
	readonly address: string;
}

/** End of a call of a known procedure. */
export interface CallOutcome {
	readonly requestId: string;
	/** The whole response was passed to the connection. */
	readonly complete: boolean;
	/** Bytes of the response body that were passed to the connection. */
	readonly sentBytes: number;
}

/** Receives the events of calls, for metrics and logs. An observer must not throw. */
export interface RpcObserver {
	callEnded(outcome: CallOutcome): void;
	callRefused(refused: RefusedCall): void;
	/** A message of a shared type was encoded; the next readers of this codec get the same bytes. */
	encoded(typeName: string, codec: "binary" | "json"): void;
	/** A fault of this service ended one call; the process goes on. */
	unexpected(error: unknown): void;
}

/** Longest text of a request that enters the log, in characters. */
const maxLength = 256;

/** Summarizes a request for the log: truncated, in printable ASCII alone. */
export function summarizeRequest(exchange: Exchange): RequestSummary {
	return {
		path: printable(exchange.target.split("?", 1)[0] ?? ""),
		host: optional(exchange.authorities[0]),
		origin: optional(headerOf(exchange, "origin")),
	};
}

function optional(text: string | undefined): string | undefined {
	return text === undefined ? undefined : printable(text);
}

function printable(text: string): string {
	const cut = text.length > maxLength ? `${text.slice(0, maxLength)}...` : text;
	return cut.replaceAll(/[^ -~]/g, "?");
}
