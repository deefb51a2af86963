/** The request of a Connect GET, whose query passed `validateGetQuery`. */
export interface GetRequest {
	readonly body: Buffer;
	/** Name of its compression; undefined: none. */
	readonly encoding: string | undefined;
}

/** Takes the message out of a query (Connect protocol, "Unary-Get-Request"). */
export function readGetRequest(path: string): GetRequest {
	const query = new URLSearchParams(path.slice(path.indexOf("?") + 1));
	const message = query.get("message") ?? "";
	const isBase64 = query.get("base64") === "1";
	return {
		// Node's decoder takes both alphabets, with padding and without.
		body: Buffer.from(message, isBase64 ? "base64" : "utf8"),
		encoding: query.get("compression") ?? undefined,
	};
}
