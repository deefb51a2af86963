/** Longest part of a body that is copied into its chunk, in bytes: a write of its own costs more than that. */
const maxCopiedBytes = 16 * 1024;
/** Chunks that are kept: streams of several forms take turns. */
const keptChunks = 4;

const lineEnd = "\r\n";

/**
 * Makes chunks of HTTP/1.1 (RFC 9112, 7.1), each once for all responses: what has just been written to
 * one is written to the next. Node writes a chunk in four pieces, for each response anew.
 */
export class Chunks {
	readonly #parts: (Uint8Array | undefined)[] = new Array(keptChunks).fill(undefined);
	readonly #chunks: (Buffer | undefined)[] = new Array(keptChunks).fill(undefined);
	#next = 0;

	/**
	 * Makes the chunk of a part of a body.
	 * @param part must not change
	 * @returns undefined: it is too long to be copied, or empty, which would end the body
	 */
	make(part: Uint8Array): Buffer | undefined {
		for (let at = 0; at < keptChunks; at++) {
			if (this.#parts[at] === part) return this.#chunks[at];
		}
		if (part.byteLength > maxCopiedBytes || part.byteLength === 0) return undefined;
		const chunk = createChunk(part);
		this.#parts[this.#next] = part;
		this.#chunks[this.#next] = chunk;
		this.#next = (this.#next + 1) % keptChunks;
		return chunk;
	}
}

function createChunk(part: Uint8Array): Buffer {
	const head = part.byteLength.toString(16) + lineEnd;
	const chunk = Buffer.allocUnsafe(head.length + part.byteLength + lineEnd.length);
	chunk.write(head, "latin1");
	chunk.set(part, head.length);
	chunk.write(lineEnd, head.length + part.byteLength, "latin1");
	return chunk;
}
