import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testSeed } from "../support/seed.ts";
import { asks } from "./ask-arbitrary.ts";
import { differingAspects, explaining, report, unexplained } from "./comparison.ts";
import { isBegun } from "./difference.ts";
import { differences } from "./differences.ts";
import { type Messages, probeMessages, realMessages } from "./messages.ts";
import { createProbeService } from "./probe-service.ts";
import { startRealService } from "./real-service.ts";
import { openWays, type Served, type Ways } from "./ways.ts";

const seed = testSeed;
/** Requests to each service. */
const runs = Number(process.env.WUKONG_DIFFERENTIAL_RUNS ?? 1_500);

const probe: Served = { service: createProbeService(), interceptors: [], cacheableTypes: [] };
let real: Awaited<ReturnType<typeof startRealService>>;
let ways: { readonly probe: Ways; readonly real: Ways };

beforeAll(async () => {
	real = await startRealService();
	ways = { probe: await openWays(probe), real: await openWays(real) };
});
afterAll(async () => {
	await Promise.all([ways.probe.close(), ways.real.close()]);
	await real.close();
});

/** Asks generated requests; counts those that both ways have let through. */
async function compare(service: keyof typeof ways, messages: Messages): Promise<number> {
	let served = 0;
	const sameAnswers = fc.asyncProperty(asks(messages), async (ask) => {
		const both = await ways[service].ask(ask);
		const aspects = unexplained(ask, both);
		if (aspects.length > 0) throw new Error(report(ask, both, aspects));
		if (isBegun(both.direct) && isBegun(both.universal)) served++;
	});
	await fc.assert(sameAnswers, { seed, numRuns: runs });
	return served;
}

describe(`${runs} generated requests get one answer both ways, but for the table (seed ${seed})`, () => {
	test("from a service with metadata, failures and streams of all kinds", async () => {
		expect(await compare("probe", probeMessages)).toBeGreaterThan(runs / 4);
	}, 300_000);

	test("from WukongService", async () => {
		expect(await compare("real", realMessages)).toBeGreaterThan(runs / 8);
	}, 300_000);
});

describe("the table holds nothing that is gone", () => {
	test.each(differences)("$name: $reason", async (difference) => {
		const { example, aspects } = difference;
		const both = await ways.probe.ask(example);
		expect(explaining(example, both)).toContain(difference);
		expect(differingAspects(both).filter((aspect) => aspects.includes(aspect))).not.toEqual([]);
		expect(unexplained(example, both)).toEqual([]);
	});
});

test("answers to two requests are not explained away as one", async () => {
	const [first, ...others] = fc.sample(asks({ GetWukong: probeMessages.GetWukong ?? [] }), {
		seed: 1,
		numRuns: 200,
	});
	if (first === undefined) throw new Error("there is one");
	let { direct } = await ways.probe.ask(first);
	// Refusals are alike, whatever was asked for.
	while (!isBegun(direct)) ({ direct } = await ways.probe.ask(others.shift() ?? first));
	let found = 0;
	for (const other of others) {
		const { universal } = await ways.probe.ask(other);
		if (unexplained(other, { direct, universal }).length > 0) found++;
	}
	expect(found).toBeGreaterThan(others.length / 2);
});
