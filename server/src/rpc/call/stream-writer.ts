import type { Message } from "@bufbuild/protobuf";
import { writeBody } from "../../http/body-writer.ts";
import type { ScheduledTask, StreamBudget, StreamScheduler } from "../../http/scheduler.ts";
import type { BatchedStream } from "../batched-stream.ts";
import type { StreamAnswer } from "./stream-response.ts";

/** Writes a stream slice by slice, until its end, or until the call is broken off. */
export function writeBatches(
	stream: BatchedStream<Message>,
	answer: StreamAnswer,
	scheduler: StreamScheduler,
): void {
	const { cancellation } = answer;
	const writer = new BatchWriter(stream, answer, scheduler);
	cancellation.onAbort((reason) => writer.leave(reason));
	if (cancellation.reason === undefined) writer.run();
	else writer.leave(cancellation.reason);
}

/**
 * Writes a stream slice by slice, each in its turn. A reader that takes nothing costs a place in
 * the stream and what is on its way to it: nothing is taken before there is room. A class:
 * thousands may be open.
 */
class BatchWriter implements ScheduledTask {
	readonly #stream: BatchedStream<Message>;
	readonly #answer: StreamAnswer;
	readonly #scheduler: StreamScheduler;

	constructor(stream: BatchedStream<Message>, answer: StreamAnswer, scheduler: StreamScheduler) {
		this.#stream = stream;
		this.#answer = answer;
		this.#scheduler = scheduler;
	}

	/** Asks for a turn. */
	ready(): void {
		this.#scheduler.queue(this);
	}

	/** A turn. Never throws: others wait for theirs. */
	run(): void {
		try {
			this.#takeTurn();
		} catch (error) {
			this.#fail(error);
		}
	}

	#takeTurn(): void {
		const { exchange, sliceBytes } = this.#answer;
		let spentBytes = 0;
		do {
			const bytes = this.#next(sliceBytes);
			if (bytes === undefined) return;
			spentBytes += bytes.byteLength;
			if (!exchange.write(bytes)) {
				void exchange.drained(undefined).then(() => this.ready());
				return;
			}
		} while (spentBytes < sliceBytes && this.#stream.hasMore);
		if (this.#stream.hasMore) this.ready();
		else this.#stream.onReady(this);
	}

	/** Bytes to send next; undefined: none for now, or never again. */
	#next(maxBytes: number): Uint8Array | undefined {
		if (!this.#answer.isOpen) return undefined;
		const messages = this.#stream.take(maxBytes);
		if (messages.length > 0) return this.#answer.encode(messages);
		this.#stream.onReady(this);
		return undefined;
	}

	#fail(error: unknown): void {
		try {
			this.#stream.close();
		} catch (fault) {
			this.#answer.tell(fault);
		}
		this.#answer.fail(error);
	}

	/** The call is broken off: no turn is waited for. */
	leave(reason: unknown): void {
		try {
			this.#stream.close(reason);
			// As interceptors have it.
			this.#stream.take(1);
			this.#answer.fail(reason);
		} catch (error) {
			this.#answer.fail(error);
		}
	}
}

/** Writes a stream that can only be iterated. Resolves when it has ended, or its reader left. */
export async function writeMessages(
	messages: AsyncIterable<Message>,
	answer: StreamAnswer,
	budget: StreamBudget,
): Promise<void> {
	async function* encoded() {
		for await (const message of messages) {
			// Its head could not be sent.
			if (!answer.isOpen) return;
			yield answer.encodeOne(message);
		}
	}
	const { exchange, sliceBytes } = answer;
	await writeBody(exchange, encoded(), { budget, sliceBytes, stallTimeoutMs: undefined });
}
