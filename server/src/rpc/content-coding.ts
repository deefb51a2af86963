import type { Compression } from "./connect-internals.ts";

/** Names of a list that are looked at: nobody has more compressions. */
const maxListed = 16;

/** Names of one coding (RFC 9110, 8.4.1.3). */
const aliases: ReadonlyMap<string, string> = new Map([["x-gzip", "gzip"]]);

/** A list of codings names none, or only the one that changes nothing (RFC 9110, 8.4.1). */
export function isIdentity(named: string): boolean {
	return named === "" || named === "identity" || codingsIn(named).length === 0;
}

/** The compression that a message says it comes in; undefined: it is not known here, or is several. */
export function findCoding(
	named: string,
	compressions: readonly Compression[],
): Compression | undefined {
	const codings = codingsIn(named);
	return codings.length === 1 ? find(codings[0] as string, compressions) : undefined;
}

/**
 * The compression that an answer's reader likes best (RFC 9110, 12.5.3): by weight, then by place.
 * undefined: none that is known here is taken, or none at all is liked better.
 */
export function chooseAccepted(
	accepted: string,
	compressions: readonly Compression[],
): Compression | undefined {
	let best: Compression | undefined;
	let bestWeight = 0;
	let identityWeight = 0;
	for (const entry of accepted.split(",", maxListed)) {
		const [coding = "", ...parameters] = entry.split(";");
		const weight = weightOf(parameters);
		const name = normalized(coding);
		if (name === "identity") identityWeight = weight;
		const found = weight > bestWeight ? find(name, compressions) : undefined;
		if (found === undefined) continue;
		best = found;
		bestWeight = weight;
	}
	return identityWeight > bestWeight ? undefined : best;
}

/** The weight among a coding's parameters (RFC 9110, 12.4.2); a malformed one takes nothing. */
function weightOf(parameters: readonly string[]): number {
	for (const parameter of parameters) {
		const match = /^[\t ]*q=(.*?)[\t ]*$/i.exec(parameter);
		if (match === null) continue;
		return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(match[1] ?? "") ? Number(match[1]) : 0;
	}
	return 1;
}

function codingsIn(list: string): string[] {
	const names = list.split(",", maxListed).map(normalized);
	return names.filter((name) => name !== "" && name !== "identity");
}

/** Names of codings know no case. */
function normalized(name: string): string {
	const lower = name.replace(/^[\t ]+|[\t ]+$/g, "").toLowerCase();
	return aliases.get(lower) ?? lower;
}

function find(name: string, compressions: readonly Compression[]): Compression | undefined {
	return compressions.find((compression) => compression.name === name);
}
