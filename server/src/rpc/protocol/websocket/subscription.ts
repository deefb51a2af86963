import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { MessageSocket } from "../../../http/message-socket.ts";
import type { ScheduledTask, StreamScheduler } from "../../../http/scheduler.ts";
import { type BatchedStream, isBatched } from "../../batched-stream.ts";
import type { Cancellation } from "../../call/cancellation.ts";
import { toMessage } from "../../call/invoke-implementation.ts";
import type { Encoder } from "../../codec/codec.ts";
import { createEventsHead, eventsFraming } from "./server-message.ts";

/** What subscriptions share. */
export interface SubscriptionOptions {
	/** Type of the events. */
	readonly schema: DescMessage;
	readonly encoder: Encoder;
	readonly scheduler: StreamScheduler;
	/** Bytes that a subscription writes before others have their turn. */
	readonly sliceBytes: number;
	/** Reports a fault that changes nothing for the caller. */
	readonly report: (fault: unknown) => void;
}

/** One subscription of a socket. */
export interface SubscriptionStart {
	readonly id: string;
	readonly socket: MessageSocket;
	readonly cancellation: Cancellation;
	/**
	 * Hears the end, once.
	 * @param error whatever ended it; undefined: the stream is complete
	 */
	readonly onEnd: (error: unknown, sentBytes: number) => void;
}

/**
 * Writes the events of one stream to a socket that it shares with others, each in its turn. A reader
 * that stalls costs a place in the stream: nothing is taken before there is room. A class: thousands
 * may be open.
 */
export class Subscription implements ScheduledTask {
	readonly #options: SubscriptionOptions;
	readonly #start: SubscriptionStart;
	/** That of the start: what each delivery needs is at hand. */
	readonly #socket: MessageSocket;
	readonly #head: string;
	/** undefined: the implementation has not answered yet. */
	#stream: BatchedStream<Message> | undefined;
	#sentBytes = 0;
	#isOver = false;

	constructor(start: SubscriptionStart, options: SubscriptionOptions) {
		this.#options = options;
		this.#start = start;
		this.#socket = start.socket;
		this.#head = createEventsHead(start.id);
		start.cancellation.onAbort((reason) => this.#leave(reason));
	}

	/** Takes the stream that the implementation has answered with; once. */
	begin(messages: AsyncIterable<Message>): void {
		if (isBatched(messages)) {
			this.#stream = messages;
			if (this.#isOver) messages.close(this.#start.cancellation.reason);
			else this.ready();
			return;
		}
		this.#iterate(messages).catch((error: unknown) => this.fail(error));
	}

	/** Breaks the subscription off: its reader wants no more. */
	cancel(reason: ConnectError): void {
		this.#start.cancellation.abort(reason);
	}

	/** Ends it with whatever was thrown: that may be `undefined`, too. Harmless when repeated. */
	fail(error: unknown): void {
		this.#finish(error ?? new TypeError("what was thrown is no error"));
	}

	#finish(error: unknown): void {
		if (this.#isOver) return;
		this.#isOver = true;
		const { cancellation, onEnd } = this.#start;
		try {
			this.#stream?.close();
			cancellation.end(error);
		} catch (fault) {
			this.#options.report(fault);
		}
		onEnd(error, this.#sentBytes);
	}

	/** Asks for a turn; whether there is room is looked up then, when its socket is to be touched anyway. */
	ready(): void {
		this.#options.scheduler.queue(this);
	}

	/** Takes a turn. Never throws: others wait for theirs. */
	run(): void {
		try {
			this.#takeTurn();
		} catch (error) {
			this.fail(error);
		}
	}

	#takeTurn(): void {
		const stream = this.#stream;
		const socket = this.#socket;
		const { sliceBytes } = this.#options;
		let spentBytes = 0;
		while (stream !== undefined && !this.#isOver && socket.isOpen) {
			if (!socket.hasRoom) {
				socket.onRoom(this);
				return;
			}
			if (spentBytes >= sliceBytes) {
				this.ready();
				return;
			}
			const messages = stream.take(sliceBytes);
			if (messages.length > 0) spentBytes += this.#send(messages);
			if (messages.length === 0 && stream.isComplete === true) {
				this.#finish(undefined);
				return;
			}
			if (messages.length === 0 || !stream.hasMore) {
				stream.onReady(this);
				return;
			}
		}
	}

	async #iterate(messages: AsyncIterable<Message>): Promise<void> {
		const { schema, scheduler } = this.#options;
		const socket = this.#socket;
		const budget = scheduler.join();
		for await (const init of messages) {
			if (this.#isOver || !socket.isOpen) return;
			const isSpent = budget.spend(this.#send([toMessage(schema, init)]));
			if (!socket.hasRoom) await new Promise<void>((ready) => socket.onRoom({ ready }));
			if (isSpent) await budget.nextTurn();
		}
		this.#finish(undefined);
	}

	#send(messages: readonly Message[]): number {
		const { encoder, schema } = this.#options;
		const bytes = encoder.encodeBatch(schema, messages, eventsFraming);
		this.#socket.send(this.#head, bytes);
		// The id is ASCII.
		this.#sentBytes += this.#head.length + bytes.byteLength;
		return bytes.byteLength;
	}

	#leave(reason: ConnectError): void {
		try {
			this.#stream?.close(reason);
			// Interceptors may replace the reason.
			this.#stream?.take(1);
			this.fail(reason);
		} catch (error) {
			this.fail(error);
		}
	}
}
