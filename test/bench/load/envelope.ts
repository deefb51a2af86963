/** Bytes before each message of a stream: flags, then the length, big-endian (gRPC and Connect). */
export const envelopeHeadBytes = 5;

/** Puts a message into an envelope without flags. */
export function envelope(message: Uint8Array): Buffer {
	const head = Buffer.alloc(envelopeHeadBytes);
	head.writeUInt32BE(message.byteLength, 1);
	return Buffer.concat([head, message]);
}

/** Who reads envelopes. */
export interface EnvelopeHandler {
	/** Whether the next message's bytes are wanted; else they are only counted off. */
	collects(): boolean;
	/** A message is complete. */
	message(flags: number, bytes: Buffer | undefined): void;
}

/** Finds envelopes in bytes that come in any pieces. */
export function createEnvelopeReader(handler: EnvelopeHandler): (chunk: Buffer) => void {
	const head = Buffer.alloc(envelopeHeadBytes);
	let headFilled = 0;
	let remaining = 0;
	let parts: Buffer[] | undefined;

	return (chunk) => {
		let at = 0;
		while (at < chunk.length) {
			if (headFilled < envelopeHeadBytes) {
				const taken = chunk.copy(head, headFilled, at, at + envelopeHeadBytes - headFilled);
				headFilled += taken;
				at += taken;
				if (headFilled < envelopeHeadBytes) return;
				remaining = head.readUInt32BE(1);
				parts = handler.collects() ? [] : undefined;
			}
			const taken = Math.min(remaining, chunk.length - at);
			parts?.push(chunk.subarray(at, at + taken));
			remaining -= taken;
			at += taken;
			if (remaining > 0) return;
			headFilled = 0;
			handler.message(head.readUInt8(0), parts && Buffer.concat(parts));
		}
	};
}
