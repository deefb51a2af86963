import { create } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import {
	WukongStatus_PowerState as Power,
	StartStrategySchema,
} from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import type { Action, ActionOptions, Edit } from "../../../server/src/store/store.ts";
import type { StoreHarness } from "./store-contract.ts";
import { createVmNames } from "./vm-names.ts";
import { change, createOptions, writeOptions } from "./write.ts";

const pause: Action = { kind: "pause" };
const resume: Action = { kind: "resume" };
const restart = (mode: "graceful" | "force" | "soft" | "reset"): Action => ({
	kind: "restart",
	mode,
});
const everyAction = [
	pause,
	resume,
	restart("graceful"),
	restart("force"),
	restart("soft"),
	restart("reset"),
];
const options: ActionOptions = { ...writeOptions, check() {} };

/** What restart, pause, resume and a grace period must do on every store that can do them. */
export function describeActions(harness: () => StoreHarness): void {
	const store = () => harness().store;
	const { held, named, ref } = createVmNames(harness);
	const power = () => held("a")?.status?.powerState;
	const run = async () => {
		await store().create(named("a"), createOptions);
		await harness().until("it runs", () => power() === Power.RUNNING);
	};
	const act = (action: Action, given: Partial<ActionOptions> = {}) =>
		store().act(ref("a"), action, { ...options, ...given });
	const turnOff = (more: Partial<Edit> = {}) =>
		store().edit(
			ref("a"),
			(current) => ({
				...change((next) => {
					if (next.spec)
						next.spec.startStrategy = create(StartStrategySchema, { autoStart: false });
				})(current),
				...more,
			}),
			writeOptions,
		);

	describe("act", () => {
		test("pauses and resumes; again changes nothing and is no fault", async () => {
			await run();
			const paused = await act(pause);
			expect(paused).toMatchObject({
				changed: true,
				wukong: { status: { powerState: Power.PAUSED } },
			});
			expect(await act(pause)).toMatchObject({ changed: false });
			expect(power()).toBe(Power.PAUSED);
			expect(await act(resume)).toMatchObject({
				changed: true,
				wukong: { status: { powerState: Power.RUNNING } },
			});
			expect(await act(resume)).toMatchObject({ changed: false });
		});

		test("of two at once is done once, and both are answered", async () => {
			await run();
			const both = await Promise.all([act(pause), act(pause)]);
			expect(both.map(({ changed }) => changed).sort()).toEqual([false, true]);
		});

		test.each([
			["graceful", Power.STOPPING],
			["force", Power.STARTING],
		] as const)("restarts, %s: it is down for a while, then it runs again", async (mode, first) => {
			await run();
			const { changed, wukong } = await act(restart(mode));
			expect(changed).toBe(true);
			expect(wukong.status?.powerState).toBe(first);
			expect(wukong.spec?.startStrategy?.autoStart).toBe(true);
			await harness().until("it starts", () => power() === Power.STARTING);
			await harness().until("it runs again", () => power() === Power.RUNNING);
		});

		test.each(["soft", "reset"] as const)("reboots where it runs, %s", async (mode) => {
			await run();
			const { changed, wukong } = await act(restart(mode));
			expect(changed).toBe(true);
			expect(wukong.status?.powerState).toBe(Power.RUNNING);
		});

		test("restarts a paused VM, but reboots none where it stands", async () => {
			await run();
			await act(pause);
			for (const mode of ["soft", "reset"] as const) {
				await expect(act(restart(mode))).rejects.toMatchObject(notRunning);
			}
			await act(restart("graceful"));
			await harness().until("it runs again", () => power() === Power.RUNNING);
		});

		test("needs a VM that runs: WUKONG_NOT_RUNNING while it starts, stops, is off", async () => {
			await store().create(named("a"), createOptions);
			for (const action of everyAction) await expect(act(action)).rejects.toMatchObject(notRunning);
			await harness().until("it runs", () => power() === Power.RUNNING);
			await turnOff();
			for (const action of everyAction) await expect(act(action)).rejects.toMatchObject(notRunning);
			await harness().until("it is off", () => power() === Power.STOPPED);
			for (const action of everyAction) await expect(act(action)).rejects.toMatchObject(notRunning);
		});

		test("of what is not there is WUKONG_NOT_FOUND", async () => {
			for (const action of everyAction) {
				await expect(act(action)).rejects.toMatchObject({ reason: ErrorReason.WUKONG_NOT_FOUND });
			}
		});

		test("judges the caller's preconditions before the VM's state, and does nothing then", async () => {
			await store().create(named("a"), createOptions);
			const refusal = new Error("not this one");
			const check = () => {
				throw refusal;
			};
			await expect(act(pause, { check })).rejects.toBe(refusal);
			await harness().until("it runs", () => power() === Power.RUNNING);
			await expect(act(pause, { check })).rejects.toBe(refusal);
			expect(power()).toBe(Power.RUNNING);
		});

		test("with validateOnly says what would be, and does nothing", async () => {
			await run();
			const before = held("a");
			expect((await act(pause, { validateOnly: true })).changed).toBe(true);
			expect((await act(resume, { validateOnly: true })).changed).toBe(false);
			expect((await act(restart("force"), { validateOnly: true })).changed).toBe(true);
			expect(held("a")).toBe(before);
		});

		test("that was canceled before it began does nothing", async () => {
			await run();
			const signal = AbortSignal.abort();
			await expect(act(pause, { signal })).rejects.toBe(signal.reason);
			expect(power()).toBe(Power.RUNNING);
		});
	});

	describe("a stop", () => {
		test("with no grace period left is off at once", async () => {
			await run();
			await turnOff({ gracePeriodMs: 0 });
			await harness().until("it is off", () => power() === Power.STOPPED);
		});

		test("of a paused VM ends it, and a start then runs it, not paused", async () => {
			await run();
			await act(pause);
			const stopping = await turnOff();
			expect(stopping.status?.powerState).toBe(Power.STOPPING);
			await harness().until("it is off", () => power() === Power.STOPPED);
		});
	});
}

/** What a store does that cannot do any of it. */
export function describeNoActions(harness: () => StoreHarness): void {
	const { named, ref, held } = createVmNames(harness);
	const notSupported = { reason: ErrorReason.NOT_SUPPORTED };

	test("restart, pause and resume are NOT_SUPPORTED, and so is a grace period, unwritten", async () => {
		const { store } = harness();
		await store.create(named("a"), createOptions);
		for (const action of everyAction) {
			await expect(store.act(ref("a"), action, options)).rejects.toMatchObject(notSupported);
		}
		const before = held("a")?.spec;
		const stop = store.edit(
			ref("a"),
			(current) => ({
				...change((next) => {
					next.labels.stopped = "yes";
				})(current),
				gracePeriodMs: 0,
			}),
			writeOptions,
		);
		await expect(stop).rejects.toMatchObject(notSupported);
		expect(held("a")).toMatchObject({ spec: before, labels: {} });
	});
}

const notRunning = { reason: ErrorReason.WUKONG_NOT_RUNNING };
