import type { Codec } from "./codec.ts";

/** Bytes of messages that are kept to be sent again. */
export interface Encodings {
	/** The bytes of this very object in a form; undefined: they are not kept. */
	find(key: object, codec: Codec): Buffer | undefined;
	/** Keeps the bytes of an object that never changes. */
	keep(key: object, codec: Codec, bytes: Buffer): void;
	/** Nobody is likely to ask for these bytes again. */
	forget(key: object): void;
}

/** How much is kept. */
export interface EncodingsOptions {
	/** Bytes of messages and arrays, and of what it takes to find them. Default: 128 MiB. */
	readonly maxBytes?: number;
	/** The same of what is past: a state that was superseded, or messages in a row. Default: 16 MiB. */
	readonly maxPastBytes?: number;
	/** True for a message of which few will ask for the bytes. Default: none. */
	readonly isPast?: (message: object) => boolean;
}

/** Makes a memory of bytes that has a bound in bytes, whatever callers ask for. */
export function createEncodings({
	maxBytes = 128 * 1_024 * 1_024,
	maxPastBytes = 16 * 1_024 * 1_024,
	isPast = () => false,
}: EncodingsOptions = {}): Encodings {
	const present = new Generations(maxBytes);
	const past = new Generations(maxPastBytes);
	return {
		find: (key, codec) => present.find(key, codec) ?? past.find(key, codec),
		keep(key, codec, bytes) {
			const where = Array.isArray(key) || isPast(key) ? past : present;
			where.keep(key, codec, bytes);
		},
		forget(key) {
			present.forget(key);
			past.forget(key);
		},
	};
}

type Generation = Readonly<Record<Codec, WeakMap<object, Buffer>>>;

/** What a buffer and its place in a map take besides its bytes. */
const overheadBytes = 256;

/**
 * Bytes in two generations. Once the young one has half of what may be kept, it becomes the old
 * one, and what nobody has asked for since is forgotten, all at once: a find costs no more than a
 * look-up. Bytes go with their object, too. A class: a find is the hottest path of all reads.
 */
class Generations {
	readonly #maxBytes: number;
	#young: Generation = createGeneration();
	#old: Generation = createGeneration();
	#youngBytes = 0;

	constructor(maxBytes: number) {
		this.#maxBytes = maxBytes / 2;
	}

	find(key: object, codec: Codec): Buffer | undefined {
		const bytes = this.#young[codec].get(key);
		if (bytes !== undefined) return bytes;
		const oldBytes = this.#old[codec].get(key);
		if (oldBytes !== undefined) this.keep(key, codec, oldBytes);
		return oldBytes;
	}

	keep(key: object, codec: Codec, bytes: Buffer): void {
		const taken = bytes.byteLength + overheadBytes;
		if (taken > this.#maxBytes) return;
		if (this.#youngBytes + taken > this.#maxBytes) {
			this.#old = this.#young;
			this.#young = createGeneration();
			this.#youngBytes = 0;
		}
		this.#young[codec].set(key, bytes);
		this.#youngBytes += taken;
	}

	forget(key: object): void {
		for (const codec of codecs) {
			const bytes = this.#young[codec].get(key);
			if (bytes !== undefined) this.#youngBytes -= bytes.byteLength + overheadBytes;
			this.#young[codec].delete(key);
			this.#old[codec].delete(key);
		}
	}
}

const codecs = ["json", "binary"] as const;

function createGeneration(): Generation {
	return { json: new WeakMap(), binary: new WeakMap() };
}
