import { IncomingMessage } from "node:http";
import { type BodySink, type BodySource, createStreamSource } from "./body-source.ts";

/**
 * Node's request, whose body goes from the parser straight to who takes it: by way of the stream,
 * its buffer and its events, a small body costs more than all that is made of it. Node lets a server
 * name the class of its requests, and its parser gives them each part of a body, and `null` at its
 * end, by `push`.
 */
export class H1Request extends IncomingMessage implements BodySource {
	#taker: BodySink | undefined;
	#wasGiven = false;
	/** Called when the body is first asked for; undefined: nobody waits for that. */
	beforeRead: (() => void) | undefined;

	pipeTo(taker: BodySink): void {
		this.beforeRead?.();
		if (this.complete || this.readableLength > 0) {
			createStreamSource(this).pipeTo(taker);
			return;
		}
		this.#taker = taker;
		// As if the stream were read: Node must neither hold the body back nor read it away.
		this._read(0);
	}

	discard(): void {
		this.#taker = undefined;
		this.resume();
	}

	override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
		const taker = this.#taker;
		if (taker === undefined) return super.push(chunk, encoding);
		if (chunk !== null) {
			taker.take(chunk);
			return true;
		}
		this.#taker = undefined;
		this.#wasGiven = true;
		taker.finish();
		return false;
	}

	static {
		// Node asks when the answer is out: else it would hold the request until the next one comes.
		Object.defineProperty(H1Request.prototype, "readableEnded", {
			get(this: H1Request): boolean {
				return this.#wasGiven || Reflect.get(IncomingMessage.prototype, "readableEnded", this);
			},
		});
	}
}
