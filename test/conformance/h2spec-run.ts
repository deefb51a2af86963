import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputOf } from "./programs.ts";

/** What h2spec found. Cases are named by section and title. */
export interface H2specRun {
	/** All cases, those that were passed over included. */
	readonly cases: readonly string[];
	readonly failed: readonly string[];
}

/** Time for an answer, in seconds. Its default is 2; a loaded machine must not fail a case. */
const timeoutSeconds = 5;

/**
 * Runs every case of h2spec but the strict ones on a port of this machine.
 *
 * @throws what h2spec wrote where it did not come to a report.
 */
export async function runH2spec(portNumber: number, isSecure: boolean): Promise<H2specRun> {
	const folder = await mkdtemp(join(tmpdir(), "wukong-h2spec-"));
	try {
		const report = join(folder, "report.xml");
		const target = ["--port", String(portNumber), ...(isSecure ? ["--tls", "--insecure"] : [])];
		const rest = ["--timeout", String(timeoutSeconds), "--junit-report", report];
		const output = await outputOf("h2spec", [...target, ...rest]);
		const xml = await readFile(report, "utf8").catch(() => "");
		if (!xml.includes("</testsuites>")) throw new Error(`h2spec did not finish:\n${output}`);
		return parseReport(xml);
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** JUnit's form: the element of a case that passed is empty. */
function parseReport(xml: string): H2specRun {
	const elements = xml.matchAll(
		/<testcase package="(.*?)" classname="(.*?)"[^>]*>(.*?)<\/testcase>/gs,
	);
	const cases: string[] = [];
	const failed: string[] = [];
	for (const [, section, title, outcome = ""] of elements) {
		cases.push(`${section}: ${title}`);
		if (/<(?:error|failure)\b/.test(outcome)) failed.push(`${section}: ${title}`);
	}
	return { cases, failed };
}
