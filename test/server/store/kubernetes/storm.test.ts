import { WukongEvent_Type as EventType } from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { storeClosed } from "../../../../server/src/failure.ts";
import { hashIn } from "../../../../server/src/resource/wukong/precondition-hash.ts";
import { checkPreconditions } from "../../../../server/src/service/wukong/preconditions.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { takeAll } from "../../../support/watching.ts";
import { refTo, setLabel, writeOptions } from "../write.ts";
import { createStormStage } from "./storm-stage.ts";

const vms = 100;

/** A storm before the whole store, on a clock that the test moves. */
async function startStorm() {
	const clock = createFakeClock();
	const stage = await createStormStage({ vms, clock });
	/** Lets all arrive that is on its way, while the clock stands still. */
	const until = async (isSo: () => boolean) => {
		while (!isSo()) await clock.advance(0);
	};
	void stage.replica.start();
	await until(() => stage.replica.ready);
	const stream = stage.watch();
	const token = takeAll(stream).at(-1)?.resourceVersion ?? "";
	let turns = 0;
	/** Every VM changes between Creating and Error. @returns what the stream says by the end of that time */
	const turn = async (ms: number) => {
		turns++;
		for (let vm = 0; vm < vms; vm++) stage.say(vm, turns % 2 === 0 ? "Creating" : "Error", turns);
		await until(stage.isCurrent);
		await clock.advance(ms);
		return takeAll(stream);
	};
	const close = async () => {
		stream.close();
		stage.replica.drain(storeClosed());
		await stage.store.close();
	};
	return { ...stage, until, turn, token, close };
}

test("a hundred VMs in the Error loop, 10,000 upstream changes a second: watches are told at most four times a second of each, and a token from ten minutes ago resumes without RESET", async () => {
	const { turn, watch, observer, replica, token, close } = await startStorm();
	const told = new Map<string, number>();
	for (let count = 0; count < 100; count++) {
		for (const { type, wukong } of await turn(10)) {
			expect(type).toBe(EventType.MODIFIED);
			const name = wukong?.name ?? "";
			told.set(name, (told.get(name) ?? 0) + 1);
		}
	}
	// The first change is told at once, and not a VM is forgotten.
	expect([told.size, Math.max(...told.values())]).toEqual([vms, 5]);
	expect(observer.withheldCount).toBeGreaterThan(9_000);
	expect(observer.noisyNames.length).toBeGreaterThanOrEqual(vms);
	for (let count = 0; count < 60; count++) await turn(10_000);

	// More changes than the history holds.
	expect(observer.mergedCount).toBeGreaterThan(6_000);
	const late = watch(token);
	const caughtUp = takeAll(late);
	expect(observer.resets).toEqual([]);
	expect(caughtUp.at(-1)?.type).toBe(EventType.SYNCED);
	expect(caughtUp.slice(0, -1).map(({ wukong }) => wukong)).toEqual(
		Array.from({ length: vms }, (_, vm) => replica.get(refTo(`vm-${vm}`))),
	);
	late.close();
	await close();
});

test("1,000 updates with a fresh version pass in the storm, each once, although a status is written before each write", async () => {
	const { store, replica, say, rawOf, onWrite, until, turn, close } = await startStorm();
	let written = 0;
	onWrite(({ name }) => say(Number(name.slice("vm-".length)), "Creating", written++));
	let settled = 0;
	for (let update = 1; update <= 10; update++) {
		const edits = Array.from({ length: vms }, async (_, vm) => {
			const ref = refTo(`vm-${vm}`);
			const { resourceVersion = "" } = replica.get(ref) ?? {};
			const edited = await store.edit(
				ref,
				(current) => {
					checkPreconditions(current, { resourceVersion });
					return setLabel("count", String(Number(current.labels.count ?? 0) + 1))(current);
				},
				writeOptions,
			);
			expect(hashIn(edited.resourceVersion)).not.toBe(hashIn(resourceVersion));
		});
		for (const edit of edits) void edit.catch(() => {}).finally(() => settled++);
		await until(() => settled === vms * update);
		await Promise.all(edits);
		await turn(250);
	}
	expect([settled, written]).toEqual([1_000, 2_000]);
	for (let vm = 0; vm < vms; vm++) expect(rawOf(vm).metadata.labels).toEqual({ count: "10" });
	await close();
});
