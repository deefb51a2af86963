import type { Message } from "@bufbuild/protobuf";
import { writeBody } from "../../http/body-writer.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { ScheduledTask, StreamBudget, StreamScheduler } from "../../http/scheduler.ts";
import type { BatchedStream } from "../batched-stream.ts";
import type { Cancellation } from "./cancellation.ts";

/** Takes the messages of a stream on their way out. */
export interface MessageSink {
	readonly exchange: Exchange;
	readonly cancellation: Cancellation;
	/** Bytes that the stream writes before others have their turn. */
	readonly sliceBytes: number;
	/** Time after which a reader that takes nothing is cut off; undefined: never. */
	readonly stallTimeoutMs: number | undefined;
	/** False: the response has ended, or nobody reads it any more. */
	readonly isOpen: boolean;
	/** Encodes messages, to be sent next. */
	encode(messages: readonly Message[]): Uint8Array;
	/** {@link MessageSink.encode} of what an implementation yields in place of a message. */
	encodeOne(init: unknown): Uint8Array;
	/** Ends the response of a stream that has ended well. */
	complete(): void;
	/** Ends the response with whatever was thrown. */
	fail(error: unknown): void;
	/** Reports a fault that changes nothing for the caller. */
	report(fault: unknown): void;
}

/** Writes a stream batch by batch, until its end, or until the call is broken off. */
export function writeBatches(
	stream: BatchedStream<Message>,
	sink: MessageSink,
	scheduler: StreamScheduler,
): void {
	const { cancellation } = sink;
	const writer = new BatchWriter(stream, sink, scheduler);
	cancellation.onAbort((reason) => writer.leave(reason));
	if (cancellation.reason === undefined) writer.run();
	else writer.leave(cancellation.reason);
}

/**
 * Writes a stream batch by batch, each in its turn. A reader that stalls costs a place in the stream
 * and what is on its way to it: nothing is taken before there is room. A class: thousands may be
 * open.
 */
class BatchWriter implements ScheduledTask {
	readonly #stream: BatchedStream<Message>;
	readonly #sink: MessageSink;
	readonly #scheduler: StreamScheduler;

	constructor(stream: BatchedStream<Message>, sink: MessageSink, scheduler: StreamScheduler) {
		this.#stream = stream;
		this.#sink = sink;
		this.#scheduler = scheduler;
	}

	/** Asks for a turn. */
	ready(): void {
		this.#scheduler.queue(this);
	}

	/** Takes a turn. Never throws: others wait for theirs. */
	run(): void {
		try {
			this.#takeTurn();
		} catch (error) {
			this.#fail(error);
		}
	}

	#takeTurn(): void {
		const { exchange, sliceBytes, stallTimeoutMs } = this.#sink;
		let spentBytes = 0;
		do {
			const bytes = this.#next(sliceBytes);
			if (bytes === undefined) return;
			spentBytes += bytes.byteLength;
			if (!exchange.write(bytes)) {
				void exchange.drained(stallTimeoutMs).then(() => this.ready());
				return;
			}
		} while (spentBytes < sliceBytes && this.#stream.hasMore);
		if (this.#stream.hasMore) this.ready();
		else this.#stream.onReady(this);
	}

	/** Returns the bytes to send next; undefined: none for now, or never again. */
	#next(maxBytes: number): Uint8Array | undefined {
		if (!this.#sink.isOpen) return undefined;
		const messages = this.#stream.take(maxBytes);
		if (messages.length > 0) return this.#sink.encode(messages);
		if (this.#stream.isComplete === true) this.#sink.complete();
		else this.#stream.onReady(this);
		return undefined;
	}

	#fail(error: unknown): void {
		try {
			this.#stream.close();
		} catch (fault) {
			this.#sink.report(fault);
		}
		this.#sink.fail(error);
	}

	/** Ends a stream whose call is broken off, without waiting for a turn. */
	leave(reason: unknown): void {
		try {
			this.#stream.close(reason);
			// Interceptors may replace the reason.
			this.#stream.take(1);
			this.#sink.fail(reason);
		} catch (error) {
			this.#sink.fail(error);
		}
	}
}

/** Writes a stream that can only be iterated. Resolves when it has ended, or its reader left. */
export async function writeMessages(
	messages: AsyncIterable<Message>,
	sink: MessageSink,
	budget: StreamBudget,
): Promise<void> {
	async function* encoded() {
		for await (const message of messages) {
			// The head could not be sent.
			if (!sink.isOpen) return;
			yield sink.encodeOne(message);
		}
	}
	const { exchange, sliceBytes, stallTimeoutMs } = sink;
	await writeBody(exchange, encoded(), { budget, sliceBytes, stallTimeoutMs });
}
