import { readCommandLine } from "./command-line.ts";
import { nearest } from "./nearest.ts";
import { environmentName, environmentPrefix, type Option } from "./option.ts";
import { optionsTable } from "./options-table.ts";
import { relationFaults } from "./relations.ts";
import { isServiceLink } from "./service-links.ts";

type Table = typeof optionsTable;

/** Every option's value; units and defaults are in the options table. Frozen. */
export type Config = {
	readonly [K in keyof Table]: Table[K] extends Option<infer T> ? T : never;
};

/** What comes of a command line and an environment. */
export type ConfigResult =
	| { readonly kind: "config"; readonly config: Config }
	/** The caller asked for help. */
	| { readonly kind: "help"; readonly text: string }
	/** One line for each fault: all of them, so that one try finds them. */
	| { readonly kind: "faults"; readonly faults: readonly string[] };

/** Names of these belong to the tests; the service does not read them. */
const testPrefix = `${environmentPrefix}TEST_`;

const options: readonly Option<unknown>[] = Object.values(optionsTable);

/**
 * Reads the configuration, once. A flag wins over the environment, the environment over the
 * default; an empty environment variable counts as unset, and so does one that is Kubernetes' way to
 * tell of a Service.
 * @param argv the words after the script
 */
export function parseConfig(
	argv: readonly string[],
	environment: { readonly [name: string]: string | undefined },
): ConfigResult {
	const line = readCommandLine(argv, options);
	if (line.helpWanted) return { kind: "help", text: line.help };
	const variables = Object.entries(environment).filter(
		(pair): pair is [string, string] => pair[1] !== undefined && !isServiceLink(pair[0], pair[1]),
	);
	const given = new Map(variables);
	const faults = [
		...line.unknownFlags.map((flag) =>
			unknown(
				flag,
				options.map((option) => `--${option.flag}`),
			),
		),
		...line.extraWords.map((word) => `unexpected word: ${word}`),
		...[...given.keys()]
			.filter(isUnknownVariable)
			.map((name) => unknown(name, options.map(environmentName))),
	];

	const values: Record<string, unknown> = {};
	for (const [key, option] of Object.entries<Option<unknown>>(optionsTable)) {
		const flagValue = line.values.get(option.flag);
		const variable = given.get(environmentName(option)) || undefined;
		const name = flagValue === undefined ? environmentName(option) : `--${option.flag}`;
		const parsed = parseValue(option, flagValue ?? variable);
		if ("problem" in parsed) faults.push(`${name} ${parsed.problem}`);
		else values[key] = parsed.value;
	}
	// Relations are judged where each value is fine by itself; only then do they make sense.
	const config = Object.freeze(values) as Config;
	if (faults.length === 0) faults.push(...relationFaults(config));
	return faults.length > 0 ? { kind: "faults", faults } : { kind: "config", config };
}

function parseValue(option: Option<unknown>, given: string | true | undefined) {
	if (given === undefined) return { value: option.defaultValue };
	if (given !== true) return option.parse(given);
	return option.placeholder === undefined ? { value: true } : { problem: "needs a value" };
}

function isUnknownVariable(name: string): boolean {
	return (
		name.startsWith(environmentPrefix) &&
		!name.startsWith(testPrefix) &&
		!options.some((option) => environmentName(option) === name)
	);
}

function unknown(name: string, known: readonly string[]): string {
	const guess = nearest(name, known);
	return `unknown option: ${name}${guess === undefined ? "" : ` (did you mean ${guess}?)`}`;
}
