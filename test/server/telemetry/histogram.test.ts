import fc from "fast-check";
import { Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { createHistogram } from "../../../server/src/telemetry/call-metrics.ts";
import { testSeed } from "../../support/seed.ts";

const buckets = [0.001, 0.1, 1, 30];
const options = { name: "pause_seconds", help: 'Of "all"\\sorts.', labelNames: ["kind"], buckets };
const seed = testSeed;

/** Ours and prom-client's own, each in a registry of its own. */
function createBoth() {
	const registries = [new Registry(), new Registry()] as const;
	const ours = createHistogram(registries[0], options);
	const theirs = new Histogram({ ...options, registers: [registries[1]] });
	return {
		observe(kind: string, value: number) {
			ours([kind]).observe(value);
			theirs.observe({ kind }, value);
		},
		async compare() {
			const [text, meant] = await Promise.all(registries.map((each) => each.metrics()));
			expect(text).toBe(meant);
			const [json, meantJson] = await Promise.all(
				registries.map((each) => each.getMetricsAsJSON()),
			);
			expect(json?.[0]?.values.map(({ value }) => value)).toEqual(
				meantJson?.[0]?.values.map(({ value }) => value),
			);
			return text;
		},
	};
}

test("a histogram without values shows its head", async () => {
	expect(await createBoth().compare()).toContain("# TYPE pause_seconds histogram");
});

test("a value on a bound is in its bucket, one above the last bound only in +Inf", async () => {
	const { observe, compare } = createBoth();
	for (const value of [0, 0.1, 0.1 + Number.EPSILON, 30, 30.1]) observe("a", value);
	const text = await compare();
	for (const line of ['le="0.001",kind="a"} 1', 'le="0.1",kind="a"} 2', 'le="1",kind="a"} 3']) {
		expect(text).toContain(`pause_seconds_bucket{${line}\n`);
	}
	expect(text).toContain('pause_seconds_bucket{le="30",kind="a"} 4\n');
	expect(text).toContain('pause_seconds_bucket{le="+Inf",kind="a"} 5\n');
	expect(text).toContain('pause_seconds_count{kind="a"} 5\n');
});

test(`whatever is observed shows as prom-client's own shows it (seed ${seed})`, async () => {
	const value = fc.oneof(
		fc.constantFrom(0, ...buckets),
		fc.double({ min: 0, max: 60, noNaN: true }),
		fc.double({ min: 0, max: 0.01, noNaN: true }),
	);
	const kind = fc.constantFrom("plain", 'quo"ted', "back\\slash", "new\nline");
	const part = fc.array(fc.tuple(kind, value), { maxLength: 60 });
	const property = fc.asyncProperty(fc.array(part, { maxLength: 3 }), async (parts) => {
		const { observe, compare } = createBoth();
		for (const values of parts) {
			for (const [kind, value] of values) observe(kind, value);
			await compare();
		}
	});
	await fc.assert(property, { seed, numRuns: 100 });
});
