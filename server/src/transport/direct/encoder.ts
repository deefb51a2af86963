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
	 * Messages in their envelopes, one behind the other. Streams that say the same share these bytes,
	 * too, where they are given the same frozen array.
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
			// A piece of Node's pool would hold all 64 KiB of it for as long as the message lives.
			envelope = createEnvelope(0, write[form](schema, message), Buffer.allocUnsafeSlow);
			kept[form].set(message, envelope);
			observer.encoded(schema.typeName, form);
		}
		return envelope;
	};
	const write = createMessageWriter({ sharedTypes: shared, registry }, (schema, message, form) =>
		encode(schema, message, form).subarray(envelopePrefixBytes),
	);

	const runs = {
		json: new WeakMap<readonly Message[], Buffer>(),
		binary: new WeakMap<readonly Message[], Buffer>(),
	};

	/** A burst goes to one stream after the other: what was asked for last is asked for next. */
	let last: Run | undefined;

	const join = (schema: DescMessage, messages: readonly Message[], form: Form) =>
		Buffer.concat(messages.map((message) => encode(schema, message, form)));
	return {
		encode,
		encodeAll(schema, messages, form) {
			if (messages === last?.messages && form === last.form) return last.bytes;
			let bytes = runs[form].get(messages);
			if (bytes === undefined) {
				const only = messages.length === 1 ? messages[0] : undefined;
				bytes = only === undefined ? join(schema, messages, form) : encode(schema, only, form);
				if (!isImmutable(schema, messages)) return bytes;
				runs[form].set(messages, bytes);
			}
			last = { messages, form, bytes };
			return bytes;
		},
	};

	/** What may still change is not kept. */
	function isImmutable({ typeName }: DescMessage, messages: readonly Message[]): boolean {
		return shared.has(typeName) && Object.isFrozen(messages) && messages.every(Object.isFrozen);
	}
}

/** The bytes of messages that are immutable. */
interface Run {
	readonly messages: readonly Message[];
	readonly form: Form;
	readonly bytes: Buffer;
}
