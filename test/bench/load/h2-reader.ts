/** Frame types that a load meets or sends (RFC 9113, 6). */
export const frameTypes = {
	data: 0,
	headers: 1,
	reset: 3,
	settings: 4,
	ping: 6,
	goAway: 7,
	windowUpdate: 8,
	continuation: 9,
} as const;

export const frameFlags = { ack: 1, endStream: 1, endHeaders: 4, padded: 8 } as const;

/** A frame without DATA's bytes, which have gone before it. */
export interface H2Frame {
	readonly type: number;
	readonly flags: number;
	readonly id: number;
	readonly payload: Buffer;
}

/** Who reads frames. */
export interface H2FrameHandler {
	/** Bytes of a DATA frame, in any pieces. */
	data(id: number, bytes: Buffer): void;
	/** A frame is complete. */
	frame(frame: H2Frame): void;
}

const headBytes = 9;
const nothing = Buffer.alloc(0);

/**
 * Finds frames in bytes that come in any pieces.
 * @returns takes what the socket gives; throws Error on padding and CONTINUATION, which no server
 * has a reason to send here
 */
export function createH2Reader(handler: H2FrameHandler): (chunk: Buffer) => void {
	let rest: Buffer | undefined;
	let dataLeft = 0;
	let dataFrame: H2Frame | undefined;

	const takeData = (bytes: Buffer) => {
		dataLeft -= bytes.length;
		const frame = dataFrame;
		if (frame === undefined) return;
		if (bytes.length > 0) handler.data(frame.id, bytes);
		if (dataLeft > 0) return;
		dataFrame = undefined;
		handler.frame(frame);
	};

	return (chunk) => {
		const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
		rest = undefined;
		let at = 0;
		while (at < bytes.length) {
			if (dataFrame !== undefined) {
				const end = Math.min(bytes.length, at + dataLeft);
				takeData(bytes.subarray(at, end));
				at = end;
				continue;
			}
			const length = bytes.length - at < headBytes ? headBytes : bytes.readUIntBE(at, 3);
			const type = bytes[at + 3];
			const complete = type === frameTypes.data ? headBytes : headBytes + length;
			if (bytes.length - at < headBytes || bytes.length - at < complete) {
				rest = bytes.subarray(at);
				return;
			}
			const frame = readHead(bytes, at);
			at += headBytes;
			if (frame.type === frameTypes.data) {
				dataFrame = frame;
				dataLeft = length;
				if (length === 0) takeData(nothing);
				continue;
			}
			handler.frame({ ...frame, payload: bytes.subarray(at, at + length) });
			at += length;
		}
	};
}

function readHead(bytes: Buffer, at: number): H2Frame {
	const type = bytes.readUInt8(at + 3);
	const flags = bytes.readUInt8(at + 4);
	const padded = type <= frameTypes.headers && (flags & frameFlags.padded) !== 0;
	const split = type === frameTypes.headers && (flags & frameFlags.endHeaders) === 0;
	if (padded || split || type === frameTypes.continuation) {
		throw new Error(`a frame of type ${type} with flags ${flags}`);
	}
	return { type, flags, id: bytes.readUInt32BE(at + 5), payload: nothing };
}
