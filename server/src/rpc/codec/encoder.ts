import type { DescMessage, Message, Registry } from "@bufbuild/protobuf";
import type { RpcObserver } from "../observer.ts";
import type { Codec, Encoder, Framing } from "./codec.ts";
import type { Encodings } from "./encodings.ts";
import { createMessageWriter } from "./message-writer.ts";

/** Options of an encoder. */
export interface EncoderOptions {
	/**
	 * Types whose frozen messages are taken for immutable throughout; where they lie inside others,
	 * singly or in a list, their bytes are put in as they are.
	 */
	readonly cacheableTypes: readonly DescMessage[];
	/** Cache of the bytes of shared messages. */
	readonly encodings: Encodings;
	/** Types that a google.protobuf.Any may hold. */
	readonly registry: Registry;
	readonly observer: Pick<RpcObserver, "encoded">;
}

/**
 * Smallest message of a call that is kept in its frame, in bytes. A smaller one is copied in less time than
 * it takes to find; a copy of some 100 kB costs as much as the rest of its call.
 */
const minKeptFrameBytes = 16 * 1_024;

/**
 * Creates an encoder that encodes a shared message once for each codec, whatever the number of its
 * readers and of the framings in which they read it, as long as the bytes are cached.
 */
export function createEncoder(options: EncoderOptions): Encoder {
	const { cacheableTypes, encodings, registry, observer } = options;
	const cacheable = new Set(cacheableTypes.map(({ typeName }) => typeName));
	const write = createMessageWriter({ cacheableTypes: cacheable, registry }, encode);

	/** Framings that have been asked for, by codec: there are as many as protocols have. */
	const framings: Readonly<Record<Codec, Framing[]>> = { binary: [], json: [] };

	function encode(schema: DescMessage, message: Message, codec: Codec): Buffer {
		if (!isCacheable(schema, message)) return asBuffer(write[codec](schema, message));
		let bytes = findBare(message, codec);
		if (bytes === undefined) {
			bytes = asOwnBuffer(write[codec](schema, message));
			encodings.keep(message, codec, bytes);
			observer.encoded(schema.typeName, codec);
		}
		return bytes;
	}

	/** Finds the bytes of a message without a frame: those within the frame of any protocol are the same. */
	function findBare(message: Message, codec: Codec): Buffer | undefined {
		const bytes = encodings.find(message, codec);
		if (bytes !== undefined) return bytes;
		for (const { key, payloadOf } of framings[codec]) {
			const frame = payloadOf && encodings.find(message, key);
			if (frame !== undefined) return payloadOf?.(frame);
		}
		return undefined;
	}

	/**
	 * Frames one message. What streams say is rarely asked for without its frame: that is not kept too.
	 * @param minKeptBytes a smaller message is kept without its frame
	 */
	function frameOne(
		schema: DescMessage,
		messages: readonly Message[],
		{ framing, minKeptBytes }: { readonly framing: Framing; readonly minKeptBytes: number },
	): Buffer {
		const message = messages[0] as Message;
		if (!isCacheable(schema, message)) {
			return framing.frame([asBuffer(write[framing.codec](schema, message))], messages);
		}
		let bytes = encodings.find(message, framing.key);
		if (bytes === undefined) {
			const known = findBare(message, framing.codec);
			const bare = known ?? asBuffer(write[framing.codec](schema, message));
			if (known === undefined) observer.encoded(schema.typeName, framing.codec);
			bytes = framing.frame([bare], messages);
			if (bare.byteLength < minKeptBytes) {
				if (known === undefined) encodings.keep(message, framing.codec, asOwnBuffer(bare));
				return bytes;
			}
			bytes = asOwnBuffer(bytes);
			encodings.keep(message, framing.key, bytes);
			note(framing);
		}
		return bytes;
	}

	function note(framing: Framing): void {
		const noted = framings[framing.codec];
		if (!noted.some(({ key }) => key === framing.key)) noted.push(framing);
	}

	/** A batch goes to one stream after the other: what was asked for last is asked for next. */
	let last: Batch | undefined;

	function frameAll(schema: DescMessage, messages: readonly Message[], framing: Framing): Buffer {
		const encoded = messages.map((message) => encode(schema, message, framing.codec));
		return framing.frame(encoded, messages);
	}

	return {
		encode,
		encodeFramed(schema, message, framing) {
			if (isCacheable(schema, message)) {
				const bare = encodings.find(message, framing.codec);
				if (bare !== undefined && bare.byteLength < minKeptFrameBytes) {
					return framing.frame([bare], [message]);
				}
			}
			return frameOne(schema, [message], { framing, minKeptBytes: minKeptFrameBytes });
		},
		encodeBatch(schema, messages, framing) {
			if (messages === last?.messages && framing === last.framing) return last.bytes;
			let bytes: Buffer | undefined;
			if (messages.length === 1) {
				bytes = frameOne(schema, messages, { framing, minKeptBytes: 0 });
				if (!isCacheableBatch(schema, messages)) return bytes;
			} else {
				bytes = encodings.find(messages, framing.key);
				if (bytes === undefined) {
					bytes = frameAll(schema, messages, framing);
					if (!isCacheableBatch(schema, messages)) return bytes;
					bytes = asOwnBuffer(bytes);
					encodings.keep(messages, framing.key, bytes);
				}
			}
			last = { messages, framing, bytes };
			return bytes;
		},
	};

	function isCacheable({ typeName }: DescMessage, message: Message): boolean {
		return cacheable.has(typeName) && Object.isFrozen(message);
	}

	/** What may still change is not kept. */
	function isCacheableBatch({ typeName }: DescMessage, messages: readonly Message[]): boolean {
		return cacheable.has(typeName) && Object.isFrozen(messages) && messages.every(Object.isFrozen);
	}
}

/** The framed bytes of immutable messages. */
interface Batch {
	readonly messages: readonly Message[];
	readonly framing: Framing;
	readonly bytes: Buffer;
}

/** The same bytes. */
function asBuffer(bytes: Uint8Array): Buffer {
	return Buffer.isBuffer(bytes)
		? bytes
		: Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The same bytes with memory of their own: a piece of Node's pool would hold all 64 KiB of it for as
 * long as it is kept.
 */
function asOwnBuffer(bytes: Uint8Array): Buffer {
	if (bytes.byteLength === bytes.buffer.byteLength) return asBuffer(bytes);
	const own = Buffer.allocUnsafeSlow(bytes.byteLength);
	own.set(bytes);
	return own;
}
