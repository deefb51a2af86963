/**
 * The token that every message inside a snapshot carries: nothing complete was
 * sent yet, a resume from it starts over.
 */
export const startOver = "start-over";

/** The public form of a version: at most 256 of `[A-Za-z0-9._~-]`, opaque to clients. */
export function formatVersion(version: bigint): string {
	return version.toString();
}

/**
 * Reads a version as clients send it back.
 * @returns undefined where the text is none of ours.
 */
export function parseVersion(text: string): bigint | undefined {
	return /^(0|[1-9][0-9]{0,38})$/.test(text) ? BigInt(text) : undefined;
}
