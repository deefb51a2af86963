import { randomFillSync } from "node:crypto";

const idBytes = 16;

/** Random bytes that are asked for at once: for 256 ids. */
const poolBytes = 256 * idBytes;

/**
 * Makes a source of request ids: UUIDs of version 4 (RFC 9562, 5.4), all of whose free digits are
 * random, so that an id tells nothing about other calls. Random bytes are asked for in bulk: an id
 * costs half of `randomUUID`.
 * @param fillRandom fills its argument. Default: Node's.
 */
export function createRequestIds(
	fillRandom: (bytes: Uint8Array) => void = randomFillSync,
): () => string {
	const pool = Buffer.alloc(poolBytes);
	let digits = "";
	let at = 0;

	const refill = () => {
		fillRandom(pool);
		for (let id = 0; id < poolBytes; id += idBytes) {
			pool[id + 6] = ((pool[id + 6] as number) & 0x0f) | 0x40;
			pool[id + 8] = ((pool[id + 8] as number) & 0x3f) | 0x80;
		}
		digits = pool.toString("hex");
		at = 0;
	};
	return () => {
		if (at === digits.length) refill();
		const from = at;
		const part = (start: number, end: number) => digits.slice(from + start, from + end);
		at += 2 * idBytes;
		return `${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`;
	};
}
