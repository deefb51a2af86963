/** A parsed value, or what is wrong with the text. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** Reads one option's text. A problem ends the sentence "--flag ...". */
export type Parse<T> = (text: string) => Parsed<T>;

/** One line of the options table. */
export interface Option<T> {
	/** Name of the flag without dashes. The environment name follows from it. */
	readonly flag: string;
	/** What stands for the value in the help; undefined for a switch, which takes none. */
	readonly placeholder: string | undefined;
	readonly defaultValue: T;
	/** As in "ms"; empty where the value has none. */
	readonly unit: string;
	/** For people: what it is, and what special values mean. */
	readonly description: string;
	readonly parse: Parse<T>;
}

/** The environment name of an option: `--shutdown-grace-ms` is WUKONG_SHUTDOWN_GRACE_MS. */
export function environmentName({ flag }: { readonly flag: string }): string {
	return `${environmentPrefix}${flag.replaceAll("-", "_").toUpperCase()}`;
}

/** All environment names begin with it. */
export const environmentPrefix = "WUKONG_";

/** Any text but the empty one. */
export const parseText: Parse<string> = (text) =>
	text === "" ? { problem: "must not be empty" } : { value: text };

/** A switch of the environment. */
export const parseSwitch: Parse<boolean> = (text) => {
	if (text === "true" || text === "1") return { value: true };
	if (text === "false" || text === "0") return { value: false };
	return { problem: "must be true or false" };
};

/** Words with commas between them, at least one. */
export const parseWords: Parse<readonly string[]> = (text) => {
	const value = text
		.split(",")
		.map((word) => word.trim())
		.filter((word) => word !== "");
	return value.length === 0 ? { problem: "must not be empty" } : { value };
};

/** A whole number within limits, both included. */
export function wholeNumber(min: number, max: number): Parse<number> {
	return (text) => {
		const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
		if (value >= min && value <= max) return { value };
		return { problem: `must be a whole number from ${min} to ${max}` };
	};
}

/** One of the given words. */
export function oneOf<const W extends string>(...words: readonly W[]): Parse<W> {
	return (text) => {
		const value = words.find((word) => word === text);
		return value === undefined ? { problem: `must be one of ${words.join(", ")}` } : { value };
	};
}

/** The name of a namespace. */
export const parseDnsLabel: Parse<string> = (text) =>
	/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)
		? { value: text }
		: { problem: "must be a DNS label: at most 63 of a-z, 0-9 and -, no - at the ends" };

/** A file, or `:memory:`; what else begins with a colon is a misspelt one of these. */
export const parseDataPath: Parse<string> = (text) => {
	if (text.startsWith(":") && text !== ":memory:") {
		return {
			problem: "must be a file or :memory:; a file whose name begins with a colon is written ./:",
		};
	}
	if (text.endsWith("/")) return { problem: "must be a file, not a folder" };
	return parseText(text);
};
