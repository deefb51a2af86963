/** What came back. */
export interface Answer {
	/** 0: there was none. */
	readonly status: number;
	/** By lower-case name; of two fields with one name, both values. */
	readonly headers: ReadonlyMap<string, string>;
	/** Of HTTP/2; a gRPC answer without a body has them in its headers. */
	readonly trailers: ReadonlyMap<string, string>;
	readonly body: Buffer;
	/** The connection said that it ends, or ended; HTTP/1.1. */
	readonly closes: boolean;
}

/**
 * Takes an HTTP/1.1 answer apart.
 * @param isOver the connection has ended: what came is all there is
 * @returns undefined while it is not whole
 */
export function parseHttp1(bytes: Buffer, isOver: boolean, isHead: boolean): Answer | undefined {
	const headEnd = bytes.indexOf("\r\n\r\n");
	if (headEnd === -1) return isOver ? { ...noAnswer, closes: true } : undefined;
	const [statusLine = "", ...lines] = bytes.subarray(0, headEnd).toString("latin1").split("\r\n");
	const headers = new Map<string, string>();
	for (const line of lines) {
		const [name = "", value = ""] = line.split(/:\s*(.*)/s);
		const before = headers.get(name.toLowerCase());
		headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
	}
	const rest = bytes.subarray(headEnd + 4);
	const status = Number(statusLine.split(" ")[1]);
	// No Content has neither a body nor a length (RFC 9110, 8.6).
	const body = isHead || status === 204 ? Buffer.alloc(0) : bodyOf(headers, rest, isOver);
	if (body === undefined) return undefined;
	const closes = isOver || headers.get("connection") === "close";
	return { ...noAnswer, status, headers, body, closes };
}

/** Nothing came. */
export const noAnswer: Answer = {
	status: 0,
	headers: new Map(),
	trailers: new Map(),
	body: Buffer.alloc(0),
	closes: false,
};

function bodyOf(
	headers: ReadonlyMap<string, string>,
	rest: Buffer,
	isOver: boolean,
): Buffer | undefined {
	const length = headers.get("content-length");
	if (length !== undefined) {
		return rest.byteLength >= Number(length) || isOver
			? rest.subarray(0, Number(length))
			: undefined;
	}
	if (headers.get("transfer-encoding") === "chunked") return chunksOf(rest, isOver);
	return isOver ? rest : undefined;
}

function chunksOf(rest: Buffer, isOver: boolean): Buffer | undefined {
	const chunks: Buffer[] = [];
	for (let at = 0; ; ) {
		const lineEnd = rest.indexOf("\r\n", at);
		const size = Number.parseInt(rest.subarray(at, lineEnd).toString("latin1"), 16);
		const start = lineEnd + 2;
		const whole = lineEnd !== -1 && rest.byteLength >= start + size + 2;
		if (!whole) return isOver ? Buffer.concat(chunks) : undefined;
		if (size === 0) return Buffer.concat(chunks);
		chunks.push(rest.subarray(start, start + size));
		at = start + size + 2;
	}
}
