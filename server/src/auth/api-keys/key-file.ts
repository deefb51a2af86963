import { nameProblem } from "../names.ts";
import { PolledFileError } from "../polled-file.ts";

/** An API key, as its line has it. */
export interface ApiKeyEntry {
	/** SHA-256 of the key, in lower-case hexadecimal. */
	readonly sha256: string;
	readonly name: string;
	readonly groups: readonly string[];
	/** In milliseconds since 1970; undefined: it does not expire. */
	readonly expireTimeMs: number | undefined;
}

const maxKeys = 10_000;
/** Faults that one message names; more would only hide the first ones. */
const maxFaults = 10;

/** Writes the line of a key, as in `name=ci groups=ops,dev expires=2027-01-01T00:00:00Z sha256=…`. */
export function formatKeyLine({ name, groups, expireTimeMs, sha256 }: ApiKeyEntry): string {
	return [
		`name=${name}`,
		...(groups.length === 0 ? [] : [`groups=${groups.join(",")}`]),
		...(expireTimeMs === undefined ? [] : [`expires=${new Date(expireTimeMs).toISOString()}`]),
		`sha256=${sha256}`,
	].join(" ");
}

/**
 * Parses a file of API keys: a key on each line; empty lines, and those that begin with `#`, are
 * passed over.
 * @param file its name, for the message
 * @throws PolledFileError which names the lines at fault, and repeats nothing of them
 */
export function parseKeyFile(text: string, file: string): ApiKeyEntry[] {
	const entries: ApiKeyEntry[] = [];
	const lineOf = new Map<string, number>();
	const faults: string[] = [];
	for (const [at, line] of text.split(/\r?\n/).entries()) {
		const words = line.trim();
		if (words === "" || words.startsWith("#")) continue;
		const parsed = parseLine(words);
		const earlier = typeof parsed === "string" ? undefined : lineOf.get(parsed.sha256);
		if (typeof parsed === "string") faults.push(`line ${at + 1}: ${parsed}`);
		else if (earlier !== undefined) {
			faults.push(`line ${at + 1}: the key of line ${earlier} stands here again`);
		} else {
			lineOf.set(parsed.sha256, at + 1);
			entries.push(parsed);
		}
	}
	if (entries.length > maxKeys) faults.push(`there are more than ${maxKeys} keys`);
	if (faults.length === 0) return entries;
	const more = faults.length > maxFaults ? `; and ${faults.length - maxFaults} more` : "";
	throw new PolledFileError(`${file}: ${faults.slice(0, maxFaults).join("; ")}${more}`);
}

const fieldNames = ["name", "groups", "expires", "sha256"] as const;
type FieldName = (typeof fieldNames)[number];

/** @returns a text: what is wrong */
function parseLine(line: string): ApiKeyEntry | string {
	const fields: Partial<Record<FieldName, string>> = {};
	for (const word of line.split(/\s+/)) {
		const name = fieldNames.find((known) => word.startsWith(`${known}=`));
		if (name === undefined) return `each word is to begin with one of ${fieldNames.join("=, ")}=`;
		if (fields[name] !== undefined) return `${name} stands here twice`;
		fields[name] = word.slice(name.length + 1);
	}
	const { name, groups, expires, sha256 } = fields;
	if (name === undefined || sha256 === undefined) return "name and sha256 are to be there";
	if (!/^[0-9a-f]{64}$/i.test(sha256)) return "sha256 is to have 64 hexadecimal digits";
	const given = groups === undefined ? [] : groups.split(",");
	const problem = namesProblem(name, given);
	if (problem !== undefined) return problem;
	const expireTimeMs = expires === undefined ? undefined : parseTime(expires);
	if (Number.isNaN(expireTimeMs)) return "expires is to be a time as in 2027-01-31T12:00:00Z";
	return { name, groups: given, expireTimeMs, sha256: sha256.toLowerCase() };
}

/** Finds what is wrong with the name and the groups of a caller; undefined: nothing. */
export function namesProblem(name: string, groups: readonly string[]): string | undefined {
	const ofName = nameProblem(name);
	if (ofName !== undefined) return `name ${ofName}`;
	for (const group of groups) {
		const problem = nameProblem(group);
		if (problem !== undefined) return `a group ${problem}`;
	}
	return undefined;
}

/** Parses a time of RFC 3339; NaN: it is none. */
export function parseTime(text: string): number {
	const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(text);
	return isTime ? Date.parse(text) : Number.NaN;
}
