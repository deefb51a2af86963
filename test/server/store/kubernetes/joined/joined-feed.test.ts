import { describe, expect, test } from "vitest";
import { defaultStuckRules } from "../../../../../server/src/resource/wukong/power/power-times.ts";
import {
	joinWukong,
	type WukongSources,
} from "../../../../../server/src/store/kubernetes/joined/join.ts";
import { createJoinedFeed } from "../../../../../server/src/store/kubernetes/joined/joined-feed.ts";
import { observedWukongKind } from "../../../../../server/src/store/kubernetes/kinds/observed-wukong.ts";
import { virtualMachineKind } from "../../../../../server/src/store/kubernetes/kinds/virtual-machine.ts";
import { virtualMachineInstanceKind } from "../../../../../server/src/store/kubernetes/kinds/virtual-machine-instance.ts";
import {
	createObjectCache,
	toCachedObject,
} from "../../../../../server/src/store/kubernetes/object-cache.ts";
import type {
	ClusterObject,
	ResourceKind,
} from "../../../../../server/src/store/kubernetes/resource-kind.ts";
import type { Unstructured } from "../../../../../server/src/store/kubernetes/unstructured.ts";
import { rawNamed } from "../raw.ts";
import { clock, createCheckingSink, createStage } from "./joined-stage.ts";
import { rawVm, rawVmi } from "./raw-kubevirt.ts";

const running = (version: number) =>
	rawVm("a-vm", version, {
		owner: "uid-a",
		status: { printableStatus: "Running", created: true },
	});

/** A stage on which all three kinds are loaded: one Wukong that runs. */
function openStage() {
	const stage = createStage();
	stage.wukongs.load(100, rawNamed("a", { version: 90, status: { phase: "Creating" } }));
	stage.vms.load(200, running(190));
	stage.vmis.load(
		300,
		rawVmi("a-vm", 290, { owner: "VirtualMachine-a-vm", status: { phase: "Running" } }),
	);
	stage.feed.open();
	return stage;
}

describe("three kinds are joined to one", () => {
	test("nothing is told before all are loaded, then everything at once with one place for each kind", () => {
		const stage = createStage();
		stage.wukongs.load(100, rawNamed("a", { version: 90 }));
		stage.vms.load(200, running(190));
		expect(stage.loads).toEqual([]);
		stage.vmis.load(300);
		stage.feed.open();
		expect(stage.loads).toMatchObject([
			{ head: 100n, base: 100n, joined: [{ head: 200n }, { head: 300n }] },
		]);
		expect(stage.versionOf()).toBe("90~190~300");
		expect(stage.power()).toBe("RUNNING Running");
	});

	test("a change of each kind is a change of the Wukong, under the version of that kind", () => {
		const stage = openStage();
		stage.vms.event(
			"MODIFIED",
			rawVm("a-vm", 210, { owner: "uid-a", status: { printableStatus: "Paused", created: true } }),
		);
		expect(stage.changes.at(-1)).toMatchObject({ kind: 1, version: 210n, resumeVersion: 210n });
		expect(stage.power()).toBe("PAUSED Paused");
		expect(stage.versionOf()).toBe("90~210~290");
		stage.vmis.event(
			"MODIFIED",
			rawVmi("a-vm", 310, {
				owner: "VirtualMachine-a-vm",
				status: { phase: "Running", nodeName: "node-7" },
			}),
		);
		expect(stage.changes.at(-1)).toMatchObject({ kind: 2, version: 310n, hasNews: true });
		expect(stage.objects.get("default/a")?.status?.nodeName).toBe("node-7");
		stage.wukongs.event("MODIFIED", rawNamed("a", { version: 110, spec: { cpu: 3 } }));
		expect(stage.changes.at(-1)).toMatchObject({ version: 110n, hasNews: true });
		expect(stage.versionOf()).toBe("110~210~310");
		expect(stage.heads).toEqual([110n, 210n, 310n]);
	});

	test("a kept field that leaves what callers see as it was takes history without news", () => {
		const stage = openStage();
		const conditions = [
			{ type: "Synchronized", status: "True", lastTransitionTime: "2026-11-26T12:00:00Z" },
		];
		stage.vms.event(
			"MODIFIED",
			rawVm("a-vm", 210, {
				owner: "uid-a",
				status: { printableStatus: "Running", created: true, conditions },
			}),
		);
		expect(stage.changes).toMatchObject([{ kind: 1, version: 210n, hasNews: false }]);
	});

	test("what is not kept, or of nobody's VM, moves the head of its kind alone", () => {
		const stage = openStage();
		stage.vms.event("MODIFIED", { ...running(210), spec: { template: {} } });
		stage.vms.event("ADDED", rawVm("stray", 211));
		stage.vmis.event("ADDED", rawVmi("stray", 311));
		expect(stage.changes).toEqual([]);
		expect(stage.heads).toEqual([100n, 211n, 311n]);
	});

	test("a Wukong that is deleted is told with what was known of it, a namesake with its own VM", () => {
		const stage = openStage();
		stage.wukongs.event("DELETED", rawNamed("a", { version: 120 }));
		expect(stage.changes.at(-1)).toMatchObject({ deleted: true, version: 120n });
		stage.vms.event("MODIFIED", { ...running(220), status: { printableStatus: "Stopping" } });
		expect(stage.changes).toHaveLength(1);
		stage.wukongs.event("ADDED", rawNamed("a", { version: 130, uid: "another" }));
		expect(stage.power()).toBe("STARTING NoVirtualMachine");
	});
});

describe("a VM belongs to a Wukong", () => {
	const load = (...vms: Unstructured[]) => {
		const stage = createStage();
		stage.wukongs.load(100, rawNamed("a", { version: 90 }), rawNamed("b", { version: 91 }));
		stage.vms.load(200, ...vms);
		stage.vmis.load(300);
		stage.feed.open();
		return stage;
	};
	const says = (printableStatus: string) => ({ status: { printableStatus } });

	test("by its controller, whatever its name; by name only where it has none", () => {
		const stage = load(
			rawVm("odd", 190, { owner: "uid-a", ...says("Paused") }),
			rawVm("b-vm", 191, { ...says("Migrating") }),
		);
		expect(stage.power("a")).toBe("PAUSED Paused");
		expect(stage.power("b")).toBe("RUNNING Migrating");
		const foreign = load(rawVm("a-vm", 190, { owner: "somebody", ...says("Running") }));
		expect(foreign.power("a")).toBe("STARTING NoVirtualMachine");
	});

	test("of several, <name>-vm first, then the least name", () => {
		const several = [
			rawVm("c", 190, { owner: "uid-a", ...says("Paused") }),
			rawVm("b", 191, { owner: "uid-a", ...says("Migrating") }),
		];
		expect(load(...several).power()).toBe("RUNNING Migrating");
		const named = rawVm("a-vm", 192, { owner: "uid-a", ...says("Running") });
		const stage = load(...several, named);
		expect(stage.power()).toBe("RUNNING Running");
		// Of those that are not chosen nothing is told.
		stage.vms.event("MODIFIED", rawVm("b", 210, { owner: "uid-a", ...says("Paused") }));
		expect(stage.changes).toEqual([]);
		stage.vms.event("DELETED", rawVm("a-vm", 220, { owner: "uid-a", ...says("Running") }));
		expect(stage.power()).toBe("PAUSED Paused");
		// The place is that of the change which made it so, not of a state from before.
		expect(stage.versionOf()).toBe("90~220~300");
	});

	test("a change of owner touches the old one and the new one, and only the last may be resumed from", () => {
		const stage = load(rawVm("odd", 190, { owner: "uid-a", ...says("Running") }));
		stage.vms.event("MODIFIED", rawVm("odd", 210, { owner: "uid-b", ...says("Running") }));
		expect(stage.power("a")).toBe("STARTING NoVirtualMachine");
		expect(stage.power("b")).toBe("RUNNING Running");
		const versions = stage.changes.map(({ version, resumeVersion }) => [version, resumeVersion]);
		expect(versions).toEqual([
			[210n, 200n],
			[210n, 210n],
		]);
	});
});

describe("an instance belongs to a Wukong through its VM", () => {
	test("that of a VM which is gone belongs to nobody", () => {
		const stage = openStage();
		stage.vms.event("DELETED", running(210));
		expect(stage.power()).toBe("STARTING NoVirtualMachine");
		expect(stage.objects.get("default/a")?.status?.networks).toEqual([]);
		const namesake = rawVm("a-vm", 220, {
			owner: "uid-a",
			uid: "new",
			status: { printableStatus: "" },
		});
		stage.vms.event("ADDED", namesake);
		expect(stage.power()).toBe("STARTING NotReported");
	});

	test("one that was told before its VM is found when the VM comes", () => {
		const stage = createStage();
		stage.wukongs.load(100, rawNamed("a", { version: 90 }));
		stage.vms.load(200);
		stage.vmis.load(300);
		stage.feed.open();
		stage.vmis.event("ADDED", rawVmi("a-vm", 310, { owner: "vm", status: { phase: "Running" } }));
		expect(stage.changes).toEqual([]);
		stage.vms.event("ADDED", rawVm("a-vm", 210, { owner: "uid-a", uid: "vm" }));
		expect(stage.power()).toBe("RUNNING Running");
		expect(stage.versionOf()).toBe("90~210~310");
	});
});

describe("a relist", () => {
	test("of VMs leaves a gap in their kind, in which nobody may resume", () => {
		const stage = openStage();
		const recreated = rawVm("a-vm", 240, {
			owner: "uid-a",
			uid: "new",
			status: { printableStatus: "Starting" },
		});
		stage.vms.list(250, recreated);
		expect(stage.changes).toMatchObject([
			{ kind: 1, version: 250n, resumeVersion: 250n, gapAfter: 200n },
		]);
		expect(stage.power()).toBe("STARTING Starting");
	});

	test("that finds nothing new is told with its gap", () => {
		const stage = openStage();
		stage.vms.list(250, running(190));
		stage.wukongs.list(150, rawNamed("a", { version: 90, status: { phase: "Creating" } }));
		expect(stage.advances).toEqual([
			[1, 250n, 200n],
			[0, 150n, 100n],
		]);
	});
});

describe("a kind that comes or goes", () => {
	test("is another mode: everything is loaded anew, without a past", () => {
		const stage = createStage();
		stage.wukongs.load(100, rawNamed("a", { version: 90, status: { phase: "Running" } }));
		stage.feed.open();
		expect(stage.loads[0]?.joined).toBeUndefined();
		expect(stage.versionOf()).toBe("90");
		stage.wukongs.event(
			"MODIFIED",
			rawNamed("a", { version: 110, spec: { cpu: 3 }, status: { phase: "Running" } }),
		);
		// Instances alone are of no use.
		stage.vmis.load(
			300,
			rawVmi("a-vm", 290, { owner: "VirtualMachine-a-vm", status: { phase: "Running" } }),
		);
		expect(stage.loads.at(-1)?.joined).toBeUndefined();
		stage.vms.load(200, running(190));
		expect(stage.loads.at(-1)).toMatchObject({
			...{ head: 110n, base: 110n, history: [] },
			joined: [
				{ head: 200n, base: 200n },
				{ head: 300n, base: 300n },
			],
		});
		expect(stage.versionOf()).toBe("110~190~290");
		stage.feed.missing(1);
		expect(stage.loads.at(-1)?.joined).toBeUndefined();
		expect(stage.power()).toBe("RUNNING ");
	});
});

test("the past is joined too, and leads to the present (a replica that starts)", () => {
	const told = createCheckingSink();
	const feed = createJoinedFeed(told.sink, defaultStuckRules);
	const past = <T extends ClusterObject>(
		kind: ResourceKind<T>,
		base: number,
		before: Unstructured[],
		events: ["ADDED" | "MODIFIED" | "DELETED", Unstructured][],
	) => {
		const items = before.map((raw) => toCachedObject(kind, raw));
		const cache = createObjectCache(kind, { version: BigInt(base), items }, clock);
		const history = events.flatMap(([type, raw]) => cache.apply({ type, raw }));
		return { objects: cache.objects(), head: cache.head, history, base: BigInt(base) };
	};
	feed.wukongs.load(
		past(
			observedWukongKind,
			10,
			[rawNamed("old", { version: 5 })],
			[
				["ADDED", rawNamed("a", { version: 20 })],
				["DELETED", rawNamed("old", { version: 30 })],
			],
		),
	);
	feed.vms.load(past(virtualMachineKind, 100, [], [["ADDED", running(110)]]));
	feed.vmis.load(past(virtualMachineInstanceKind, 200, [], []));
	feed.open();
	const [state] = told.loads;
	expect(state).toMatchObject({
		...{ head: 30n, base: 10n },
		joined: [
			{ head: 110n, base: 100n },
			{ head: 200n, base: 200n },
		],
	});
	const words = state?.history.map(({ kind = 0, version, deleted, previous }) =>
		[kind, version, deleted ? "DELETED" : previous ? "MODIFIED" : "ADDED"].join(" "),
	);
	expect(words).toEqual(["0 20 ADDED", "0 30 DELETED", "1 110 MODIFIED"]);
	// What the log undoes, step by step, is all there.
	const last = state?.history.at(-1);
	expect(last?.object).toBe(state?.objects[0]);
	expect(last?.previous).toBe(state?.history[0]?.object);
	expect(last?.sources).toHaveLength(3);
	expect(joinWukong(last?.previousSources as WukongSources, defaultStuckRules)).toEqual(
		last?.previous,
	);
});
