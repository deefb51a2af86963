import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fullCatalogue } from "../catalogue.ts";
import { groups } from "../group.ts";
import {
	formatRuns,
	type KeptResult,
	mergeResults,
	readKeptResults,
	writeKeptResults,
} from "./kept-results.ts";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "kept-results-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const cases = fullCatalogue();
const result = (id: string, when: string, cpu: number): KeptResult => ({
	...{ id, title: cases.find((each) => each.id === id)?.title ?? id, group: groups.calls },
	outcomes: new Map([["ours", [{ clock: 1, cpu }]]]),
	seconds: 2,
	run: { when, facts: `- Rounds of ${when}` },
});
const early = "2026-01-01 10:00 UTC";
const late = "2026-01-02 09:00 UTC";

test("a run of single cases replaces those alone, each with its peers", () => {
	const kept = [result("get-json", early, 1), result("list-json", early, 2)];
	const merged = mergeResults(kept, [result("list-json", late, 3)], cases);
	expect(merged.map(({ id, run }) => [id, run.when])).toEqual([
		["get-json", early],
		["list-json", late],
	]);
	const facts = formatRuns(merged);
	expect(facts).toContain(`- Run: ${late}\n- Rounds of ${late}`);
	expect(facts).toContain(
		`From the run of ${early} (Get, JSON, HTTP/1.1):\n\n- Rounds of ${early}`,
	);
});

test("results are read as they were written, without cases that are no more", () => {
	const path = pathToFileURL(join(folder, "results.ndjson"));
	expect(readKeptResults(path, cases)).toEqual([]);
	writeKeptResults(path, [result("get-json", early, 12_345.678), result("gone", early, 1)]);
	expect(readKeptResults(path, cases)).toEqual([result("get-json", early, 12_350)]);
});
