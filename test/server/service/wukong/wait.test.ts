import {
	WukongStatus_PowerState as Power,
	type WukongStatus_PowerState,
} from "@novasphere/wukong-gen/wukong";
import {
	WaitWukongResponse_Outcome as Outcome,
	type WaitWukongResponse,
} from "@novasphere/wukong-gen/wukong-service";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ErrorReason, Failure } from "../../../../server/src/failure.ts";
import { failureOf, type Service, smallSpec, startService } from "./service-harness.ts";

let service: Service;
beforeEach(async () => {
	service = await startService({ maxStreams: 3 });
	await service.client.createWukong({ wukong: { name: "vm", spec: smallSpec } });
	await service.settle();
});
afterEach(() => service.close());

const seconds = (count: number) => ({ seconds: BigInt(count), nanos: 0 });

/** A wait that is under way; `answer` is set once it is over. */
function begin(request: object, options: { timeoutMs?: number; signal?: AbortSignal } = {}) {
	const call = service.client.waitWukong({ name: "vm", ...request }, options);
	const wait: { answer: WaitWukongResponse | undefined; readonly call: typeof call } = {
		answer: undefined,
		call,
	};
	call.then(
		(answer) => {
			wait.answer = answer;
		},
		() => {},
	);
	return wait;
}

async function outcomeOf(state: WukongStatus_PowerState) {
	const { outcome, reason } = await service.client.waitWukong({
		...{ name: "vm", state, timeout: seconds(0) },
	});
	return reason === "" ? Outcome[outcome] : `${Outcome[outcome]} ${reason}`;
}

describe("a wait for a state", () => {
	test("ends at once where the VM is in it", async () => {
		const { outcome, wukong } = await service.client.waitWukong({
			name: "vm",
			state: Power.RUNNING,
		});
		expect(Outcome[outcome]).toBe("REACHED");
		expect(wukong).toMatchObject({ name: "vm", status: { powerState: Power.RUNNING } });
		expect(service.clock.pendingTimers).toBe(0);
	});

	test("ends with REACHED as the VM comes to it, not before", async () => {
		const { client, clock } = service;
		await client.stopWukong({ name: "vm" });
		const wait = begin({ state: Power.STOPPED });
		await clock.advance(499);
		expect(wait.answer).toBeUndefined();
		await clock.advance(2);
		expect(wait.answer).toMatchObject({
			outcome: Outcome.REACHED,
			wukong: { status: { powerState: Power.STOPPED } },
		});
	});

	test("sees a state that has passed by the time of its answer", async () => {
		const { client, clock } = service;
		await client.restartWukong({ name: "vm" });
		const wait = begin({ state: Power.STARTING });
		await clock.advance(60_000);
		expect(wait.answer).toMatchObject({ wukong: { status: { powerState: Power.STARTING } } });
	});

	test("ends with IMPOSSIBLE as the wish turns, with the reason", async () => {
		const { client, clock } = service;
		await client.stopWukong({ name: "vm" });
		const off = begin({ state: Power.STOPPED });
		await clock.advance(1);
		await client.startWukong({ name: "vm" });
		await clock.advance(0);
		expect(off.answer).toMatchObject({ outcome: Outcome.IMPOSSIBLE, reason: "WantedOn" });
		await client.restartWukong({ name: "vm" });
		const on = begin({ state: Power.RUNNING });
		await client.stopWukong({ name: "vm" });
		await clock.advance(0);
		expect(on.answer).toMatchObject({ outcome: Outcome.IMPOSSIBLE, reason: "WantedOff" });
	});

	test("ends with IMPOSSIBLE as the VM fails, with the reason of the power state", async () => {
		const { client, clock } = service;
		const disks = [{ name: "root", size: "1Gi", storageClassName: "none" }];
		await client.createWukong({ wukong: { name: "bad", spec: { ...smallSpec, disks } } });
		const wait = begin({ name: "bad", state: Power.RUNNING });
		await clock.advance(10);
		expect(wait.answer).toMatchObject({
			outcome: Outcome.IMPOSSIBLE,
			reason: "StorageClassNotFound",
			wukong: { status: { powerState: Power.ERROR } },
		});
	});

	test("ends with IMPOSSIBLE as its VM is deleted: Deleting, or Deleted with the last state", async () => {
		const { client, clock } = service;
		await client.restartWukong({ name: "vm" });
		const on = begin({ state: Power.RUNNING });
		const other = begin({ state: Power.UNKNOWN });
		await client.deleteWukong({ name: "vm" });
		await clock.advance(0);
		expect(on.answer).toMatchObject({ outcome: Outcome.IMPOSSIBLE, reason: "Deleting" });
		await clock.advance(60_000);
		expect(other.answer).toMatchObject({
			...{ outcome: Outcome.IMPOSSIBLE, reason: "Deleted", wukong: { name: "vm" } },
		});
	});

	test("is over with TIMED_OUT and the last state, at its timeout", async () => {
		const { clock } = service;
		const wait = begin({ state: Power.PAUSED, timeout: seconds(5) });
		await clock.advance(4_999);
		expect(wait.answer).toBeUndefined();
		await clock.advance(1);
		expect(wait.answer).toMatchObject({
			...{ outcome: Outcome.TIMED_OUT, reason: "", wukong: { name: "vm" } },
		});
		expect(clock.pendingTimers).toBe(0);
	});

	test("waits for a wish that is the other way at its start: the call for it may be on its way", async () => {
		const { client, clock } = service;
		const wait = begin({ state: Power.STOPPED });
		await clock.advance(5_000);
		await client.stopWukong({ name: "vm" });
		await clock.advance(5_000);
		expect(wait.answer?.outcome).toBe(Outcome.REACHED);
	});

	test("judges the state that is there", async () => {
		const { client } = service;
		expect(await outcomeOf(Power.PAUSED)).toBe("TIMED_OUT");
		expect(await outcomeOf(Power.STOPPED)).toBe("TIMED_OUT");
		await client.pauseWukong({ name: "vm" });
		expect(await outcomeOf(Power.RUNNING)).toBe("TIMED_OUT");
		await client.stopWukong({ name: "vm" });
		expect(await outcomeOf(Power.STOPPING)).toBe("REACHED");
		expect(await outcomeOf(Power.STOPPED)).toBe("TIMED_OUT");
		expect(await outcomeOf(Power.PAUSED)).toBe("TIMED_OUT");
		await client.deleteWukong({ name: "vm" });
		expect(await outcomeOf(Power.STARTING)).toBe("IMPOSSIBLE Deleting");
		expect(await outcomeOf(Power.STOPPED)).toBe("TIMED_OUT");
	});

	test("of a VM that is not there, or of another uid, is WUKONG_NOT_FOUND", async () => {
		for (const request of [{ name: "none" }, { name: "vm", uid: "other" }]) {
			const told = await failureOf(service.client.waitWukong({ ...request, state: Power.RUNNING }));
			expect(told).toMatchObject({ reason: "WUKONG_NOT_FOUND", code: "NotFound" });
		}
	});
});

describe("a wait for a deletion", () => {
	test("ends with REACHED and the last state as the VM is gone", async () => {
		const { client, clock } = service;
		const wait = begin({ deleted: true });
		await client.deleteWukong({ name: "vm" });
		await clock.advance(1);
		expect(wait.answer).toBeUndefined();
		await clock.advance(60_000);
		expect(wait.answer).toMatchObject({ outcome: Outcome.REACHED, wukong: { name: "vm" } });
	});

	test("of what is not there, or whose name another VM has, ends at once", async () => {
		const { client } = service;
		for (const request of [{ name: "none" }, { name: "vm", uid: "other" }]) {
			const { outcome, wukong } = await client.waitWukong({ ...request, deleted: true });
			expect(Outcome[outcome]).toBe("REACHED");
			expect(wukong).toBeUndefined();
		}
	});

	test("ends although a new VM has taken the name in the same turn", async () => {
		const { client, clock } = service;
		const wait = begin({ deleted: true });
		await client.stopWukong({ name: "vm" });
		await service.settle();
		await client.deleteWukong({ name: "vm" });
		await clock.advance(300);
		await client.createWukong({ wukong: { name: "vm", spec: smallSpec } });
		await clock.advance(0);
		expect(wait.answer?.outcome).toBe(Outcome.REACHED);
	});
});

describe("a request", () => {
	test.each([
		["neither state nor deleted", {}, "state"],
		["both", { state: Power.RUNNING, deleted: true }, "state"],
		["a state that the contract lacks", { state: 99 }, "state"],
		["more than ten minutes", { deleted: true, timeout: seconds(601) }, "timeout"],
		["less than nothing", { deleted: true, timeout: seconds(-1) }, "timeout"],
		["nanoseconds of two", { deleted: true, timeout: { seconds: 0n, nanos: 2e9 } }, "timeout"],
		["no version", { deleted: true, minResourceVersion: "!" }, "min_resource_version"],
	])("with %s is INVALID_REQUEST, by its field", async (_, request, field) => {
		const told = await failureOf(service.client.waitWukong({ name: "vm", ...request }));
		expect(told).toMatchObject({ reason: "INVALID_REQUEST", fields: [field] });
	});
});

describe("every wait", () => {
	test("is over shortly before its caller's deadline, with TIMED_OUT", async () => {
		const wait = begin({ state: Power.PAUSED }, { timeoutMs: 400 });
		await new Promise((resolve) => setTimeout(resolve, 0));
		await service.clock.advance(400);
		expect(wait.answer?.outcome).toBe(Outcome.TIMED_OUT);
	});

	test("lasts no longer than the service allows", async () => {
		const short = await startService({ maxWaitMs: 1_000 });
		await short.client.createWukong({ wukong: { name: "vm", spec: smallSpec } });
		await short.settle();
		const call = short.client.waitWukong({ name: "vm", state: Power.PAUSED, timeout: seconds(9) });
		await short.clock.advance(1_000);
		expect((await call).outcome).toBe(Outcome.TIMED_OUT);
		await short.close();
	});

	test("counts as a stream: one too many is TOO_MANY_REQUESTS, until another has ended", async () => {
		const { client, clock } = service;
		const waits = [1, 2, 3].map((count) => begin({ state: Power.PAUSED, timeout: seconds(count) }));
		await clock.advance(0);
		const refused = await failureOf(client.waitWukong({ name: "vm", deleted: true }));
		expect(refused).toMatchObject({ reason: "TOO_MANY_REQUESTS" });
		await clock.advance(1_000);
		expect(waits[0]?.answer).toBeDefined();
		expect((await client.waitWukong({ name: "vm", state: Power.RUNNING })).outcome).toBe(
			Outcome.REACHED,
		);
		await clock.advance(5_000);
	});

	test("leaves nothing behind when its caller leaves", async () => {
		const leaving = new AbortController();
		const wait = begin({ state: Power.PAUSED }, { signal: leaving.signal });
		await service.clock.advance(0);
		expect(service.clock.pendingTimers).toBe(1);
		leaving.abort();
		expect((await failureOf(wait.call)).code).toBe("Canceled");
		await service.clock.advance(0);
		expect(service.clock.pendingTimers).toBe(0);
	});

	test("ends with SHUTTING_DOWN when the service drains, those to come too", async () => {
		const wait = begin({ state: Power.PAUSED });
		await service.clock.advance(0);
		service.replica.drain(new Failure(ErrorReason.SHUTTING_DOWN, "over", { retryAfterMs: 1 }));
		expect(await failureOf(wait.call)).toMatchObject({ reason: "SHUTTING_DOWN" });
		const late = service.client.waitWukong({ name: "vm", state: Power.PAUSED });
		expect(await failureOf(late)).toMatchObject({ reason: "SHUTTING_DOWN" });
		expect(service.clock.pendingTimers).toBe(0);
	});

	test("judges no older a state than min_resource_version", async () => {
		const { client } = service;
		const { wukong } = await client.stopWukong({ name: "vm" });
		const minResourceVersion = wukong?.resourceVersion ?? "";
		const { outcome } = await client.waitWukong({
			...{ name: "vm", state: Power.STOPPING, minResourceVersion, timeout: seconds(0) },
		});
		expect(Outcome[outcome]).toBe("REACHED");
	});
});
