/** Fetches an answer as a whole, within bounds. */
export type BoundedFetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * Creates a fetch that reads the whole body of an answer with status 200 before it resolves, and at most
 * so many bytes of it, counted as they are once decompressed: a length that is announced says nothing, and
 * need not be there. Other answers have no body. The signal of a call bounds the time of both.
 * @throws Error where there are more
 */
export function createBoundedFetch(maxBytes: number): BoundedFetch {
	return async (url, init) => {
		const response = await fetch(url, init);
		const { status, headers, body } = response;
		if (status !== 200 || body === null) {
			await body?.cancel();
			return new Response(null, { status, headers });
		}
		const parts: Uint8Array[] = [];
		let bytes = 0;
		// Leaving the loop cancels the body.
		for await (const part of body) {
			bytes += part.byteLength;
			if (bytes > maxBytes) throw new Error(`${url} answers more than ${maxBytes} bytes`);
			parts.push(part);
		}
		return new Response(Buffer.concat(parts), { status });
	};
}
