import type { WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { ErrorReason, Failure } from "../../../server/src/failure.ts";
import {
	createNamespaceSet,
	type NamespaceSet,
} from "../../../server/src/resource/namespace-set.ts";
import { startOver } from "../../../server/src/resource/version.ts";
import {
	createStage,
	createStageOn,
	filterOf,
	inShort,
	type Stage,
	takeAll,
} from "../../support/watching.ts";

const tokenOf = (event: WukongEvent | undefined) => event?.resourceVersion ?? "none";
const lastToken = (events: readonly WukongEvent[]) => tokenOf(events.at(-1));

/** A stream whose namespaces a test changes. */
function openGuarded({ watch }: Stage, namespace: readonly string[], resourceVersion = "") {
	let tell: ((namespace: string | NamespaceSet) => void) | undefined;
	let taken = 0;
	const stream = watch({
		filter: filterOf({ namespace }),
		resourceVersion,
		guard: {
			onEnd: () => () => {},
			onNamespaces(callback) {
				tell = callback;
				return () => {
					taken++;
				};
			},
		},
	});
	return {
		stream,
		show: (...names: string[]) => tell?.(createNamespaceSet(names)),
		showAll: () => tell?.(""),
		take: () => takeAll(stream),
		get taken() {
			return taken;
		},
	};
}

async function stageWithVms(options?: { exactVersions: boolean }): Promise<Stage> {
	const stage = await createStage(options);
	for (const namespace of ["a", "b", "c"]) stage.store.put({ name: `vm-${namespace}`, namespace });
	return stage;
}

describe("contract section 11: a token of a stream over a set of namespaces", () => {
	test("ends in -s and a hash of the set, after a snapshot and of what is live", async () => {
		const stage = await stageWithVms();
		const { stream } = openGuarded(stage, ["b", "a"]);
		const { suffix } = createNamespaceSet(["a", "b"]);
		const start = takeAll(stream);
		expect(inShort(start)).toEqual(["ADDED vm-a", "ADDED vm-b", "SYNCED"]);
		expect(start.map(tokenOf)).toEqual([startOver, startOver, `${stage.store.head}${suffix}`]);
		stage.store.put({ name: "vm-a", namespace: "a", cpu: 2 });
		expect(takeAll(stream).map(tokenOf)).toEqual([`${stage.store.head}${suffix}`]);
		await stage.clock.advance(15_000);
		expect(takeAll(stream).map(tokenOf)).toEqual([`${stage.store.head}${suffix}`]);
	});

	test("resumes under the equal set on any replica, and misses nothing", async () => {
		const stage = await stageWithVms();
		const token = lastToken(openGuarded(stage, ["a", "b"]).take());
		stage.store.put({ name: "vm-a", namespace: "a", cpu: 2 });
		stage.store.put({ name: "vm-c", namespace: "c", cpu: 2 });
		stage.store.drop("vm-b", "b");
		const other = await createStageOn(stage);
		for (const replica of [stage, other]) {
			const resumed = openGuarded(replica, ["b", "a"], token).take();
			expect(inShort(resumed)).toEqual(["MODIFIED vm-a", "DELETED vm-b", "SYNCED"]);
		}
	});

	test.each([
		{ title: "a smaller set", namespace: ["a"] },
		{ title: "a larger set", namespace: ["a", "b", "c"] },
		{ title: "all namespaces", namespace: "" },
		{ title: "one namespace", namespace: "a" },
	])("is RESET under $title, on any replica", async ({ namespace }) => {
		const stage = await stageWithVms();
		const token = lastToken(openGuarded(stage, ["a", "b"]).take());
		const other = await createStageOn(stage);
		for (const replica of [stage, other]) {
			const stream = replica.watch({ filter: filterOf({ namespace }), resourceVersion: token });
			expect(inShort(takeAll(stream))[0]).toBe("RESET");
			expect(replica.observer.resets).toEqual(["rights"]);
		}
	});

	test("is needed: one of all namespaces, and a VM's own version, are RESET under a set", async () => {
		const stage = await stageWithVms();
		const all = lastToken(takeAll(stage.watch()));
		const own = `${stage.store.head}-0123456789abcdef`;
		for (const token of [all, own, `${own}${createNamespaceSet(["x"]).suffix}`]) {
			const events = openGuarded(stage, ["a", "b"], token).take();
			expect(inShort(events)).toEqual(["RESET", "ADDED vm-a", "ADDED vm-b", "SYNCED"]);
		}
	});

	test("shares the object of its events with all streams, and the list says it too", async () => {
		const stage = await stageWithVms();
		const one = openGuarded(stage, ["a", "b"]);
		const same = openGuarded(stage, ["b", "a"]);
		const all = stage.watch();
		for (const stream of [one.stream, same.stream, all]) takeAll(stream);
		stage.store.put({ name: "vm-a", namespace: "a", cpu: 2 });
		const [event] = one.take();
		expect(same.take()[0]).toBe(event);
		expect(takeAll(all)[0]?.wukong).toBe(event?.wukong);
		const query = { pageSize: 0, pageToken: "", minResourceVersion: tokenOf(event) };
		const page = await stage.replica.list({
			...{ ...query, filter: filterOf({ namespace: ["a", "b"] }) },
			caller: new AbortController(),
		});
		expect(page.resourceVersion).toBe(tokenOf(event));
	});
});

describe("a stream whose namespaces change", () => {
	test("says RESET and goes on with what is left: nothing more of what went", async () => {
		const stage = await stageWithVms();
		const guarded = openGuarded(stage, ["a", "b"]);
		guarded.take();
		stage.store.put({ name: "vm-b", namespace: "b", cpu: 2 });
		guarded.show("a");
		const events = guarded.take();
		expect(inShort(events)).toEqual(["RESET", "ADDED vm-a", "SYNCED"]);
		expect(lastToken(events)).toBe(`${stage.store.head}${createNamespaceSet(["a"]).suffix}`);
		stage.store.put({ name: "vm-b", namespace: "b", cpu: 3 });
		stage.store.put({ name: "vm-a", namespace: "a", cpu: 3 });
		expect(inShort(guarded.take())).toEqual(["MODIFIED vm-a"]);
	});

	test("shows what comes, up to all", async () => {
		const stage = await stageWithVms();
		const guarded = openGuarded(stage, ["a"]);
		guarded.take();
		guarded.show("a", "c");
		expect(inShort(guarded.take())).toEqual(["RESET", "ADDED vm-a", "ADDED vm-c", "SYNCED"]);
		guarded.showAll();
		const events = guarded.take();
		expect(inShort(events)).toEqual(["RESET", "ADDED vm-a", "ADDED vm-b", "ADDED vm-c", "SYNCED"]);
		expect(lastToken(events)).toBe(`${stage.store.head}`);
	});

	test("is not RESET by an equal set", async () => {
		const stage = await stageWithVms();
		const guarded = openGuarded(stage, ["a", "b"]);
		guarded.take();
		guarded.show("b", "a", "b");
		expect(guarded.take()).toEqual([]);
		expect(stage.observer.resets).toEqual([]);
	});

	test("in mid-snapshot starts over, and wakes its reader", async () => {
		const stage = await stageWithVms();
		const guarded = openGuarded(stage, ["a", "b"]);
		expect(inShort(guarded.stream.take(1))).toEqual(["ADDED vm-a"]);
		let woken = 0;
		guarded.take();
		guarded.stream.onReady({ ready: () => void woken++ });
		guarded.show("b");
		expect(woken).toBe(1);
		expect(inShort(guarded.stream.take(1))).toEqual(["RESET"]);
		guarded.show("c");
		expect(inShort(guarded.take())).toEqual(["RESET", "ADDED vm-c", "SYNCED"]);
	});

	test("while it waits for its version shows the new ones only, and not before that is here", async () => {
		const stage = await stageWithVms({ exactVersions: false });
		const { suffix } = createNamespaceSet(["a", "b"]);
		stage.store.hold();
		stage.store.put({ name: "vm-a", namespace: "a", cpu: 2 });
		stage.store.put({ name: "vm-c", namespace: "c", cpu: 2 });
		const guarded = openGuarded(stage, ["a", "b"], `${stage.store.head}${suffix}`);
		expect(inShort(guarded.take())).toEqual(["HEARTBEAT"]);
		guarded.show("c");
		expect(guarded.take()).toEqual([]);
		stage.store.release();
		await stage.clock.advance(0);
		const events = guarded.take();
		expect(inShort(events)).toEqual(["RESET", "ADDED vm-c", "SYNCED"]);
		expect(events[1]?.wukong?.spec?.cpu).toBe(2);
	});

	test("leaves its guard and its view behind when it ends", async () => {
		const stage = await stageWithVms();
		const guarded = openGuarded(stage, ["a", "b"]);
		guarded.take();
		guarded.show("a");
		guarded.stream.close();
		expect([guarded.taken, stage.observer.open]).toEqual([1, 0]);
		guarded.show("b");
		expect(guarded.take()).toEqual([]);
	});

	test("ends with the failure where the guard says so at once", async () => {
		const stage = await stageWithVms();
		const denied = new Failure(ErrorReason.PERMISSION_DENIED, "no");
		const stream = stage.watch({
			filter: filterOf({ namespace: "a" }),
			guard: {
				onEnd(callback) {
					callback(denied);
					return () => {};
				},
			},
		});
		expect(inShort(stream.take(1))).toEqual(["HEARTBEAT"]);
		expect(() => stream.take(1)).toThrow(denied);
	});
});
