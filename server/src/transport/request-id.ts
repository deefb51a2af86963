import { randomUUID } from "node:crypto";

/** The part of a UUID of version 4 that is random here, and once for the process. */
const prefix = randomUUID().slice(0, 24);
/** All counts have twelve digits. */
const firstCount = 2 ** 44;
const endCount = 2 ** 48;
let count = firstCount;

/**
 * A new request id: a UUID whose last twelve digits are counted. A random one for each call costs
 * several times as much, and nobody relies on an id that cannot be guessed: callers choose theirs.
 */
export function createRequestId(): string {
	count = count + 1 < endCount ? count + 1 : firstCount;
	return prefix + count.toString(16);
}
