import type { Message } from "@bufbuild/protobuf";
import type { Exchange } from "../exchange.ts";
import type { Share } from "../fairness.ts";
import { writeBody } from "../writer.ts";
import type { SlicedStream } from "./sliced-stream.ts";

/** Where the messages of a stream go. */
export interface StreamOutput {
	readonly exchange: Exchange;
	readonly share: Share;
	/** Bytes that the stream writes before others have their turn. */
	readonly sliceBytes: number;
	/** A message, from what an implementation gives. */
	toMessage(init: unknown): Message;
	/** Messages in their envelopes, one behind the other. */
	encode(messages: readonly Message[]): Uint8Array;
}

/**
 * Writes a stream slice by slice, each in its turn. A reader that takes nothing costs a place in
 * the stream and what is on its way to it: nothing is taken before there is room.
 * @param finish called once, with what ended the stream
 */
export function writeSlices(
	stream: SlicedStream<Message>,
	{ exchange, share, sliceBytes, encode }: StreamOutput,
	finish: (error: unknown) => void,
): void {
	const wait = () => share.queue(turn);
	const turn = () => {
		let spentBytes = 0;
		while (spentBytes < sliceBytes) {
			if (exchange.departure.happened) return;
			let bytes: Uint8Array;
			try {
				const messages = stream.take(sliceBytes);
				if (messages.length === 0) return stream.onReady(wait);
				bytes = encode(messages);
			} catch (error) {
				stream.close();
				return finish(error);
			}
			spentBytes += bytes.byteLength;
			if (!exchange.write(bytes)) return void exchange.drained(undefined).then(wait);
		}
		wait();
	};
	exchange.departure.on(() => {
		stream.close();
		finish(undefined);
	});
	if (exchange.departure.happened) stream.close();
	else turn();
}

/** Writes a stream that can only be iterated. Resolves when it has ended, or its reader left. */
export async function writeMessages(
	messages: AsyncIterable<Message>,
	{ exchange, share, sliceBytes, toMessage, encode }: StreamOutput,
): Promise<void> {
	async function* encoded() {
		for await (const message of messages) yield encode([toMessage(message)]);
	}
	await writeBody(exchange, encoded(), { share, sliceBytes, stallTimeoutMs: undefined });
}
