import { copyFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { change, createOptions, refTo, setLabel, writeOptions, wukongNamed } from "../write.ts";
import { harnessHistory, startEmbedded, withDataFile } from "./harness.ts";

describe("after a restart", () => {
	test("objects, versions and the whole history are as they were", () =>
		withDataFile(async (dataPath) => {
			const first = await startEmbedded({ dataPath });
			for (const name of ["a", "b", "c"])
				await first.store.create(wukongNamed(name), createOptions);
			await first.until("all run", () =>
				[...first.sink.objects.values()].every(({ status }) => status?.phase === "Running"),
			);
			await first.store.edit(refTo("a"), setLabel("tier", "web"), writeOptions);
			await first.store.remove(refTo("b"), () => {}, writeOptions);
			await first.until("b is gone", () => first.sink.objects.size === 2);
			await first.store.create(wukongNamed("b", { cpu: 8 }), createOptions);
			await first.close();

			const second = await startEmbedded({ dataPath, clock: first.clock });
			const { state } = second.sink;
			expect(state.base).toBe(0n);
			expect(state.head).toBe(first.sink.head);
			expect(state.history).toEqual(first.sink.changes);
			expect(state.objects).toEqual(
				[...first.sink.objects.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
			);
			await second.close();
		}));

	test("credentials are still there, and in no part of the history", () =>
		withDataFile(async (dataPath) => {
			const cloudInitUser = { name: "admin", password: "pw-secret" };
			const first = await startEmbedded({ dataPath });
			await first.store.create(wukongNamed("a", { cloudInitUser }), createOptions);
			await first.until("it runs", () => phaseOf(first, "a") === "Running");
			await first.close();
			const second = await startEmbedded({ dataPath, clock: first.clock });
			expect(JSON.stringify(second.sink.state, bigintAsText)).not.toContain("secret");
			const same = change(() => {}, { password: { action: "set", value: "pw-secret" } });
			const { resourceVersion } = await second.store.edit(refTo("a"), same, writeOptions);
			expect(resourceVersion).toBe(second.sink.state.objects[0]?.resourceVersion);
			await second.close();
		}));

	test("a request id still stands for the VM it made", () =>
		withDataFile(async (dataPath) => {
			const options = { ...createOptions, requestId: "r-1", fingerprint: "f-1" };
			const first = await startEmbedded({ dataPath });
			const made = await first.store.create(wukongNamed("a"), options);
			await first.until("it runs", () => phaseOf(first, "a") === "Running");
			await first.close();
			const second = await startEmbedded({ dataPath, clock: first.clock });
			const again = await second.store.create(wukongNamed("a"), options);
			expect(again.uid).toBe(made.uid);
			await second.close();
		}));

	test("the operator goes on where it was", () =>
		withDataFile(async (dataPath) => {
			const first = await startEmbedded({ dataPath });
			await first.store.create(wukongNamed("a"), createOptions);
			await first.store.create(wukongNamed("b"), createOptions);
			await first.store.remove(refTo("b"), () => {}, writeOptions);
			await first.close();
			const second = await startEmbedded({ dataPath, clock: first.clock });
			await second.until("a runs, b is gone", () => {
				return phaseOf(second, "a") === "Running" && second.sink.objects.size === 1;
			});
			await second.close();
		}));

	test("history beyond smaller limits is dropped, in memory at once and on disk with the next write", () =>
		withDataFile(async (dataPath) => {
			const first = await startEmbedded({ dataPath });
			for (const name of ["a", "b", "c"])
				await first.store.create(wukongNamed(name), createOptions);
			await first.until("all run", () =>
				[...first.sink.objects.values()].every(({ status }) => status?.phase === "Running"),
			);
			await first.close();
			const limits = {
				dataPath,
				history: { ...harnessHistory, maxChanges: 2 },
				clock: first.clock,
			};
			const second = await startEmbedded(limits);
			expect(second.sink.state.history).toEqual(first.sink.changes.slice(-2));
			await second.store.edit(refTo("a"), setLabel("x", "y"), writeOptions);
			await second.close();
			const third = await startEmbedded({ dataPath, clock: first.clock });
			expect(third.sink.state.history.map(({ version }) => version)).toEqual([
				first.sink.head,
				second.sink.head,
			]);
			expect(third.sink.state.base).toBe(first.sink.changes.at(-2)?.version);
			await third.close();
		}));

	test("history beyond its age is dropped", () =>
		withDataFile(async (dataPath) => {
			const first = await startEmbedded({ dataPath });
			await first.store.create(wukongNamed("a"), createOptions);
			await first.close();
			await first.clock.advance(86_400_001);
			const second = await startEmbedded({ dataPath, clock: first.clock });
			expect(second.sink.state).toMatchObject({ history: [], base: second.sink.state.head });
			await second.close();
		}));
});

describe("versions", () => {
	test("rise over a restart even when the wall clock was set back", () =>
		withDataFile(async (dataPath) => {
			const first = await startEmbedded({ dataPath });
			await first.store.create(wukongNamed("a"), createOptions);
			await first.close();
			first.clock.stepWallClock(-30 * 86_400_000);
			const second = await startEmbedded({ dataPath, clock: first.clock });
			await second.store.create(wukongNamed("b"), createOptions);
			expect(second.sink.head).toBeGreaterThan(first.sink.head);
			await second.close();
		}));

	test("are not given out twice by a store and its restored copy", () =>
		withDataFile(async (dataPath) => {
			const copyPath = `${dataPath}.copy`;
			const before = await startEmbedded({ dataPath });
			await before.store.create(wukongNamed("a"), createOptions);
			await before.close();
			await copyFile(dataPath, copyPath);

			// The original goes on for an hour; then the copy takes its place.
			const original = await startEmbedded({ dataPath, clock: before.clock });
			for (let hour = 0; hour < 60; hour++) {
				await original.store.edit(refTo("a"), setLabel("minute", String(hour)), writeOptions);
				await original.clock.advance(60_000);
			}
			await original.close();
			const copy = await startEmbedded({ dataPath: copyPath, clock: before.clock });
			for (let count = 0; count < 60; count++) {
				await copy.store.edit(refTo("a"), setLabel("count", String(count)), writeOptions);
			}
			await copy.close();
			const given = new Set(original.sink.changes.map(({ version }) => version));
			expect(given.size).toBeGreaterThanOrEqual(60);
			expect(copy.sink.changes.filter(({ version }) => given.has(version))).toEqual([]);
			expect(copy.sink.changes[0]?.version).toBeGreaterThan(original.sink.head);
		}));

	test("of another store of the same age do not meet either", async () => {
		const clock = createFakeClock();
		const [one, other] = [await startEmbedded({ clock }), await startEmbedded({ clock })];
		await one.store.create(wukongNamed("a"), createOptions);
		await clock.advance(1);
		await other.store.create(wukongNamed("a"), createOptions);
		expect(one.sink.changes[0]?.version).not.toBe(other.sink.changes[0]?.version);
		await one.close();
		await other.close();
	});
});

test("a second store on the same file is refused, and the first one goes on", () =>
	withDataFile(async (dataPath) => {
		const first = await startEmbedded({ dataPath });
		await expect(startEmbedded({ dataPath })).rejects.toMatchObject({
			name: "StoreOpenError",
			code: "LOCKED",
			dataPath,
		});
		await first.store.create(wukongNamed("a"), createOptions);
		await first.close();
	}));

function phaseOf(harness: Awaited<ReturnType<typeof startEmbedded>>, name: string) {
	return harness.sink.objects.get(`default/${name}`)?.status?.phase;
}

function bigintAsText(_: string, value: unknown): unknown {
	return typeof value === "bigint" ? String(value) : value;
}
