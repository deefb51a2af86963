import type { Readable } from "node:stream";
import { afterTurn } from "./after-turn.ts";
import { envelopePrefixBytes, readEnvelopeLength } from "./envelope.ts";

/** How much of a request's body is taken. */
export interface BodyLimit {
	readonly maxMessageBytes: number;
	/** The message lies in an envelope (all but Connect's unary form). */
	readonly isEnveloped: boolean;
	/** Content-Length, where the caller gave one. */
	readonly declaredBytes: number | undefined;
}

/** A body; `undefined`: it is larger than the limit. */
export type CollectedBody = Buffer | undefined;

const empty: Buffer = Buffer.alloc(0);

/** A body in many parts starts with room for this much. */
const minCapacityBytes = 4 * 1024;

/**
 * Collects a body as it comes; stops as soon as it is certain that it is too large, by a declared
 * or promised length too. A source that closes before its end is never "done".
 */
export function collectBody(
	source: Readable,
	limit: BodyLimit,
	done: (body: CollectedBody) => void,
): void {
	const maxBytes = limit.maxMessageBytes + (limit.isEnveloped ? envelopePrefixBytes : 0);
	if ((limit.declaredBytes ?? 0) > maxBytes) {
		refuse(source, done);
		return;
	}
	if (source.readableEnded) {
		done(empty);
		return;
	}
	let room = empty;
	let bytes = 0;

	const isTooLarge = (): boolean => {
		if (bytes > maxBytes) return true;
		const hasPrefix = limit.isEnveloped && bytes >= envelopePrefixBytes;
		return hasPrefix && readEnvelopeLength(room) > limit.maxMessageBytes;
	};
	const onData = (chunk: Buffer): void => {
		room = bytes === 0 ? chunk : append(room, bytes, chunk);
		bytes += chunk.byteLength;
		if (!isTooLarge()) return;
		stop();
		refuse(source, done);
	};
	const onEnd = (): void => {
		stop();
		done(bytes === room.byteLength ? room : room.subarray(0, bytes));
	};
	const stop = () => source.off("data", onData).off("end", onEnd);
	source.on("data", onData).on("end", onEnd);
}

/** What has come already is read away first: if that was all, the connection can go on. */
function refuse(source: Readable, done: (body: CollectedBody) => void): void {
	source.resume();
	afterTurn(() => done(undefined));
}

/** Adds a chunk after the first `bytes` of `room`, which grows by doubling: chunks may be one byte each. */
function append(room: Buffer, bytes: number, chunk: Buffer): Buffer {
	const neededBytes = bytes + chunk.byteLength;
	let target = room;
	// The first chunk is Node's own memory: nothing is ever written behind it.
	if (neededBytes > room.byteLength) {
		target = Buffer.allocUnsafe(Math.max(neededBytes, 2 * bytes, minCapacityBytes));
		room.copy(target, 0, 0, bytes);
	}
	chunk.copy(target, bytes);
	return target;
}
