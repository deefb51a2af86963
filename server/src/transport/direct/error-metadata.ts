import type { ConnectError } from "@connectrpc/connect";
import { mergeNonProtocolHeaders } from "../connect-internals.ts";

/** `headers`, and what the error carries, but for names that belong to the protocols. */
export function withErrorMetadata(headers: Headers | undefined, error: ConnectError): Headers {
	const merged = headers ?? new Headers();
	mergeNonProtocolHeaders(merged, error.metadata);
	return merged;
}
