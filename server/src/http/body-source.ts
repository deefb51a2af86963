import type { Readable } from "node:stream";

/** Who is given a body, part by part. */
export interface BodySink {
	take(chunk: Buffer): void;
	/** All of it came. */
	finish(): void;
}

/** Where a body comes from. */
export interface BodySource {
	/** Gives all of a body, of which nothing was read before; once. Never "finished" if it breaks off. */
	pipeTo(taker: BodySink): void;
	/** Nobody is given the rest: it is read away. */
	discard(): void;
}

/** A stream as a source. */
export function createStreamSource(stream: Readable): BodySource {
	let stop = () => {};
	return {
		pipeTo(taker) {
			if (stream.readableEnded) {
				taker.finish();
				return;
			}
			const onData = (chunk: Buffer) => taker.take(chunk);
			const onEnd = () => {
				stop();
				taker.finish();
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
