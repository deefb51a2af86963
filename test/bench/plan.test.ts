import { describe, expect, test } from "vitest";
import { parsePlan } from "./plan.ts";
import { targets } from "./report/targets.ts";

const ids = (...args: string[]) => parsePlan(args).cases.map(({ id }) => id);

describe("the benchmark's arguments", () => {
	test("by default what has a target is measured at least five times, beside all that the target names", () => {
		const { cases, effort, write } = parsePlan([]);
		expect(effort.rounds).toBeGreaterThanOrEqual(5);
		expect(write).toBe(false);
		for (const target of targets) {
			const found = cases.find(({ id }) => id === target.case);
			if (found === undefined) expect.fail(`no case ${target.case}`);
			for (const demand of target.demands) {
				const base = "aheadOf" in demand ? demand.aheadOf : "base" in demand ? demand.base : "ours";
				expect(found.servers, target.case).toContain(base);
			}
		}
	});

	test("every case and every peer is measured when asked for", () => {
		const all = parsePlan(["--all"]).cases;
		for (const id of ["list-size-1000", "watch-connect-json-5000", "page-of-1000"]) {
			expect(ids(), id).not.toContain(id);
			expect(ids("--all"), id).toContain(id);
			expect(ids("--only", id), id).toEqual([id]);
		}
		const list = (cases: typeof all) => cases.find(({ id }) => id === "list-json")?.servers;
		expect(list(all)).toContain("fastapi");
		expect(list(parsePlan(["--only", "list-json"]).cases)).not.toContain("fastapi");
		expect(list(parsePlan(["--only", "list-json", "--all"]).cases)).toContain("fastapi");
	});

	test("each case has a name of its own", () => {
		expect(new Set(ids()).size).toBe(ids().length);
	});

	test("a smoke builds nothing, and has every kind of case", () => {
		const { cases, quick } = parsePlan(["--quick"]);
		expect(quick).toBe(true);
		const kinds = (of: typeof cases) => new Set(of.map(({ group }) => group.title));
		const listSizes = "Cost against size: VMs in a list";
		const all = parsePlan(["--all"]).cases;
		expect([...kinds(cases), listSizes].sort()).toEqual([...kinds(all)].sort());
	});

	test("a case is picked by a part of its name, also one that the smoke leaves out", () => {
		expect(ids("--only", "list-g", "--only", "memory")).toEqual([
			"list-grpc",
			"memory-connect-json",
			"memory-grpc",
		]);
		expect(ids("--quick", "--only", "grpc-1000", "--only", "start")).toEqual([
			"watch-grpc-1000",
			"start-up",
		]);
	});

	test("a whole name picks that case alone", () => {
		expect(ids("--only", "watch-grpc-100")).toEqual(["watch-grpc-100"]);
	});

	test("rounds may be given, and must make sense", () => {
		expect(parsePlan(["--quick", "--rounds", "3"]).effort.rounds).toBe(3);
		expect(() => parsePlan(["--rounds", "0"])).toThrow(/--rounds/);
		expect(() => parsePlan(["--rounds", "x"])).toThrow(/--rounds/);
	});

	test("a smoke is never written down, single cases are", () => {
		expect(parsePlan(["--write"]).write).toBe(true);
		expect(parsePlan(["--write", "--only", "get"]).write).toBe(true);
		expect(() => parsePlan(["--write", "--quick"])).toThrow(/--write/);
	});

	test("what is measured beside must be another installed checkout", () => {
		expect(parsePlan(["--beside", "."]).beside).toBe(process.cwd());
		expect(() => parsePlan(["--beside", "/nowhere"])).toThrow(/--beside/);
	});

	test("what is not known is refused", () => {
		expect(() => parsePlan(["--onyl", "get"])).toThrow(/onyl/);
		expect(() => parsePlan(["--only", "nonsense"])).toThrow(/nonsense/);
	});
});
