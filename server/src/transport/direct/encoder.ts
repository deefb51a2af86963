import type { DescMessage, Message, Registry } from "@bufbuild/protobuf";
import { createEnvelope, envelopePrefixBytes } from "../envelope.ts";
import type { TransportObserver } from "../observer.ts";
import type { Form } from "./form.ts";
import { createMessageWriter } from "./message-writer.ts";

/** Makes the bytes of messages. */
export interface Encoder {
	/** The message in an envelope without flags. Not to be changed: it may be shared. */
	encode(schema: DescMessage, message: Message, form: Form): Buffer;
	/**
	 * Messages in their envelopes, one behind the other. Streams that say the same, one after the
	 * other, share these bytes, too.
	 */
	encodeAll(schema: DescMessage, messages: readonly Message[], form: Form): Buffer;
}

/** What an encoder is made with. */
export interface EncoderOptions {
	/**
	 * Messages of these types that are frozen are taken for immutable throughout; where they lie
	 * inside others, singly or in a list, their bytes are put in as they are.
	 */
	readonly sharedTypes: readonly DescMessage[];
	/** Types that a google.protobuf.Any may hold. */
	readonly registry: Registry;
	readonly observer: Pick<TransportObserver, "encoded">;
}

/**
 * An encoder that makes the bytes of shared messages once for each form, whatever the number of
 * readers. They hang on the message and go with it.
 */
export function createEncoder({ sharedTypes, registry, observer }: EncoderOptions): Encoder {
	const shared = new Set(sharedTypes.map(({ typeName }) => typeName));
	const kept = { json: new WeakMap<Message, Buffer>(), binary: new WeakMap<Message, Buffer>() };

	const encode = (schema: DescMessage, message: Message, form: Form): Buffer => {
		if (!shared.has(schema.typeName) || !Object.isFrozen(message)) {
			return createEnvelope(0, write[form](schema, message));
		}
		let envelope = kept[form].get(message);
		if (envelope === undefined) {
			envelope = createEnvelope(0, write[form](schema, message));
			kept[form].set(message, envelope);
			observer.encoded(schema.typeName, form);
		}
		return envelope;
	};
	const write = createMessageWriter({ sharedTypes: shared, registry }, (schema, message, form) =>
		encode(schema, message, form).subarray(envelopePrefixBytes),
	);

	let run: Run = { messages: [], form: "json", bytes: Buffer.alloc(0) };
	return {
		encode,
		encodeAll(schema, messages, form) {
			const [first] = messages;
			if (messages.length === 1 && first !== undefined) return encode(schema, first, form);
			if (form !== run.form || !areSame(messages, run.messages)) {
				const bytes = Buffer.concat(messages.map((message) => encode(schema, message, form)));
				// What may still change is not kept.
				if (!shared.has(schema.typeName) || !messages.every(Object.isFrozen)) return bytes;
				run = { messages, form, bytes };
			}
			return run.bytes;
		},
	};
}

/** What was last written in one go. */
interface Run {
	readonly messages: readonly Message[];
	readonly form: Form;
	readonly bytes: Buffer;
}

function areSame(some: readonly Message[], others: readonly Message[]): boolean {
	return (
		some === others || (some.length === others.length && some.every((one, i) => one === others[i]))
	);
}
