import { ErrorReason } from "@novasphere/wukong-gen/error";
import { describe, expect, test } from "vitest";
import { CommitError } from "../../../../server/src/store/embedded/storage-error.ts";
import { createOptions, refTo, setLabel, writeOptions, wukongNamed } from "../write.ts";
import { createGate } from "./gate.ts";
import { startEmbedded } from "./harness.ts";

const create = (harness: Awaited<ReturnType<typeof startEmbedded>>, name: string) =>
	harness.store.create(wukongNamed(name), createOptions);

describe("group commit", () => {
	test("writes of one turn share one commit and are told together", async () => {
		const gate = createGate();
		const harness = await startEmbedded({}, gate.open);
		const names = Array.from({ length: 50 }, (_, index) => `vm-${index}`);
		await Promise.all(names.map((name) => create(harness, name)));
		expect(gate.sizes[0]).toBe(50);
		expect(harness.sink.changes.slice(0, 50).map(({ object }) => object.name)).toEqual(names);
		await harness.close();
		expect(harness.sink.appends).toBe(gate.sizes.length);
	});

	test("all writes that arrive while a commit runs go into the next one", async () => {
		const gate = createGate();
		const harness = await startEmbedded({}, gate.open);
		gate.hold();
		const first = create(harness, "first");
		await harness.clock.advance(0);
		const rest = ["a", "b", "c"].map((name) => create(harness, name));
		await harness.clock.advance(0);
		expect(gate.sizes).toEqual([1]);
		expect(harness.sink.changes).toEqual([]);
		gate.release();
		await Promise.all([first, ...rest]);
		expect(gate.sizes.slice(0, 2)).toEqual([1, 4]);
		await harness.close();
	});

	test("no answer leaves before what it rests on is committed", async () => {
		const gate = createGate();
		const harness = await startEmbedded({}, gate.open);
		gate.hold();
		const settled: string[] = [];
		const note = (what: string, call: Promise<unknown>) =>
			call.then(
				() => settled.push(what),
				() => settled.push(what),
			);
		const calls = [
			note("create", create(harness, "a")),
			note("already exists", create(harness, "a")),
			note(
				"no change",
				harness.store.edit(refTo("a"), () => undefined, writeOptions),
			),
			note(
				"remove",
				harness.store.remove(refTo("a"), () => {}, writeOptions),
			),
			note(
				"remove again",
				harness.store.remove(refTo("a"), () => {}, writeOptions),
			),
		];
		await harness.clock.advance(0);
		expect(settled).toEqual([]);
		gate.release();
		await Promise.all(calls);
		expect(settled).toHaveLength(5);
		await harness.close();
	});
});

describe("a commit that fails, with nothing written", () => {
	test("fails its writes and those stacked on it, and the store lives on", async () => {
		const gate = createGate();
		const harness = await startEmbedded({}, gate.open);
		await create(harness, "old");
		await harness.until("it runs", () => isRunning(harness, "old"));
		const before = harness.sink.objects.get("default/old");
		gate.hold();
		gate.fail(new CommitError("FULL", "the disk is full"));
		const inCommit = harness.store.edit(refTo("old"), setLabel("x", "1"), writeOptions);
		await harness.clock.advance(0);
		const stacked = harness.store.edit(refTo("old"), setLabel("y", "2"), writeOptions);
		const results = Promise.allSettled([inCommit, stacked, create(harness, "new")]);
		gate.release();
		const unavailable = expect.objectContaining({ reason: ErrorReason.UPSTREAM_UNAVAILABLE });
		for (const result of await results) {
			expect(result).toEqual({ status: "rejected", reason: unavailable });
		}
		expect(harness.sink.objects.get("default/old")).toBe(before);

		gate.fail(undefined);
		const after = await harness.store.edit(refTo("old"), setLabel("z", "3"), writeOptions);
		expect(after.labels).toEqual({ z: "3" });
		await create(harness, "new");
		expect(harness.faults).toEqual([]);
		await harness.close();
	});

	test("does not make the operator give up", async () => {
		const gate = createGate();
		const harness = await startEmbedded({}, gate.open);
		await create(harness, "a");
		gate.fail(new CommitError("FULL", "the disk is full"));
		await harness.clock.advance(10_000);
		gate.fail(undefined);
		await harness.until("it runs", () => isRunning(harness, "a"));
		await harness.close();
	});
});

describe("a commit that fails for good", () => {
	test("says so once, leaves its own outcome open, and writes nothing any more", async () => {
		const gate = createGate();
		const harness = await startEmbedded({}, gate.open);
		gate.hold();
		const fault = new CommitError("IO", "disk I/O error");
		gate.fail(fault);
		const inCommit = create(harness, "a");
		await harness.clock.advance(0);
		const stacked = create(harness, "b");
		const results = Promise.allSettled([inCommit, stacked]);
		gate.release();
		expect((await results).map((r) => r.status === "rejected" && r.reason.reason)).toEqual([
			ErrorReason.WRITE_OUTCOME_UNKNOWN,
			ErrorReason.UPSTREAM_UNAVAILABLE,
		]);
		gate.fail(undefined);
		await expect(create(harness, "c")).rejects.toMatchObject({
			reason: ErrorReason.UPSTREAM_UNAVAILABLE,
		});
		expect(harness.faults).toEqual([fault]);
		expect(gate.sizes).toEqual([1]);
		await harness.close();
	});
});

function isRunning({ sink }: Awaited<ReturnType<typeof startEmbedded>>, name: string): boolean {
	return sink.objects.get(`default/${name}`)?.status?.phase === "Running";
}
