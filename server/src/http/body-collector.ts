import { envelopePrefixBytes, readEnvelopeLength } from "../rpc/protocol/envelope.ts";
import type { BodySink, BodySource } from "./body-source.ts";
import { runAfterTick } from "./deferred.ts";

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

type Done = (body: CollectedBody) => void;

const empty: Buffer = Buffer.alloc(0);

/** A body in many parts starts with room for this much. */
const minCapacityBytes = 4 * 1024;

/**
 * Collects a body as it comes; stops as soon as it is certain that it is too large, by a declared
 * or promised length too. A source that closes before its end is never "done".
 */
export function collectBody(source: BodySource, limit: BodyLimit, done: Done): void {
	const collector = new Collector(source, limit, done);
	if ((limit.declaredBytes ?? 0) > collector.maxBytes) collector.refuse();
	else source.pipeTo(collector);
}

/** What came of one body. A class: each call has one. */
class Collector implements BodySink {
	readonly maxBytes: number;
	readonly #source: BodySource;
	readonly #limit: BodyLimit;
	readonly #done: Done;
	#room: Buffer = empty;
	#bytes = 0;

	constructor(source: BodySource, limit: BodyLimit, done: Done) {
		this.maxBytes = limit.maxMessageBytes + (limit.isEnveloped ? envelopePrefixBytes : 0);
		this.#source = source;
		this.#limit = limit;
		this.#done = done;
	}

	take(chunk: Buffer): void {
		this.#room = this.#bytes === 0 ? chunk : append(this.#room, this.#bytes, chunk);
		this.#bytes += chunk.byteLength;
		if (this.#isTooLarge()) this.refuse();
	}

	finish(): void {
		const room = this.#room;
		const bytes = this.#bytes;
		this.#done(bytes === room.byteLength ? room : room.subarray(0, bytes));
	}

	/** What has come already is read away first: if that was all, the connection can go on. */
	refuse(): void {
		this.#source.discard();
		runAfterTick(() => this.#done(undefined));
	}

	#isTooLarge(): boolean {
		if (this.#bytes > this.maxBytes) return true;
		const { isEnveloped, maxMessageBytes } = this.#limit;
		const hasPrefix = isEnveloped && this.#bytes >= envelopePrefixBytes;
		return hasPrefix && readEnvelopeLength(this.#room) > maxMessageBytes;
	}
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
