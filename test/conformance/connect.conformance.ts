import { expect, test } from "vitest";
import { thoseThatFailAgain } from "./repeated-run.ts";
import { runSuite } from "./suite-run.ts";

/** Fewer would mean that a change of config.yaml took some away. */
const leastCases = 5_256;

test("Connect, gRPC and gRPC-Web on HTTP/1.1, h2c and TLS pass the Connect conformance suite", async ({
	annotate,
}) => {
	/** Of the fullest run: the cases of a server that started too late for the runner are not counted. */
	let cases = 0;
	const run = async () => {
		const { passed, failures } = await runSuite();
		cases = Math.max(cases, passed + failures.length);
		await annotate(`${passed} cases passed, ${failures.length} failed`);
		return failures;
	};
	const namesOf = (texts: readonly string[]) => texts.map((text) => text.split("\n", 1)[0] ?? "");
	const first = await run();
	const failed = await thoseThatFailAgain(namesOf(first), async () => namesOf(await run()));
	expect(failed, first.join("\n")).toEqual([]);
	expect(cases).toBeGreaterThanOrEqual(leastCases);
});
