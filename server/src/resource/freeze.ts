/**
 * Freezes a message and all that hangs on it, and returns it. Something frozen
 * already is taken to be frozen through and through, so shared parts cost nothing.
 */
export function freeze<T>(value: T): T {
	// Bytes cannot be frozen; the messages that stores share hold none.
	if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
	if (Object.isFrozen(value)) return value;
	Object.freeze(value);
	for (const part of Object.values(value)) freeze(part);
	return value;
}
