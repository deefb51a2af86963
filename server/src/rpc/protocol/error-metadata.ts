import type { ConnectError } from "@connectrpc/connect";
import { mergeNonProtocolHeaders } from "../connect-internals.ts";

/**
 * `headers`, and what the error carries, but for names that belong to the protocols. What another
 * server's answer carried stays here: an implementation that throws it on has not meant it to go out.
 */
export function withErrorMetadata(headers: Headers | undefined, error: ConnectError): Headers {
	const merged = headers ?? new Headers();
	if (!error.isWireError) mergeNonProtocolHeaders(merged, error.metadata);
	return merged;
}
