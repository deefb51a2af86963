/** A cache of encoded messages. An encoding is named by a codec or by the key of a framing. */
export interface Encodings {
	/** Finds the bytes of this very object in one encoding; undefined: they are not cached. */
	find(key: object, encoding: string): Buffer | undefined;
	/** Caches the bytes of an object that never changes. */
	keep(key: object, encoding: string, bytes: Buffer): void;
	/** Drops the bytes of an object that nobody is likely to ask for again. */
	forget(key: object): void;
}

/** Bounds of the cache. */
export interface EncodingsOptions {
	/** Bytes of messages and batches, with what it takes to find them. Default: 128 MiB. */
	readonly maxBytes?: number;
	/** The same for what is past: a superseded state, or a batch of messages. Default: 16 MiB. */
	readonly maxPastBytes?: number;
	/** Checks whether few will ask for the bytes of a message. Default: never. */
	readonly isPast?: (message: object) => boolean;
}

/** Creates a cache that has a bound in bytes, whatever callers ask for. */
export function createEncodings({
	maxBytes = 128 * 1_024 * 1_024,
	maxPastBytes = 16 * 1_024 * 1_024,
	isPast = () => false,
}: EncodingsOptions = {}): Encodings {
	const present = new Generations(maxBytes);
	const past = new Generations(maxPastBytes);
	return {
		find: (key, encoding) => present.find(key, encoding) ?? past.find(key, encoding),
		keep(key, encoding, bytes) {
			const where = Array.isArray(key) || isPast(key) ? past : present;
			where.keep(key, encoding, bytes);
		},
		forget(key) {
			present.forget(key);
			past.forget(key);
		},
	};
}

/** Bytes by object, by the name of the encoding. */
type Generation = Map<string, WeakMap<object, Buffer>>;

/** Bytes that a buffer and its entry in a map take besides its content. */
const overheadBytes = 256;

/**
 * A cache of two generations. Once the young one has half of what may be kept, it becomes the old
 * one, and what nobody has asked for since is dropped, all at once: a find costs no more than a
 * look-up. Bytes go with their object, too. A class: a find is the hottest path of all reads.
 */
class Generations {
	readonly #maxBytes: number;
	#young: Generation = new Map();
	#old: Generation = new Map();
	#youngBytes = 0;

	constructor(maxBytes: number) {
		this.#maxBytes = maxBytes / 2;
	}

	find(key: object, encoding: string): Buffer | undefined {
		const bytes = this.#young.get(encoding)?.get(key);
		if (bytes !== undefined) return bytes;
		const oldBytes = this.#old.get(encoding)?.get(key);
		if (oldBytes !== undefined) this.keep(key, encoding, oldBytes);
		return oldBytes;
	}

	keep(key: object, encoding: string, bytes: Buffer): void {
		const taken = bytes.byteLength + overheadBytes;
		if (taken > this.#maxBytes) return;
		if (this.#youngBytes + taken > this.#maxBytes) {
			this.#old = this.#young;
			this.#young = new Map();
			this.#youngBytes = 0;
		}
		let entries = this.#young.get(encoding);
		if (entries === undefined) {
			entries = new WeakMap();
			this.#young.set(encoding, entries);
		}
		entries.set(key, bytes);
		this.#youngBytes += taken;
	}

	forget(key: object): void {
		for (const entries of this.#young.values()) {
			const bytes = entries.get(key);
			if (bytes !== undefined) this.#youngBytes -= bytes.byteLength + overheadBytes;
			entries.delete(key);
		}
		for (const entries of this.#old.values()) entries.delete(key);
	}
}
