import { join } from "node:path";
import { root } from "../../scripts/source-files.ts";
import { outputOf } from "./programs.ts";

/** What the Connect conformance runner found. */
export interface SuiteRun {
	readonly passed: number;
	/** Names of the cases with what was wrong, as the runner puts it. */
	readonly failures: readonly string[];
}

/** Two at a time, not four: some cases judge by the clock, and most machines that test have two cores to spare. */
const twoAtATime = ["--max-servers", "2"];

/** Each for itself, so that nothing but the machine's other work is in its way. */
const oneByOne = ["--max-servers", "1", "--parallel", "1"];

/**
 * Runs the suite on our port, which the runner starts anew for each protocol, version of HTTP, and
 * TLS or not. No case is named as known to fail, or as flaky.
 *
 * @param only names of the cases to run, one after the other. Default: all, several at a time
 * @throws what the runner wrote where it did not come to a count.
 */
export async function runSuite(only: readonly string[] = []): Promise<SuiteRun> {
	const folder = join(root, "test/conformance");
	const server = [process.execPath, join(folder, "server/main.ts")];
	const options = ["--mode", "server", "--conf", join(folder, "config.yaml")];
	options.push(...(only.length === 0 ? twoAtATime : oneByOne));
	options.push(...only.flatMap((name) => ["--run", name]));
	return parseOutput(await outputOf("connectconformance", [...options, "--", ...server]));
}

function parseOutput(output: string): SuiteRun {
	const count = /^(\d+) passed, (\d+) failed$/m.exec(output);
	if (count === null) throw new Error(`the runner did not finish:\n${output.slice(-4_000)}`);
	const failures = output.match(/^FAILED: .*(?:\n\t.*)*/gm) ?? [];
	if (failures.length !== Number(count[2])) throw new Error(`the runner counts ${count[0]}`);
	return { passed: Number(count[1]), failures };
}
