import { IncomingMessage } from "node:http";
import { type BodySink, type BodySource, createStreamSource } from "./request-body.ts";

/**
 * A request of Node whose body goes from the parser straight to a sink: by way of the stream, its
 * buffer and its events, a small body costs more than all that is made of it. Node lets a server name
 * the class of its requests, and its parser passes each part of a body, and `null` at the end, to
 * `push`.
 */
export class H1Request extends IncomingMessage implements BodySource {
	#sink: BodySink | undefined;
	#wasGiven = false;
	/** Called when the body is first read; undefined: nobody waits for that. */
	beforeRead: (() => void) | undefined;

	pipeTo(sink: BodySink): void {
		this.beforeRead?.();
		if (this.complete || this.readableLength > 0) {
			createStreamSource(this).pipeTo(sink);
			return;
		}
		this.#sink = sink;
		// Marks the stream as read: Node must neither hold the body back nor read it away.
		this._read(0);
	}

	discard(): void {
		this.#sink = undefined;
		this.resume();
	}

	override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
		const sink = this.#sink;
		if (sink === undefined) return super.push(chunk, encoding);
		if (chunk !== null) {
			sink.write(chunk);
			return true;
		}
		this.#sink = undefined;
		this.#wasGiven = true;
		sink.end();
		return false;
	}

	static {
		// Node reads it when the response is out: else it would hold the request until the next one comes.
		Object.defineProperty(H1Request.prototype, "readableEnded", {
			get(this: H1Request): boolean {
				return this.#wasGiven || Reflect.get(IncomingMessage.prototype, "readableEnded", this);
			},
		});
	}
}
