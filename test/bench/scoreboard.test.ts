import { expect, test } from "vitest";
import type { Outcome } from "./case.ts";
import { formatScoreboard } from "./scoreboard.ts";

const outcome = (units: number, cpuMs: number): Outcome => ({ units, wallMs: 1_000, cpuMs });

test("each server stands beside stock and raw, by the clock and by CPU time", () => {
	const outcomes = new Map([
		["ours", [outcome(600, 500), outcome(500, 500), outcome(400, 500)]],
		["stock", [outcome(100, 1_000), outcome(100, 1_000), outcome(100, 1_000)]],
		["raw", [outcome(1_000, 500), outcome(1_000, 500), outcome(1_000, 500)]],
	]);
	const text = formatScoreboard([{ title: "Get", unit: "answers", outcomes }]);
	expect(text.replaceAll(/ +/g, " ").split("\n")).toEqual([
		"| Work | Server | by the clock | × stock | × raw | per CPU second | × stock | × raw |",
		expect.stringMatching(/^[| -]+$/),
		"| Get | ours | 500/s (450–550) | 5.0 | 0.50 | 1,000/s (900–1,100) | 10 | 0.50 |",
		"| | stock | 100/s (100–100) | 1.0 | 0.10 | 100/s (100–100) | 1.0 | 0.050 |",
		"| | raw | 1,000/s (1,000–1,000) | 10 | 1.0 | 2,000/s (2,000–2,000) | 20 | 1.0 |",
	]);
});

test("a start is shown by its time, and its ratio still grows with what is better", () => {
	const outcomes = new Map([
		["ours", [{ units: 1, wallMs: 200, cpuMs: 100 }]],
		["stock", [{ units: 1, wallMs: 400, cpuMs: 400 }]],
	]);
	const [, , ours] = formatScoreboard([{ title: "Start-up", unit: "starts", outcomes }]).split(
		"\n",
	);
	expect(ours?.replaceAll(/ +/g, " ")).toBe(
		"| Start-up | ours | 200 ms (200–200) | 2.0 | – | 100 ms (100–100) | 4.0 | – |",
	);
});

test("a server that failed before its first round has no row", () => {
	const outcomes = new Map([
		["ours", []],
		["stock", [outcome(100, 1_000)]],
	]);
	const text = formatScoreboard([{ title: "Get", unit: "answers", outcomes }]);
	expect(text.split("\n")).toHaveLength(3);
	expect(text).toContain("Get");
});
