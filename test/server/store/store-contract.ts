import { create } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import {
	WukongStatus_PowerState as Power,
	StartStrategySchema,
} from "@novasphere/wukong-gen/wukong";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { placesIn } from "../../../server/src/resource/version.ts";
import type { Store } from "../../../server/src/store/store.ts";
import { absentNamespace } from "../../support/fake-api-store.ts";
import type { RecordingSink } from "./recording-sink.ts";
import { describeActions, describeNoActions } from "./store-contract-actions.ts";
import { describeCredentials } from "./store-contract-credentials.ts";
import { describeWrites } from "./store-contract-writes.ts";
import { createVmNames } from "./vm-names.ts";
import { change, createOptions, writeOptions } from "./write.ts";

/** A started store and the sink it feeds. */
export interface StoreHarness {
	readonly store: Store;
	readonly sink: RecordingSink;
	/** Where the suite writes; empty at first, and nobody else's. */
	readonly namespace: string;
	/** Lets the operator work until `condition` holds. Between such times it does nothing. */
	until(what: string, condition: () => boolean): Promise<void>;
	close(): Promise<void>;
}

/** Stores without namespace objects: every valid name is a namespace that is there. */
const withoutNamespaces: ReadonlySet<string> = new Set([
	"the embedded store in memory",
	"the embedded store in a file",
]);

/** Stores without KubeVirt, which cannot restart, pause or resume. */
const unable: ReadonlySet<string> = new Set([
	"the Kubernetes store",
	"the Kubernetes store on a real API server",
]);

/** What every store must do, whatever is behind it. */
export function describeStore(name: string, open: () => Promise<StoreHarness>): void {
	describe(`the store contract on ${name}`, () => {
		let harness: StoreHarness;
		const vm = createVmNames(() => harness);

		beforeEach(async () => {
			harness = await open();
		});
		afterEach(() => harness.close());

		describeWrites(() => harness);
		describeCredentials(() => harness);
		describeOperator(() => harness);
		if (unable.has(name)) describeNoActions(() => harness);
		else describeActions(() => harness);

		test("a call that was canceled before it began writes nothing", async () => {
			const options = { ...createOptions, signal: AbortSignal.abort() };
			await expect(harness.store.create(vm.named("a"), options)).rejects.toBe(
				options.signal.reason,
			);
			expect(harness.sink.objects.size).toBe(0);
		});

		test("the newest version, asked of the store, is no older than what was written", async () => {
			const { resourceVersion } = await harness.store.create(vm.named("a"), createOptions);
			const newest = await harness.store.newestVersion(createOptions.signal);
			expect(newest).toBeGreaterThanOrEqual(BigInt(placesIn(resourceVersion)));
		});

		const createNowhere = () =>
			harness.store.create({ ...vm.named("a"), namespace: absentNamespace }, createOptions);
		if (withoutNamespaces.has(name)) {
			test("a creation in any namespace is stored: there are no namespace objects", async () => {
				expect(await createNowhere()).toMatchObject({ namespace: absentNamespace });
			});
		} else {
			test("a creation in a namespace that is not there is NAMESPACE_NOT_FOUND", async () => {
				await expect(createNowhere()).rejects.toMatchObject({
					reason: ErrorReason.NAMESPACE_NOT_FOUND,
				});
			});
		}

		test("all that comes out is frozen", async () => {
			const made = await harness.store.create(vm.named("a"), createOptions);
			for (const part of [made, made.spec, made.spec?.disks, made.spec?.disks[0], made.status]) {
				expect(Object.isFrozen(part)).toBe(true);
			}
		});
	});
}

function describeOperator(harness: () => StoreHarness): void {
	const store = () => harness().store;
	const { held, named, ref } = createVmNames(harness);

	describe("the operator", () => {
		const turn = (autoStart: boolean) =>
			change((next) => {
				if (next.spec) next.spec.startStrategy = create(StartStrategySchema, { autoStart });
			});

		test("brings a new VM to Running, a stopped one to Stopped, and back", async () => {
			await store().create(named("a"), createOptions);
			const power = () => held("a")?.status?.powerState;
			await harness().until("it runs", () => power() === Power.RUNNING);
			const stopping = await store().edit(ref("a"), turn(false), writeOptions);
			expect(stopping.status?.powerState).toBe(Power.STOPPING);
			await harness().until("it has stopped", () => power() === Power.STOPPED);
			await store().edit(ref("a"), turn(true), writeOptions);
			await harness().until("it runs again", () => power() === Power.RUNNING);
		});

		test("tells an unknown storage class by Error and a condition", async () => {
			const disks = [{ name: "root", size: "1Gi", storageClassName: "does-not-exist" }];
			await store().create(named("a", { disks }), createOptions);
			await harness().until("it fails", () => held("a")?.status?.phase === "Error");
			expect(held("a")?.status?.conditions).toContainEqual(
				expect.objectContaining({ type: "VolumesBound", status: "False" }),
			);
		});
	});
}
