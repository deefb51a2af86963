import { create } from "@bufbuild/protobuf";
import { CloudInitUserSchema, type Wukong } from "@novasphere/wukong-gen/wukong";
import { beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../../../server/src/store/store.ts";
import type { StoreHarness } from "./store-contract.ts";
import { createVmNames } from "./vm-names.ts";
import { change, createOptions, writeOptions } from "./write.ts";

/** How every store must treat passwords. */
export function describeCredentials(harness: () => StoreHarness): void {
	const store = () => harness().store;
	const sink = () => harness().sink;
	const { held, named, ref } = createVmNames(harness);

	describe("credentials", () => {
		const user = { name: "admin", password: "pw-secret", passwordHash: "hash-secret" };
		const rename = (current: Wukong, to: string) =>
			change((next) => {
				if (next.spec?.cloudInitUser) next.spec.cloudInitUser.name = to;
			})(current);
		const withPassword = (value: string) =>
			change(() => {}, { password: { action: "set", value } });
		const versionOf = (edited: Promise<Wukong>) => edited.then((w) => w.resourceVersion);

		beforeEach(async () => {
			await store().create(named("a", { cloudInitUser: user }), createOptions);
			await harness().until("it runs", () => held("a")?.status?.phase === "Running");
		});

		test("never come out", async () => {
			await store().edit(ref("a"), (current) => rename(current, "root"), writeOptions);
			await store().remove(ref("a"), () => {}, writeOptions);
			const out = JSON.stringify([sink().state.objects, sink().changes], (_, value) =>
				typeof value === "bigint" ? String(value) : value,
			);
			expect(out).toContain("admin");
			expect(out).not.toContain("secret");
		});

		test("are kept over an edit of their user, change when set, and are gone when cleared", async () => {
			await store().edit(ref("a"), (current) => rename(current, "root"), writeOptions);
			await harness().until("that is observed", () => isObserved(held("a")));
			const before = held("a")?.resourceVersion;
			const edit = (e: Parameters<Store["edit"]>[1]) => store().edit(ref("a"), e, writeOptions);
			expect(await versionOf(edit(withPassword("pw-secret")))).toBe(before);
			expect(await versionOf(edit(withPassword("pw-other")))).not.toBe(before);
			await harness().until("that is observed", () => isObserved(held("a")));
			const cleared = await edit(change(() => {}, { password: { action: "clear" } }));
			expect(cleared.generation).toBe(4n);
			await harness().until("that is observed", () => isObserved(held("a")));
			expect((await edit(withPassword("pw-other"))).generation).toBe(5n);
		});

		test("go with their user", async () => {
			const edit = (e: Parameters<Store["edit"]>[1]) => store().edit(ref("a"), e, writeOptions);
			await edit(
				change((next) => {
					if (next.spec) delete next.spec.cloudInitUser;
				}),
			);
			const back = change((next) => {
				if (next.spec) {
					next.spec.cloudInitUser = create(CloudInitUserSchema, { name: "admin" });
				}
			});
			const restored = await edit(back);
			const set = await edit(withPassword("pw-secret"));
			expect(set.generation).toBe(restored.generation + 1n);
		});
	});
}

function isObserved(wukong: Wukong | undefined): boolean {
	const conditions = wukong?.status?.conditions ?? [];
	return conditions.every((condition) => condition.observedGeneration === wukong?.generation);
}
