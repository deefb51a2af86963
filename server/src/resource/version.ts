/**
 * The token that every message inside a snapshot carries: nothing complete was
 * sent yet, a resume from it starts over.
 */
export const startOver = "start-over";

/** One place of a version: a position in the history of one kind of upstream object. */
export interface VersionPlace {
	/** Everything up to this one was sent, but for what is withheld. */
	readonly position: bigint;
	/** Where a replay begins, if it is not at `position`: right before the oldest withheld change. */
	readonly replayAfter: bigint | undefined;
}

/** A version as it is written. Places of different kinds are never compared. */
export interface Version {
	/** One to four, a kind each, always in the same order. */
	readonly places: readonly [VersionPlace, ...VersionPlace[]];
	/** What stands behind the places, such as the hash of an object's content; empty: nothing. */
	readonly suffix: string;
}

const number = "(?:0|[1-9][0-9]{0,38})";
const place = `${number}(?:\\.${number})?`;
const pattern = new RegExp(`^(${place}(?:~${place}){0,3})(?:-([A-Za-z0-9._~-]+))?$`);
const plainPattern = new RegExp(`^${number}$`);
/** 64 bits in hexadecimal digits: other suffixes begin with a letter beyond f. */
const hashPattern = /^[^-]*-[0-9a-f]{16}$/;

const setPattern = /-s[0-9a-f]{16}$/;

/** Longest text of a version, in characters. */
const maxVersionLength = 256;

/** The public form of a version of one place: opaque to clients, of `[A-Za-z0-9._~-]`. */
export function formatVersion(version: bigint): string {
	return version.toString();
}

/**
 * Reads a version of one place, a number, with nothing behind it: all that this process writes.
 * @returns undefined for any other text
 */
export function parsePlainVersion(text: string): bigint | undefined {
	return plainPattern.test(text) ? BigInt(text) : undefined;
}

/**
 * Reads a version as clients send it back: one to four places joined by `~`, each a number or two
 * joined by `.`, then optionally `-` and a suffix.
 * @returns undefined where the text is none
 */
export function parseVersion(text: string): Version | undefined {
	if (text.length > maxVersionLength) return undefined;
	const found = pattern.exec(text);
	if (found === null) return undefined;
	const [, placesText = "", suffix = ""] = found;
	const [first = "", ...others] = placesText.split("~");
	return { places: [parsePlace(first), ...others.map(parsePlace)], suffix };
}

/** Returns a version without the suffix that may stand behind its places. */
export function placesIn(text: string): string {
	return text.split("-", 1)[0] ?? "";
}

/**
 * Returns the end of a version that was given for a set of namespaces (`NamespaceSet`); empty: it was
 * given for all, or for one.
 */
export function setSuffixIn(text: string): string {
	return setPattern.exec(text)?.[0] ?? "";
}

/**
 * Returns a version without the suffix if that says nothing about where to resume: the hash that a VM's
 * version ends in. Any other suffix stays.
 */
export function withoutHash(text: string): string {
	return hashPattern.test(text) ? placesIn(text) : text;
}

function parsePlace(text: string): VersionPlace {
	const [position = "", replayAfter] = text.split(".");
	return {
		position: BigInt(position),
		replayAfter: replayAfter === undefined ? undefined : BigInt(replayAfter),
	};
}
