import { expect, test } from "vitest";
import { groups } from "../group.ts";
import { formatScoreboard, formatSeconds } from "./scoreboard.ts";

const rows = (text: string) => text.replaceAll(/ +/g, " ").split("\n");
const repeated = (clock: number, cpu: number) => Array.from({ length: 3 }, () => ({ clock, cpu }));

test("each server stands beside stock and raw, in each measure of the group", () => {
	const outcomes = new Map([
		[
			"ours",
			[
				{ clock: 600, cpu: 1_200 },
				{ clock: 500, cpu: 1_000 },
				{ clock: 400, cpu: 800 },
			],
		],
		["stock", repeated(100, 100)],
		["raw", repeated(1_000, 2_000)],
	]);
	const text = formatScoreboard([
		{ id: "get", title: "Get", group: groups.calls, outcomes, seconds: 1 },
	]);
	expect(rows(text)).toEqual([
		"### Calls",
		"",
		"| Work | Server | by the clock | × stock | × raw | per CPU second | × stock | × raw |",
		expect.stringMatching(/^[| -]+$/),
		"| Get | ours | 500/s (450–550) | 5.0 | 0.50 | 1,000/s (900–1,100) | 10 | 0.50 |",
		"| | stock | 100/s (100–100) | 1.0 | 0.10 | 100/s (100–100) | 1.0 | 0.050 |",
		"| | raw | 1,000/s (1,000–1,000) | 10 | 1.0 | 2,000/s (2,000–2,000) | 20 | 1.0 |",
	]);
});

test("where less is better, a ratio still grows with what is better", () => {
	const outcomes = new Map([
		["ours", [{ clock: 200, cpu: 100 }]],
		["stock", [{ clock: 400, cpu: 400 }]],
	]);
	const text = formatScoreboard([
		{ id: "s", title: "Start", group: groups.startUp, outcomes, seconds: 1 },
	]);
	expect(rows(text)[4]).toBe("| Start | ours | 200 ms (200–200) | 2.0 | 100 ms (100–100) | 4.0 |");
});

test("cases of one group share a table, and each group has its own", () => {
	const outcomes = new Map([["ours", [{ clock: 1, cpu: 1 }]]]);
	const text = formatScoreboard([
		{ id: "a", title: "A", group: groups.calls, outcomes, seconds: 1 },
		{ id: "b", title: "B", group: groups.watches, outcomes, seconds: 1 },
		{ id: "c", title: "C", group: groups.calls, outcomes, seconds: 1 },
	]);
	expect(text.match(/^### .*$|^\| [ABC] /gm)).toEqual([
		"### Calls",
		"| A ",
		"| C ",
		`### ${groups.watches.title}`,
		"| B ",
	]);
});

test("a server that failed before its first round has no row", () => {
	const outcomes = new Map([
		["ours", []],
		["stock", repeated(100, 100)],
	]);
	const text = formatScoreboard([
		{ id: "get", title: "Get", group: groups.calls, outcomes, seconds: 1 },
	]);
	expect(text).toContain("| Get  | stock ");
	expect(text).not.toContain("ours");
});

test("what each case took is told, and all of them together", () => {
	const outcomes = new Map([["ours", [{ clock: 1, cpu: 1 }]]]);
	const case_ = (title: string, seconds: number) => ({
		...{ id: title, title, group: groups.calls, outcomes, seconds },
	});
	expect(rows(formatSeconds([case_("A", 40), case_("B", 50)])).slice(4)).toEqual([
		"| A | 1 | 40 s |",
		"| B | 1 | 50 s |",
		"| All | | 1.5 min |",
	]);
});
