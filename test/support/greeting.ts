import type { ChildProcess } from "node:child_process";
import { until } from "./until.ts";

/** What a program has written so far. */
export interface ProgramOutput {
	readonly child: ChildProcess;
	out: string;
	err: string;
}

/** Collects what a program writes; reads all of it, so that its writer never waits. */
export function collectOutput(child: ChildProcess): ProgramOutput {
	const output: ProgramOutput = { child, out: "", err: "" };
	child.stdout?.on("data", (part) => (output.out += part));
	child.stderr?.on("data", (part) => (output.err += part));
	return output;
}

/**
 * Waits for the service's greeting, whoever started it: npm, a shell or a test.
 * @returns its URL, as in `http://127.0.0.1:40000`
 * @throws with what it wrote where it has ended before
 */
export async function untilGreeted(output: ProgramOutput): Promise<string> {
	await until(
		"the service listens",
		() => output.out.includes("Ctrl-C") || output.child.exitCode !== null,
	);
	const url = /https?:\/\/127\.0\.0\.1:[0-9]+/.exec(output.out)?.[0];
	if (url === undefined || !output.out.includes("Ctrl-C")) throw new Error(output.err);
	return url;
}
