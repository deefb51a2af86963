import { expect, test } from "vitest";
import { thoseThatFailAgain } from "./repeated-run.ts";
import { runSuite } from "./suite-run.ts";

/** Fewer would mean that a change of config.yaml took some away. */
const leastCases = 5_256;

test("Connect, gRPC and gRPC-Web on HTTP/1.1, h2c and TLS pass the Connect conformance suite", async ({
	annotate,
}) => {
	const { passed, failures } = await runSuite();
	await annotate(`${passed} cases passed, ${failures.length} failed at first`);
	const namesOf = (texts: readonly string[]) => texts.map((text) => text.split("\n", 1)[0] ?? "");
	const failed = await thoseThatFailAgain(namesOf(failures), async () =>
		namesOf((await runSuite()).failures),
	);
	expect(failed, failures.join("\n")).toEqual([]);
	expect(passed + failures.length).toBeGreaterThanOrEqual(leastCases);
});
