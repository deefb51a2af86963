import { beforeAll, describe, expect, test } from "vitest";
import { until } from "../support/until.ts";
import type { Manner } from "./byte-writer.ts";
import { judge } from "./judge.ts";
import type { HostileRow } from "./row.ts";
import { sendHttp1 } from "./send-http1.ts";
import { sendHttp2 } from "./send-http2.ts";
import type { Stage } from "./stage.ts";

const manners: readonly Manner[] = ["whole", "byte by byte"];
const versions = ["HTTP/1.1", "HTTP/2"] as const;

/** One test per row and version of HTTP: sent whole, then byte by byte. */
export function testRows(stage: Stage, rows: readonly HostileRow[]): void {
	beforeAll(stage.takeBase);
	const rowsOver = (version: string) =>
		rows.filter(({ over }) => over === undefined || over === version);
	describe.each(versions.filter((version) => rowsOver(version).length > 0))(
		"over %s",
		(version) => {
			const own = rowsOver(version);
			const send = version === "HTTP/2" ? sendHttp2 : sendHttp1;
			test.each(own.map((row) => [row.id, row.what, row] as const))(
				"%s: %s",
				async (...[, , row]) => {
					const untilText = row.expected.kind === "stream" ? row.expected.contains : undefined;
					const maxLines = maxLogLines(row);
					for (const manner of manners) {
						await expectUnharmed(stage, maxLines, async () => {
							const sending = untilText === undefined ? { manner } : { manner, untilText };
							judge(await send(stage.portNumber, row.request, sending), row);
						});
					}
				},
			);
		},
	);
}

/** A stream that opened has one line for its start and one for its end. */
function maxLogLines({ expected }: HostileRow): number {
	const opens =
		expected.kind === "stream" || (expected.kind === "error" && expected.opens === true);
	return opens ? 2 : 1;
}

/**
 * Runs one input and holds what is true after each: at most `maxLines` in the log, the store as
 * it was, the next good call answered, buffers back to base. That the process lives is shown by
 * all of these.
 */
export async function expectUnharmed(
	stage: Stage,
	maxLines: number,
	run: () => Promise<void>,
): Promise<void> {
	stage.clearLog();
	await run();
	// The end of a stream that its caller left is told a moment later; one that was over before it
	// began has no line for its start.
	const isOver = () => stage.logLines().some((line) => !line.includes("stream started"));
	if (maxLines === 2) await until("its end is logged", isOver);
	expect(await stage.storeVersion()).toBe(stage.facts.storeVersion);
	const lines = stage.logLines();
	expect(lines.length, lines.join("")).toBeLessThanOrEqual(maxLines);
	await until("buffers are back to base", stage.areBuffersFree);
}
