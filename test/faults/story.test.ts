import { describe, expect, test } from "vitest";
import type { MachineChange } from "../cluster/kubevirt/machine-hand.ts";
import { checkTold } from "../cluster/rolling/told-check.ts";
import { checkMachines, ownStory, type ToldChange } from "./machine-story.ts";

const told = (type: string, ...places: string[]): ToldChange => ({
	...{ type, uid: "w", name: "a", version: places[0] ?? "", places },
});
const machine = (type: string, version: string, ownerUid: string | undefined): MachineChange => ({
	...{ type, uid: ownerUid === "v" ? "i" : "v", version, name: "a-vm", ownerUid },
});

describe("what a reader that stayed was told of VMs", () => {
	const history = {
		vms: [
			machine("ADDED", "51", "w"),
			machine("MODIFIED", "53", "w"),
			machine("DELETED", "56", "w"),
		],
		vmis: [
			machine("ADDED", "91", "v"),
			machine("MODIFIED", "92", "v"),
			machine("DELETED", "94", "v"),
		],
	};
	const whole = [
		told("ADDED", "1", "50", "90"),
		told("MODIFIED", "1", "51", "90"),
		told("MODIFIED", "1", "51", "92"),
		told("MODIFIED", "2", "51", "92"),
		told("MODIFIED", "2", "53", "92"),
		told("MODIFIED", "2", "53", "94"),
		told("MODIFIED", "2", "56", "94"),
	];

	test("is right where it is each change once", () => {
		expect(checkMachines(history, whole)).toEqual([]);
		expect(ownStory(whole).map(({ type, version }) => `${type} ${version}`)).toEqual([
			"ADDED 1",
			"MODIFIED 2",
		]);
	});

	test.each([
		["a VM's change is lost", whole.filter(({ places }) => places[1] !== "53")],
		["a VM's change is made up", [...whole, told("MODIFIED", "2", "57", "94")]],
		[
			"a VM's change is told again",
			[...whole, told("MODIFIED", "2", "53", "94"), ...whole.slice(-1)],
		],
		[
			"a run's end is lost",
			whole.map((one) =>
				told(
					one.type,
					one.places[0] ?? "",
					one.places[1] ?? "",
					one.places[2] === "92" ? "91" : (one.places[2] ?? ""),
				),
			),
		],
	])("is wrong where %s", (_, seen) => {
		expect(checkMachines(history, seen)).not.toEqual([]);
	});
});

describe("what a reader was told that resumes, or whose replica withholds", () => {
	const happened = [
		{ type: "ADDED", uid: "w", version: "1" },
		{ type: "MODIFIED", uid: "w", version: "3" },
		{ type: "DELETED", uid: "w", version: "5" },
	];

	test("may lack states between, and tell one again", () => {
		const end = told("DELETED", "5");
		expect(checkTold(happened, [told("ADDED", "3"), told("MODIFIED", "3"), end])).toEqual([]);
		expect(checkTold(happened, [end])).toEqual([]);
	});

	test.each([
		["its end is lost", [told("ADDED", "3")]],
		["a state is made up", [told("ADDED", "2"), told("DELETED", "5")]],
		["it goes back", [told("MODIFIED", "3"), told("ADDED", "1"), told("DELETED", "5")]],
	])("is wrong where %s", (_, seen) => {
		expect(checkTold(happened, seen)).not.toEqual([]);
	});
});
