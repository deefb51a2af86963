import { create } from "@bufbuild/protobuf";
import {
	WukongStatus_PowerState as Power,
	StartStrategySchema,
} from "@novasphere/wukong-gen/wukong";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Source } from "../../../server/src/store/source.ts";
import type { RecordingSink } from "./recording-sink.ts";
import { describeCredentials } from "./source-contract-credentials.ts";
import { describeWrites } from "./source-contract-writes.ts";
import { change, createOptions, refTo, writeOptions, wukongNamed } from "./write.ts";

/** A started source and the sink it feeds. */
export interface SourceHarness {
	readonly source: Source;
	readonly sink: RecordingSink;
	/** Lets time pass until `condition` holds. */
	until(what: string, condition: () => boolean): Promise<void>;
	close(): Promise<void>;
}

/** What every store must do, whatever is behind it. */
export function describeSource(name: string, open: () => Promise<SourceHarness>): void {
	describe(`the source contract on ${name}`, () => {
		let harness: SourceHarness;

		beforeEach(async () => {
			harness = await open();
		});
		afterEach(() => harness.close());

		describeWrites(() => harness);
		describeCredentials(() => harness);
		describeOperator(() => harness);

		test("a call that was canceled before it began writes nothing", async () => {
			const options = { ...createOptions, signal: AbortSignal.abort() };
			await expect(harness.source.create(wukongNamed("a"), options)).rejects.toBe(
				options.signal.reason,
			);
			expect(harness.sink.objects.size).toBe(0);
		});

		test("all that comes out is frozen", async () => {
			const made = await harness.source.create(wukongNamed("a"), createOptions);
			for (const part of [made, made.spec, made.spec?.disks, made.spec?.disks[0], made.status]) {
				expect(Object.isFrozen(part)).toBe(true);
			}
		});
	});
}

function describeOperator(harness: () => SourceHarness): void {
	const source = () => harness().source;
	const held = (vm: string) => harness().sink.objects.get(`default/${vm}`);

	describe("the operator", () => {
		const turn = (autoStart: boolean) =>
			change((next) => {
				if (next.spec) next.spec.startStrategy = create(StartStrategySchema, { autoStart });
			});

		test("brings a new VM to Running, a stopped one to Stopped, and back", async () => {
			await source().create(wukongNamed("a"), createOptions);
			const power = () => held("a")?.status?.powerState;
			await harness().until("it runs", () => power() === Power.RUNNING);
			const stopping = await source().edit(refTo("a"), turn(false), writeOptions);
			expect(stopping.status?.powerState).toBe(Power.STOPPING);
			await harness().until("it has stopped", () => power() === Power.STOPPED);
			await source().edit(refTo("a"), turn(true), writeOptions);
			await harness().until("it runs again", () => power() === Power.RUNNING);
		});

		test("tells an unknown storage class by Error and a condition", async () => {
			const disks = [{ name: "root", size: "1Gi", storageClassName: "does-not-exist" }];
			await source().create(wukongNamed("a", { disks }), createOptions);
			await harness().until("it fails", () => held("a")?.status?.phase === "Error");
			expect(held("a")?.status?.conditions).toContainEqual(
				expect.objectContaining({ type: "VolumesBound", status: "False" }),
			);
		});
	});
}
