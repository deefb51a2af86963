import { ErrorReason } from "@novasphere/wukong-gen/error";
import { describe, expect, test } from "vitest";
import {
	CommitError,
	type CommitErrorCode,
} from "../../../../server/src/store/embedded/storage-error.ts";
import { createOptions, refTo, setLabel, writeOptions, wukongNamed } from "../write.ts";
import { createGate } from "./gate.ts";
import { startEmbedded } from "./harness.ts";

/** A store that holds one settled VM, so that the operator has nothing to write. */
async function startSettled() {
	const gate = createGate();
	const harness = await startEmbedded({}, gate.open);
	await harness.store.create(wukongNamed("a"), createOptions);
	await harness.until(
		"it runs",
		() => harness.sink.objects.get("default/a")?.status?.phase === "Running",
	);
	const edit = (value: string) =>
		harness.store.edit(refTo("a"), setLabel("x", value), writeOptions);
	const trouble = () => harness.store.freshness().unwritable;
	return { ...harness, gate, edit, trouble };
}

const full = new CommitError("FULL", "database or disk is full");
const unavailable = {
	reason: ErrorReason.UPSTREAM_UNAVAILABLE,
	details: { retryAfterMs: 1_000 },
};

describe("a store that cannot write", () => {
	test.each<[CommitErrorCode, RegExp]>([
		["FULL", /^the store cannot write: the disk is full$/],
		["READ_ONLY", /can only be read/],
		["WRITE", /the system refuses/],
		["OTHER", /the last commit failed/],
	])(
		"%s: answers UPSTREAM_UNAVAILABLE with the time to wait, stores nothing, says why",
		async (code, words) => {
			const store = await startSettled();
			expect(store.trouble()).toBeUndefined();
			store.gate.fail(new CommitError(code, "as SQLite has it"));
			await expect(store.edit("1")).rejects.toMatchObject(unavailable);
			expect(store.sink.objects.get("default/a")?.labels).toEqual({});
			expect(store.trouble()).toMatch(words);
			expect(store.observed).toEqual([`failed: ${code}`, `unwritable: ${code}`]);
			expect(store.faults).toEqual([]);
			await store.close();
		},
	);

	test("probes every five seconds and is well again by itself when there is room", async () => {
		const store = await startSettled();
		store.gate.fail(full);
		await expect(store.edit("1")).rejects.toMatchObject(unavailable);
		await store.clock.advance(4_999);
		expect(store.gate.rooms).toEqual([]);
		await store.clock.advance(1);
		expect(store.gate.rooms).toHaveLength(1);
		expect(store.trouble()).toBeDefined();
		store.gate.fail(undefined);
		await store.clock.advance(5_000);
		expect(store.gate.rooms).toHaveLength(2);
		expect(store.trouble()).toBeUndefined();
		expect(store.observed).toEqual([
			"failed: FULL",
			"unwritable: FULL",
			"failed: FULL",
			"writable",
		]);
		await store.clock.advance(60_000);
		expect(store.gate.rooms).toHaveLength(2);
		await store.close();
	});

	test("probes for the room that was missing, not for less", async () => {
		const store = await startSettled();
		store.gate.fail(full);
		const labels = Object.fromEntries(
			Array.from({ length: 1_000 }, (_, index) => [`k${index}`, "v".repeat(60)]),
		);
		const large = { ...wukongNamed("large"), labels };
		await expect(store.store.create(large, createOptions)).rejects.toMatchObject(unavailable);
		await store.clock.advance(5_000);
		expect(store.gate.rooms[0]).toBeGreaterThan(120_000);
		await store.close();
	});

	test("is well again after a write of a caller too, which is always tried", async () => {
		const store = await startSettled();
		store.gate.fail(full);
		await expect(store.edit("1")).rejects.toMatchObject(unavailable);
		await expect(store.edit("2")).rejects.toMatchObject(unavailable);
		expect(store.observed).toEqual(["failed: FULL", "unwritable: FULL", "failed: FULL"]);
		store.gate.fail(undefined);
		expect((await store.edit("3")).labels).toEqual({ x: "3" });
		expect(store.trouble()).toBeUndefined();
		await store.clock.advance(60_000);
		expect(store.gate.rooms).toEqual([]);
		await store.close();
	});

	test("tells it when the cause becomes another one", async () => {
		const store = await startSettled();
		for (const code of ["FULL", "FULL", "READ_ONLY"] as const) {
			store.gate.fail(new CommitError(code, "x"));
			await expect(store.edit("1")).rejects.toMatchObject(unavailable);
		}
		expect(store.observed.filter((word) => word.startsWith("unwritable"))).toEqual([
			"unwritable: FULL",
			"unwritable: READ_ONLY",
		]);
		await store.close();
	});

	test("never commits while a probe is under way", async () => {
		const store = await startSettled();
		const before = store.gate.sizes.length;
		store.gate.fail(full);
		await expect(store.edit("1")).rejects.toMatchObject(unavailable);
		store.gate.fail(undefined);
		store.gate.hold();
		await store.clock.advance(5_000);
		const write = store.edit("2");
		await store.clock.advance(0);
		expect(store.gate.rooms).toHaveLength(1);
		expect(store.gate.sizes).toHaveLength(before + 1);
		store.gate.release();
		expect((await write).labels).toEqual({ x: "2" });
		await store.close();
	});

	test("whose probe fails for good is a fault, as a commit is", async () => {
		const store = await startSettled();
		store.gate.fail(full);
		await expect(store.edit("1")).rejects.toMatchObject(unavailable);
		const gone = new CommitError("GONE", "the database worker has ended");
		store.gate.fail(gone);
		await store.clock.advance(5_000);
		expect(store.faults).toEqual([gone]);
		await store.clock.advance(60_000);
		expect(store.gate.rooms).toHaveLength(1);
		await store.close();
	});

	test("closes without a timer left behind", async () => {
		const store = await startSettled();
		store.gate.fail(full);
		await expect(store.edit("1")).rejects.toMatchObject(unavailable);
		expect(store.clock.pendingTimers).toBe(1);
		await store.close();
		expect(store.clock.pendingTimers).toBe(0);
	});
});
