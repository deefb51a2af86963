import { expect, test } from "vitest";
import { runSuite } from "./suite-run.ts";

/** Fewer would mean that a change of config.yaml took some away. */
const leastCases = 5_256;

test("Connect, gRPC and gRPC-Web on HTTP/1.1, h2c and TLS pass the Connect conformance suite", async ({
	annotate,
}) => {
	const { passed, failures } = await runSuite();
	await annotate(`${passed} cases passed, ${failures.length} failed`);
	expect(failures).toEqual([]);
	expect(passed).toBeGreaterThanOrEqual(leastCases);
});
