import { open } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createApiKey, hashApiKey } from "../auth/api-keys/api-key.ts";
import {
	type ApiKeyEntry,
	formatKeyLine,
	namesProblem,
	parseTime,
} from "../auth/api-keys/key-file.ts";
import type { Clock } from "../clock.ts";

/** What a command has to say. */
export interface CommandResult {
	readonly out: string;
	readonly err: string;
	readonly isGood: boolean;
}

const dayMs = 24 * 60 * 60 * 1_000;

export const tokenHelp = `Usage: wukong-server token create --name <name> [options]

Makes an API key for the file of --auth-tokens-file. It is printed once; the file has its SHA-256 only.

Options:
  --name <name>      Name of the caller, as in ci.
  --groups <names>   Groups of the caller, separated by commas.
  --expires <time>   When the key expires: days as in 90d, or a time as in 2027-01-31T12:00:00Z. (default: never)
  --append <file>    Adds the line to this file, and prints the key alone.
  -h, --help         Print this and end.
`;

/**
 * Runs `wukong-server token`.
 * @param argv the words after `token`
 */
export async function runTokenCommand(
	argv: readonly string[],
	clock: Pick<Clock, "nowMs">,
): Promise<CommandResult> {
	let given: ReturnType<typeof parse>;
	try {
		given = parse(argv);
	} catch (error) {
		return failed((error as Error).message);
	}
	const { values, positionals } = given;
	if (values.help === true) return { out: tokenHelp, err: "", isGood: true };
	if (positionals.join(" ") !== "create") return failed("the only command is: token create");
	const { name, append } = values;
	if (name === undefined) return failed("--name is missing");
	const groups = values.groups === undefined ? [] : values.groups.split(",");
	const problem = namesProblem(name, groups);
	if (problem !== undefined) return failed(problem);
	const expireTimeMs = expiryOf(values.expires, clock.nowMs());
	if (Number.isNaN(expireTimeMs)) {
		return failed(
			"--expires is to be days as in 90d, or a time to come as in 2027-01-31T12:00:00Z",
		);
	}
	const key = createApiKey();
	const entry: ApiKeyEntry = { name, groups, expireTimeMs, sha256: hashApiKey(key) };
	const line = formatKeyLine(entry);
	if (append === undefined) {
		const out = `The key, which is shown this once:\n\n  ${key}\n\nIts line for the file of --auth-tokens-file:\n\n  ${line}\n`;
		return { out, err: "", isGood: true };
	}
	try {
		await appendLine(append, line);
	} catch (error) {
		return failed(`${append} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
	}
	return { out: `${key}\n`, err: "", isGood: true };
}

function parse(argv: readonly string[]) {
	const value = { type: "string" } as const;
	return parseArgs({
		args: [...argv],
		allowPositionals: true,
		options: {
			...{ name: value, groups: value, expires: value, append: value },
			help: { type: "boolean", short: "h" },
		},
	});
}

function failed(problem: string): CommandResult {
	return { out: "", err: `wukong-server token: ${problem}\n`, isGood: false };
}

/** @returns NaN where it is no time to come */
function expiryOf(text: string | undefined, nowMs: number): number | undefined {
	if (text === undefined) return undefined;
	const days = /^([1-9][0-9]{0,4})d$/.exec(text)?.[1];
	const timeMs = days === undefined ? parseTime(text) : nowMs + Number(days) * dayMs;
	return timeMs > nowMs ? timeMs : Number.NaN;
}

/** Appends a line of its own, also where the file's last one has no end. */
async function appendLine(file: string, line: string): Promise<void> {
	// Who else may read it is the operator's to say; names and groups need not be everybody's.
	const handle = await open(file, "a+", 0o600);
	try {
		const { size } = await handle.stat();
		const last = Buffer.alloc(1);
		if (size > 0) await handle.read(last, 0, 1, size - 1);
		const isOpen = size > 0 && last.toString() !== "\n";
		await handle.appendFile(`${isOpen ? "\n" : ""}${line}\n`);
	} finally {
		await handle.close();
	}
}
