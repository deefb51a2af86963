import { toJsonString } from "@bufbuild/protobuf";
import { WukongStatus_PowerState as Power, WukongSchema } from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import { keyOf } from "../../../../../server/src/resource/object.ts";
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
	type ObjectCache,
	toCachedObject,
} from "../../../../../server/src/store/kubernetes/object-cache.ts";
import type {
	ClusterObject,
	ResourceKind,
} from "../../../../../server/src/store/kubernetes/resource-kind.ts";
import type { Unstructured } from "../../../../../server/src/store/kubernetes/unstructured.ts";
import type { Change, KindIndex, Sink, StoreState } from "../../../../../server/src/store/store.ts";
import { createFakeClock } from "../../../../support/fake-clock.ts";
import { createSeededRandom } from "../../../../support/seeded-random.ts";
import { rawNamed } from "../raw.ts";
import { rawVm, rawVmi } from "./raw-kubevirt.ts";

const clock = createFakeClock();

/** A sink that keeps what it is told, and objects to what must never come. */
function createCheckingSink() {
	const loads: StoreState[] = [];
	const changes: Change[] = [];
	const advances: [KindIndex, bigint, bigint | undefined][] = [];
	const objects = new Map<string, StoreState["objects"][number]>();
	const heads: bigint[] = [];
	const take = (news: readonly Change[]) => {
		const before = [...heads];
		for (const change of news) {
			const { kind = 0, version, object, previous, deleted } = change;
			if (version <= (before[kind] ?? 0n)) throw new Error(`${kind}: ${version} comes late`);
			if (objects.get(keyOf(object)) !== previous) throw new Error("a change left one out");
			if (kind !== 0 && (deleted || previous === undefined))
				throw new Error("a VM does not modify");
			if (deleted) objects.delete(keyOf(object));
			else objects.set(keyOf(object), object);
			heads[kind] = version;
			changes.push(change);
		}
	};
	const sink: Sink = {
		load(state) {
			loads.push(state);
			changes.length = 0;
			objects.clear();
			for (const object of state.objects) objects.set(keyOf(object), object);
			heads.splice(0, 3, state.head, ...(state.joined ?? []).map(({ head }) => head));
		},
		append: take,
		advance(version, kind = 0, gapAfter) {
			if (version < (heads[kind] ?? 0n)) throw new Error(`${kind}: head ${version} goes back`);
			heads[kind] = version;
			advances.push([kind, version, gapAfter]);
		},
	};
	return { sink, loads, changes, advances, objects, heads };
}

/** One kind of a cluster, told to a feed by the cache that the reflector has. */
function createTeller<T extends ClusterObject>(kind: ResourceKind<T>, sink: Sink<T>) {
	let cache: ObjectCache<T> = createObjectCache(kind, { version: 0n, items: [] }, clock);
	const tell = (changes: readonly Change<T>[], gapAfter?: bigint) => {
		if (changes.length > 0) sink.append(changes);
		else sink.advance(cache.head, 0, gapAfter);
	};
	return {
		load(version: number, ...raws: Unstructured[]) {
			const items = raws.map((raw) => toCachedObject(kind, raw));
			cache = createObjectCache(kind, { version: BigInt(version), items }, clock);
			sink.load({ objects: cache.objects(), head: cache.head, history: [], base: cache.head });
		},
		event: (type: "ADDED" | "MODIFIED" | "DELETED", raw: Unstructured) =>
			tell(cache.apply({ type, raw })),
		list(version: number, ...raws: Unstructured[]) {
			const before = cache.head;
			const items = raws.map((raw) => toCachedObject(kind, raw));
			tell(cache.replace({ version: BigInt(version), items }), before);
		},
	};
}

function createStage() {
	const told = createCheckingSink();
	const feed = createJoinedFeed(told.sink, defaultStuckRules);
	return {
		...told,
		feed,
		wukongs: createTeller(observedWukongKind, feed.wukongs),
		vms: createTeller(virtualMachineKind, feed.vms),
		vmis: createTeller(virtualMachineInstanceKind, feed.vmis),
		power: (name = "a") => {
			const status = told.objects.get(`default/${name}`)?.status;
			return `${Power[status?.powerState ?? 0]} ${status?.powerReason}`;
		},
		versionOf: (name = "a") => told.objects.get(`default/${name}`)?.resourceVersion.split("-")[0],
	};
}

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

test("replicas that see the kinds in different orders agree in the end, and equal versions are equal bytes on the way", () => {
	const random = createSeededRandom(13);
	const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
	for (let round = 0; round < 40; round++) {
		const events = makeHistory(pick, random);
		const seen = new Map<string, string>();
		const ends = [0, 1, 2].map(() => {
			const stage = createStage();
			stage.wukongs.load(1);
			stage.vms.load(1);
			stage.vmis.load(1);
			stage.feed.open();
			const queues = [0, 1, 2].map((kind) => events.filter((event) => event.kind === kind));
			const places = [0, 0, 0];
			for (let left = events.length; left > 0; left--) {
				const kind = pick(
					[0, 1, 2].filter((one) => (places[one] ?? 0) < (queues[one]?.length ?? 0)),
				);
				const place = places[kind] ?? 0;
				places[kind] = place + 1;
				const event = queues[kind]?.[place];
				if (event === undefined) throw new Error("no event is left");
				[stage.wukongs, stage.vms, stage.vmis][kind]?.event(event.type, event.raw);
				for (const object of stage.objects.values()) {
					const text = toJsonString(WukongSchema, object);
					const key = `${object.uid} ${object.resourceVersion}`;
					expect(seen.get(key) ?? text, `round ${round}: ${key}`).toBe(text);
					seen.set(key, text);
				}
			}
			return [...stage.objects.values()]
				.map(({ name, status, uid }) => ({ name, uid, status }))
				.sort((one, other) => (one.name < other.name ? -1 : 1));
		});
		expect(ends[1], `round ${round}`).toEqual(ends[0]);
		expect(ends[2], `round ${round}`).toEqual(ends[0]);
	}
});

interface MadeEvent {
	readonly kind: number;
	readonly type: "ADDED" | "MODIFIED" | "DELETED";
	readonly raw: Unstructured;
}

/** Makes a cluster's history: names that come again, owners that change, names without owners. */
function makeHistory(pick: <T>(list: readonly T[]) => T, random: () => number): MadeEvent[] {
	const there: Map<string, Unstructured>[] = [new Map(), new Map(), new Map()];
	const events: MadeEvent[] = [];
	let serial = 0;
	const uidsOf = (kind: number) =>
		[...(there[kind]?.values() ?? [])].map(({ metadata }) => metadata.uid);
	for (let version = 2; version < 80; version++) {
		const kind = pick([0, 1, 1, 2, 2]);
		const objects = there[kind] ?? new Map();
		const name = kind === 0 ? pick(["a", "b"]) : pick(["a-vm", "b-vm", "x"]);
		const before = objects.get(name);
		const uid = before?.metadata.uid ?? `uid-${serial++}`;
		const owners = [...uidsOf(kind - 1), "nobody"];
		const owner = kind === 0 || random() < 0.3 ? {} : { owner: pick(owners) };
		const raw = [
			() => rawNamed(name, { version, uid, spec: { cpu: pick([1, 2]) } }),
			() =>
				rawVm(name, version, {
					...{ uid, ...owner },
					status: {
						printableStatus: pick(["Running", "Starting", "Stopped", ""]),
						created: pick([true, false]),
					},
				}),
			() =>
				rawVmi(name, version, {
					...{ uid, ...owner },
					status: { phase: pick(["Running", "Scheduling"]) },
				}),
		][kind]?.();
		if (raw === undefined) continue;
		const type = before === undefined ? "ADDED" : random() < 0.3 ? "DELETED" : "MODIFIED";
		if (type === "DELETED") objects.delete(name);
		else objects.set(name, raw);
		events.push({ kind, type, raw });
	}
	return events;
}
