import { ErrorReason } from "@novasphere/wukong-gen/error";
import { WukongStatus_PowerState as Power } from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import { parsePlainVersion, placesIn } from "../../../server/src/resource/version.ts";
import type { StoreHarness } from "./store-contract.ts";
import { createVmNames } from "./vm-names.ts";
import { change, createOptions, setLabel, writeOptions } from "./write.ts";

/** What create, edit and remove must do on every store. */
export function describeWrites(harness: () => StoreHarness): void {
	const store = () => harness().store;
	const sink = () => harness().sink;
	const { held, named, ref } = createVmNames(harness);

	describe("create", () => {
		test("answers with the stored Wukong once the sink has it", async () => {
			const made = await store().create(named("a"), createOptions);
			expect(sink().changes.map(({ object }) => object.resourceVersion)).toContain(
				made.resourceVersion,
			);
			expect(held("a")?.uid).toBe(made.uid);
			expect(made).toMatchObject({ namespace: harness().namespace, name: "a", generation: 1n });
			expect(made.uid).not.toBe("");
			expect(made.createTime).toBeDefined();
			expect(parsePlainVersion(placesIn(made.resourceVersion))).toBeLessThanOrEqual(sink().head);
			expect(made.spec?.startStrategy?.autoStart).toBe(true);
			expect(made.status?.powerState).toBe(Power.STARTING);
		});

		test("ignores output fields and is not touched by later changes of its argument", async () => {
			const given = named("a");
			given.uid = "mine";
			given.generation = 77n;
			given.resourceVersion = "9";
			const made = await store().create(given, createOptions);
			if (given.spec) given.spec.cpu = 64;
			expect(made).toMatchObject({ generation: 1n, spec: { cpu: 2 } });
			expect(made.uid).not.toBe("mine");
		});

		test("of a name that is taken is WUKONG_ALREADY_EXISTS, also with validateOnly", async () => {
			await store().create(named("a"), createOptions);
			const refusal = { reason: ErrorReason.WUKONG_ALREADY_EXISTS };
			const again = store().create(named("a"), createOptions);
			await expect(again).rejects.toMatchObject(refusal);
			const tried = store().create(named("a"), { ...createOptions, validateOnly: true });
			await expect(tried).rejects.toMatchObject(refusal);
		});

		test("of one name, twice at once, makes one Wukong", async () => {
			const both = await Promise.allSettled([
				store().create(named("a"), createOptions),
				store().create(named("a"), createOptions),
			]);
			expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
		});

		test("repeated under its request id returns the first VM, as it is now", async () => {
			const options = { ...createOptions, requestId: "r-1", fingerprint: "f-1" };
			const made = await store().create(named("a"), options);
			await store().edit(ref("a"), setLabel("tier", "web"), writeOptions);
			const again = await store().create(named("a"), options);
			expect(again.uid).toBe(made.uid);
			expect(again.labels).toEqual({ tier: "web" });
		});

		test("under a used request id with other content is REQUEST_ID_REUSED", async () => {
			const options = { ...createOptions, requestId: "r-1", fingerprint: "f-1" };
			await store().create(named("a"), options);
			const again = store().create(named("a"), { ...options, fingerprint: "f-2" });
			await expect(again).rejects.toMatchObject({ reason: ErrorReason.REQUEST_ID_REUSED });
			await store().create(named("b"), { ...options, fingerprint: "f-2" });
		});
	});

	describe("edit", () => {
		test("of labels keeps the generation, of spec raises it; both move the version", async () => {
			const made = await store().create(named("a"), createOptions);
			const labelled = await store().edit(ref("a"), setLabel("tier", "web"), writeOptions);
			expect(labelled.generation).toBe(1n);
			expect(labelled.resourceVersion).not.toBe(made.resourceVersion);
			const grown = await store().edit(
				ref("a"),
				change((next) => {
					if (next.spec) next.spec.cpu = 4;
				}),
				writeOptions,
			);
			expect(grown).toMatchObject({ generation: 2n, spec: { cpu: 4 }, labels: { tier: "web" } });
			expect(grown.uid).toBe(made.uid);
			expect(held("a")?.spec?.cpu).toBe(4);
		});

		test("to what is there already writes nothing", async () => {
			await store().create(named("a"), createOptions);
			await harness().until("it runs", () => held("a")?.status?.phase === "Running");
			const before = held("a");
			const undecided = await store().edit(ref("a"), () => undefined, writeOptions);
			const same = await store().edit(
				ref("a"),
				change(() => {}),
				writeOptions,
			);
			expect(undecided.resourceVersion).toBe(before?.resourceVersion);
			expect(same.resourceVersion).toBe(before?.resourceVersion);
		});

		test("passes on what the edit throws, and leaves everything as it was", async () => {
			const made = await store().create(named("a"), createOptions);
			const refuse = () => {
				throw new Error("not today");
			};
			await expect(store().edit(ref("a"), refuse, writeOptions)).rejects.toThrow("not today");
			expect(held("a")?.uid).toBe(made.uid);
		});

		test("of what is not there is WUKONG_NOT_FOUND", async () => {
			await expect(store().edit(ref("a"), () => undefined, writeOptions)).rejects.toMatchObject({
				reason: ErrorReason.WUKONG_NOT_FOUND,
			});
		});

		test("many times at once loses no edit", async () => {
			await store().create(named("a"), createOptions);
			const count = change((next) => {
				next.labels.count = String(Number(next.labels.count ?? "0") + 1);
			});
			await Promise.all(
				Array.from({ length: 20 }, () => store().edit(ref("a"), count, writeOptions)),
			);
			expect(held("a")?.labels.count).toBe("20");
		});
	});

	describe("remove", () => {
		test("begins a deletion, which the operator completes", async () => {
			await store().create(named("a"), createOptions);
			const { wukong, version } = await store().remove(ref("a"), () => {}, writeOptions);
			expect(wukong.deleteTime).toBeDefined();
			expect(wukong.generation).toBe(2n);
			expect(version).toBeLessThanOrEqual(sink().head);
			await harness().until("it is gone", () => held("a") === undefined);
			expect(sink().changes.at(-1)).toMatchObject({ deleted: true, object: { name: "a" } });
			await expect(store().remove(ref("a"), () => {}, writeOptions)).rejects.toMatchObject({
				reason: ErrorReason.WUKONG_NOT_FOUND,
			});
		});

		test("twice gives the same answer", async () => {
			await store().create(named("a"), createOptions);
			const [first, second] = await Promise.all([
				store().remove(ref("a"), () => {}, writeOptions),
				store().remove(ref("a"), () => {}, writeOptions),
			]);
			expect(second.wukong).toEqual(first.wukong);
		});

		test("passes on what the check throws, and removes nothing", async () => {
			await store().create(named("a"), createOptions);
			const refuse = () => {
				throw new Error("not today");
			};
			await expect(store().remove(ref("a"), refuse, writeOptions)).rejects.toThrow("not today");
			expect(held("a")?.deleteTime).toBeUndefined();
		});

		test("makes room for a namesake with another uid and no memory of request ids", async () => {
			const options = { ...createOptions, requestId: "r-1", fingerprint: "f-1" };
			const first = await store().create(named("a"), options);
			await store().remove(ref("a"), () => {}, writeOptions);
			await harness().until("it is gone", () => held("a") === undefined);
			const second = await store().create(named("a"), { ...options, fingerprint: "f-2" });
			expect(second.uid).not.toBe(first.uid);
			expect(second.generation).toBe(1n);
		});
	});

	describe("validateOnly", () => {
		test("answers what would be and stores nothing", async () => {
			await store().create(named("a"), createOptions);
			await harness().until("it runs", () => held("a")?.status?.phase === "Running");
			const before = sink().changes.length;
			const dry = { ...writeOptions, validateOnly: true };
			const made = await store().create(named("b"), {
				...createOptions,
				validateOnly: true,
			});
			expect(made).toMatchObject({ name: "b", spec: { cpu: 2 } });
			const edited = await store().edit(ref("a"), setLabel("tier", "web"), dry);
			expect(edited.labels).toEqual({ tier: "web" });
			const { wukong } = await store().remove(ref("a"), () => {}, dry);
			expect(wukong.deleteTime).toBeDefined();
			// Had anything been stored, its change would come before this one's.
			const { resourceVersion } = await store().edit(ref("a"), setLabel("a", "b"), writeOptions);
			const versions = sink()
				.changes.slice(before)
				.map(({ version }) => String(version));
			expect(versions).toEqual([placesIn(resourceVersion)]);
		});
	});
}
