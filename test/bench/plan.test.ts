import { describe, expect, test } from "vitest";
import { parsePlan } from "./plan.ts";

const ids = (...args: string[]) => parsePlan(args).cases.map(({ id }) => id);

describe("the benchmark's arguments", () => {
	test("by default every case is run at least seven times", () => {
		const { effort, write } = parsePlan([]);
		expect(effort.rounds).toBeGreaterThanOrEqual(7);
		expect(write).toBe(false);
		for (const id of [
			"get-json",
			"list-grpc",
			"watch-connect-json-5000",
			"memory-grpc",
			"latency",
		]) {
			expect(ids()).toContain(id);
		}
	});

	test("each case has a name of its own", () => {
		expect(new Set(ids()).size).toBe(ids().length);
	});

	test("a smoke builds nothing, and has every kind of case", () => {
		const { cases, quick } = parsePlan(["--quick"]);
		expect(quick).toBe(true);
		const kinds = (of: typeof cases) => new Set(of.map(({ group }) => group.title));
		const listSizes = "Cost against size: VMs in a list";
		expect([...kinds(cases), listSizes].sort()).toEqual([...kinds(parsePlan([]).cases)].sort());
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

	test("half a run is never written down", () => {
		expect(parsePlan(["--write"]).write).toBe(true);
		expect(() => parsePlan(["--write", "--quick"])).toThrow(/--write/);
		expect(() => parsePlan(["--write", "--only", "get"])).toThrow(/--write/);
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
