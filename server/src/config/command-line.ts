import { Command } from "commander";
import { environmentName, type Option } from "./option.ts";

/** Contents of a command line, not yet validated. */
export interface CommandLine {
	/** Texts by flag name; true for a switch, or where a value is missing. */
	readonly values: ReadonlyMap<string, string | true>;
	/** Flags that no option has. */
	readonly unknownFlags: readonly string[];
	/** Words without a flag. */
	readonly extraWords: readonly string[];
	readonly helpWanted: boolean;
	/** What `--help` prints. */
	readonly help: string;
}

/** Splits a command line by the flags of a table; never fails and prints nothing. */
export function readCommandLine(
	argv: readonly string[],
	options: readonly Option<unknown>[],
): CommandLine {
	// Values are optional for commander and missing ones are found later, so that all faults of a
	// command line are reported at once.
	const command = new Command("wukong-server")
		.description("WukongService over gRPC, gRPC-Web, Connect and JSON on one port.")
		.helpOption(false)
		.allowUnknownOption()
		.allowExcessArguments()
		.addHelpText(
			"after",
			"\nwukong-server token create makes an API key; see wukong-server token --help.",
		)
		.addHelpText("after", "\nA flag wins over the environment, the environment over the default.");
	for (const option of options) command.option(flagsOf(option), describe(option));
	command.option("-h, --help", "Print this and end.");
	command.parse(argv, { from: "user" });

	const given = command.opts<Record<string, string | true>>();
	const { unknownFlags, extraWords } = sortLeftovers(command.args);
	return {
		values: new Map(
			options.flatMap(({ flag }) => {
				const value = given[camelCase(flag)];
				return value === undefined ? [] : [[flag, value] as const];
			}),
		),
		unknownFlags,
		extraWords,
		helpWanted: given.help === true,
		help: helpOf(command),
	};
}

function flagsOf({ flag, placeholder }: Option<unknown>): string {
	return placeholder === undefined ? `--${flag}` : `--${flag} [${placeholder}]`;
}

function describe(option: Option<unknown>): string {
	const { defaultValue, unit } = option;
	const shown = Array.isArray(defaultValue) ? defaultValue.join(",") : String(defaultValue);
	const value = shown === "" ? "none" : `${shown} ${unit}`.trim();
	return `${option.description} (default: ${value}, env: ${environmentName(option)})`;
}

/** Sorts words without a known flag. The word after an unknown flag is most likely its value. */
function sortLeftovers(words: readonly string[]) {
	const isFlag = (word: string | undefined) => word?.startsWith("-") ?? false;
	const mayTakeValue = (word: string | undefined) => isFlag(word) && !word?.includes("=");
	return {
		unknownFlags: words.filter(isFlag).map((word) => word.split("=", 1)[0] ?? word),
		extraWords: words.filter((word, index) => !isFlag(word) && !mayTakeValue(words[index - 1])),
	};
}

function helpOf(command: Command): string {
	let text = "";
	command
		.configureHelp({ optionTerm: ({ flags }) => flags.replace("[", "<").replace("]", ">") })
		.configureOutput({
			writeOut: (part) => {
				text += part;
			},
		});
	command.outputHelp();
	return text;
}

function camelCase(flag: string): string {
	return flag.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
