const opcodeMask = 0x0f;
const firstControl = 0x8;

/**
 * Follows the frames of a peer (RFC 6455, 5.2) without keeping them: knows whether a message has come in
 * part. Not a check of them: malformed frames are for whoever reads them. A class: each socket has one.
 */
export class FrameFollower {
	/** First byte of the frame under way; undefined: none is. */
	#first: number | undefined;
	/** Bytes of its head that are missing; undefined: the second one, which says how many. */
	#headBytes: number | undefined;
	/** Bytes of its head, among those that are missing, that say its length. */
	#lengthBytes = 0;
	/** Bytes of its payload that are missing, once its head is whole. */
	#payloadBytes = 0;
	#isFragmented = false;

	/** True: a frame has begun and not ended, or a message of several frames has. */
	get isWithin(): boolean {
		return this.#first !== undefined || this.#isFragmented;
	}

	/**
	 * Takes what has come next.
	 * @returns whether a message was complete somewhere in it: what is under way then has just begun
	 */
	follow(chunk: Uint8Array): boolean {
		let hasEnded = false;
		let at = 0;
		while (at < chunk.byteLength) {
			if (this.#headBytes === 0) {
				const step = Math.min(this.#payloadBytes, chunk.byteLength - at);
				this.#payloadBytes -= step;
				at += step;
			} else this.#takeHead(chunk[at++] as number);
			if (this.#headBytes === 0 && this.#payloadBytes === 0 && this.#endFrame()) hasEnded = true;
		}
		return hasEnded;
	}

	#takeHead(byte: number): void {
		if (this.#first === undefined) {
			this.#first = byte;
		} else if (this.#headBytes === undefined) {
			const length = byte & 0x7f;
			this.#lengthBytes = length === 127 ? 8 : length === 126 ? 2 : 0;
			this.#payloadBytes = this.#lengthBytes === 0 ? length : 0;
			this.#headBytes = this.#lengthBytes + (byte < 0x80 ? 0 : 4);
		} else {
			if (this.#lengthBytes > 0) {
				this.#payloadBytes = this.#payloadBytes * 256 + byte;
				this.#lengthBytes--;
			}
			this.#headBytes--;
		}
	}

	/** @returns whether a message has ended with the frame; control frames may come within one */
	#endFrame(): boolean {
		const first = this.#first as number;
		this.#first = undefined;
		this.#headBytes = undefined;
		const isControl = (first & opcodeMask) >= firstControl;
		if (!isControl) this.#isFragmented = first < 0x80;
		return !this.#isFragmented;
	}
}
