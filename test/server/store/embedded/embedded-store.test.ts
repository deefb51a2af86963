import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { WukongStatus_PowerState as Power } from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import { validateWukong } from "../../../../server/src/resource/wukong/rules/rules.ts";
import { describeStore } from "../store-contract.ts";
import { createOptions, refTo, setLabel, writeOptions, wukongNamed } from "../write.ts";
import { startEmbedded, withDataFile } from "./harness.ts";

describeStore("the embedded store in memory", () => startEmbedded());

describeStore("the embedded store in a file", async () => {
	const folder = await mkdtemp(join(tmpdir(), "wukong-store-"));
	const harness = await startEmbedded({ dataPath: join(folder, "wukong.db") });
	return {
		...harness,
		async close() {
			await harness.close();
			await rm(folder, { recursive: true });
		},
	};
});

describe("seeds", () => {
	test("fill an empty store with Running VMs of varied specs and labels", async () => {
		const { sink, close } = await startEmbedded({ seedCount: 100 });
		const { objects } = sink.state;
		const names = objects.map(({ namespace, name }) => `${namespace}/${name}`);
		expect(new Set(names)).toEqual(
			new Set(Array.from({ length: 100 }, (_, i) => `default/vm-${i}`)),
		);
		expect(objects.every(({ status }) => status?.powerState === Power.RUNNING)).toBe(true);
		expect(new Set(objects.map(({ uid }) => uid)).size).toBe(100);
		expect(new Set(objects.map(({ spec }) => spec?.cpu)).size).toBeGreaterThan(1);
		expect(new Set(objects.map(({ labels }) => labels.tier)).size).toBeGreaterThan(1);
		await close();
	});

	test("are at rest, and pass the rules that callers' VMs must pass", async () => {
		const { sink, clock, close } = await startEmbedded({ seedCount: 20 });
		await clock.advance(60_000);
		expect(sink.changes).toEqual([]);
		for (const seed of sink.state.objects) expect(validateWukong(seed, undefined)).toEqual([]);
		await close();
	});

	test("leave a store alone that has held something, even if it is empty again", async () => {
		await withDataFile(async (dataPath) => {
			const first = await startEmbedded({ dataPath });
			await first.store.create(wukongNamed("mine"), createOptions);
			await first.store.remove(refTo("mine"), () => {}, writeOptions);
			await first.until("it is gone", () => first.sink.objects.size === 0);
			await first.close();
			const second = await startEmbedded({ dataPath, seedCount: 5, clock: first.clock });
			expect(second.sink.state.objects).toEqual([]);
			await second.close();
		});
	});

	test("are there once, however often the store is started with them", async () => {
		await withDataFile(async (dataPath) => {
			const first = await startEmbedded({ dataPath, seedCount: 3 });
			const uids = first.sink.state.objects.map(({ uid }) => uid);
			await first.close();
			const second = await startEmbedded({ dataPath, seedCount: 7 });
			expect(second.sink.state.objects.map(({ uid }) => uid)).toEqual(uids);
			await second.close();
		});
	});
});

describe("close", () => {
	test("flushes what is under way and refuses what comes later", async () => {
		await withDataFile(async (dataPath) => {
			const { store, close, clock } = await startEmbedded({ dataPath });
			const made = store.create(wukongNamed("a"), createOptions);
			await close();
			expect((await made).name).toBe("a");
			const late = store.edit(refTo("a"), setLabel("x", "y"), writeOptions);
			await expect(late).rejects.toMatchObject({ reason: ErrorReason.SHUTTING_DOWN });
			const again = await startEmbedded({ dataPath, clock });
			expect(again.sink.state.objects).toHaveLength(1);
			await again.close();
		});
	});

	test("leaves no timer behind", async () => {
		const { store, close, clock } = await startEmbedded();
		await store.create(wukongNamed("a"), createOptions);
		await clock.advance(0);
		expect(clock.pendingTimers).toBe(1);
		await close();
		expect(clock.pendingTimers).toBe(0);
	});
});
