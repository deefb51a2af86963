import { randomUUID } from "node:crypto";

/** Counts of eight hexadecimal digits that V8 holds as small integers: others are slow to write out. */
const firstCount = 0x1000_0000;
const lastCount = 0x7fff_ffff;

let prefix = "";
let count = lastCount;

/**
 * A new request id: a UUID of version 4 whose last eight digits are counted, while the others are
 * random anew every two billion calls. A random one for each call costs several times as much, and
 * nobody relies on an id that cannot be guessed: callers choose theirs.
 */
export function createRequestId(): string {
	if (count === lastCount) {
		prefix = randomUUID().slice(0, -8);
		count = firstCount;
	}
	return prefix + (count++).toString(16);
}
