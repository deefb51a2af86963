import type { Readable } from "node:stream";
import type { Clock } from "../clock.ts";
import { type Disconnect, DisconnectError } from "./disconnect.ts";
import type { TransportLimits } from "./limits.ts";
import { runAfterTick } from "./run-after-tick.ts";

/** Receives a request body part by part. */
export interface BodySink {
	write(chunk: Buffer): void;
	/** Called after the last part. */
	end(): void;
}

/** Provides a request body. */
export interface BodySource {
	/**
	 * Passes the whole body to a sink. Call it once, before anything was read. A body that breaks off
	 * never ends.
	 */
	pipeTo(sink: BodySink): void;
	/** Reads the rest away; the sink receives nothing more. */
	discard(): void;
}

/** Creates the source of a Node stream. */
export function createStreamSource(stream: Readable): BodySource {
	let stop = () => {};
	return {
		pipeTo(sink) {
			if (stream.readableEnded) {
				sink.end();
				return;
			}
			const onData = (chunk: Buffer) => sink.write(chunk);
			const onEnd = () => {
				stop();
				sink.end();
			};
			stop = () => stream.off("data", onData).off("end", onEnd);
			stream.on("data", onData).on("end", onEnd);
		},
		discard() {
			stop();
			stream.resume();
		},
	};
}

/** Bounds the size of a request body. */
export interface BodyLimit {
	readonly maxBytes: number;
	/** Content-Length; undefined where the request has none. */
	readonly declaredBytes: number | undefined;
	/**
	 * Reads the size that the first bytes of a body announce for the whole of it; 0 while they do
	 * not say. undefined: bodies of this kind announce nothing.
	 */
	readonly readAnnouncedBytes: ((start: Buffer, receivedBytes: number) => number) | undefined;
}

/** A whole body; `undefined`: it is larger than the limit. */
export type CollectedBody = Buffer | undefined;

type Done = (body: CollectedBody) => void;

const empty: Buffer = Buffer.alloc(0);

/** First capacity for a body that comes in several parts, in bytes. */
const minCapacityBytes = 4 * 1024;

/**
 * Collects a body into one buffer. Stops as soon as the body is certain to exceed the limit, by the
 * bytes received or by a declared or announced size. `done` is not called for a body that breaks off.
 */
export function collectBody(source: BodySource, limit: BodyLimit, done: Done): void {
	const collector = new Collector(source, limit, done);
	if ((limit.declaredBytes ?? 0) > limit.maxBytes) collector.refuse();
	else source.pipeTo(collector);
}

/** Collects one body. A class: each call has one. */
class Collector implements BodySink {
	readonly #source: BodySource;
	readonly #limit: BodyLimit;
	readonly #done: Done;
	#buffer: Buffer = empty;
	#bytes = 0;

	constructor(source: BodySource, limit: BodyLimit, done: Done) {
		this.#source = source;
		this.#limit = limit;
		this.#done = done;
	}

	write(chunk: Buffer): void {
		this.#buffer = this.#bytes === 0 ? chunk : append(this.#buffer, this.#bytes, chunk);
		this.#bytes += chunk.byteLength;
		if (this.#isTooLarge()) this.refuse();
	}

	end(): void {
		const buffer = this.#buffer;
		const bytes = this.#bytes;
		this.#done(bytes === buffer.byteLength ? buffer : buffer.subarray(0, bytes));
	}

	/** Reads away what has arrived before it refuses: if that was all, the connection stays usable. */
	refuse(): void {
		this.#source.discard();
		runAfterTick(() => this.#done(undefined));
	}

	#isTooLarge(): boolean {
		const { maxBytes, readAnnouncedBytes } = this.#limit;
		if (this.#bytes > maxBytes) return true;
		return (
			readAnnouncedBytes !== undefined && readAnnouncedBytes(this.#buffer, this.#bytes) > maxBytes
		);
	}
}

/**
 * Appends a chunk after the first `bytes` of a buffer, which grows by doubling: chunks may be one
 * byte each.
 */
function append(buffer: Buffer, bytes: number, chunk: Buffer): Buffer {
	const neededBytes = bytes + chunk.byteLength;
	let target = buffer;
	// The first chunk is memory of Node: nothing is ever written behind it.
	if (neededBytes > buffer.byteLength) {
		target = Buffer.allocUnsafe(Math.max(neededBytes, 2 * bytes, minCapacityBytes));
		buffer.copy(target, 0, 0, bytes);
	}
	chunk.copy(target, bytes);
	return target;
}

/** Thrown when a request body takes longer than its caller or the port allows. */
export class BodyTimeoutError extends Error {
	override readonly name = "BodyTimeoutError";
}

/**
 * Iterates over a request body within `timeoutMs` for all of it, and never longer than
 * bodyTimeoutMs: a peer that sends a byte now and then gains nothing. Leaves the stream open,
 * because the response goes over the same one.
 *
 * @throws BodyTimeoutError when the body takes too long
 * @throws DisconnectError when it breaks off
 */
export async function* readBody(
	source: Readable,
	options: {
		readonly clock: Clock;
		readonly limits: Pick<TransportLimits, "bodyTimeoutMs">;
		readonly disconnect: Disconnect;
	},
	timeoutMs = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
	const interrupted = Promise.withResolvers<never>();
	// It may be rejected while nobody waits; the next read sees it.
	interrupted.promise.catch(() => {});
	const timer = options.clock.setTimer(Math.min(timeoutMs, options.limits.bodyTimeoutMs), () =>
		interrupted.reject(new BodyTimeoutError("the request's body came too slowly")),
	);
	// A connection can stay open for other responses when the request on it breaks off.
	const unsubscribe = options.disconnect.subscribe(() => interrupted.reject(new DisconnectError()));
	const chunks = source.iterator({ destroyOnReturn: false });
	try {
		for (;;) {
			const next = await Promise.race([chunks.next(), interrupted.promise]);
			if (next.done === true) return;
			yield next.value as Uint8Array;
		}
	} catch (error) {
		if (error instanceof BodyTimeoutError || error instanceof DisconnectError) throw error;
		throw new DisconnectError(error);
	} finally {
		timer.cancel();
		unsubscribe();
		// Else the stream would wait for this reader without end, and its rest could not be read away.
		chunks.return?.().catch(() => {});
	}
}
