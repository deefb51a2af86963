import { WukongStatus_PowerState as Power } from "@novasphere/wukong-gen/wukong";
import { RestartWukongRequest_Mode as Mode } from "@novasphere/wukong-gen/wukong-service";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failureOf, type Service, smallSpec, startService } from "./service-harness.ts";

let service: Service;
beforeEach(async () => {
	service = await startService();
	await service.client.createWukong({ wukong: { name: "vm", spec: smallSpec } });
	await service.settle();
});
afterEach(() => service.close());

const get = async () => (await service.client.getWukong({ name: "vm" })).wukong;
const power = async () => (await get())?.status?.powerState;

describe("PauseWukong and ResumeWukong", () => {
	test("freeze a VM and let it go on; repeated, changed is false", async () => {
		const { client } = service;
		expect(await client.pauseWukong({ name: "vm" })).toMatchObject({
			changed: true,
			wukong: { status: { powerState: Power.PAUSED, powerReason: "Paused" } },
		});
		expect((await client.pauseWukong({ name: "vm" })).changed).toBe(false);
		expect(await client.resumeWukong({ name: "vm" })).toMatchObject({
			changed: true,
			wukong: { status: { powerState: Power.RUNNING, powerReason: "Running" } },
		});
		expect((await client.resumeWukong({ name: "vm" })).changed).toBe(false);
	});

	test("Start of a paused VM does not resume it: changed is false", async () => {
		const { client } = service;
		await client.pauseWukong({ name: "vm" });
		const before = await get();
		expect(await client.startWukong({ name: "vm" })).toMatchObject({ changed: false });
		expect(await get()).toEqual(before);
	});

	test("a paused VM stays paused over a change of its labels and of its spec", async () => {
		const { client } = service;
		await client.pauseWukong({ name: "vm" });
		await client.updateWukong({ wukong: { name: "vm", labels: { a: "b" }, spec: { cpu: 4 } } });
		await service.settle();
		expect(await power()).toBe(Power.PAUSED);
	});
});

describe("RestartWukong", () => {
	test.each([
		[Mode.MODE_UNSPECIFIED, Power.STOPPING, "Restarting"],
		[Mode.GRACEFUL, Power.STOPPING, "Restarting"],
		[Mode.FORCE, Power.STARTING, "Starting"],
		[Mode.SOFT, Power.RUNNING, "Running"],
		[Mode.RESET, Power.RUNNING, "Running"],
	])(
		"in mode %i answers with what is seen of it, and the VM runs again",
		async (mode, powerState, powerReason) => {
			const { client } = service;
			const { wukong } = await client.restartWukong({ name: "vm", mode });
			expect(wukong?.status).toMatchObject({ powerState, powerReason });
			await service.settle();
			expect(await power()).toBe(Power.RUNNING);
		},
	);

	test("that a stop overtakes ends in a VM that is off", async () => {
		const { client } = service;
		await client.restartWukong({ name: "vm" });
		await client.stopWukong({ name: "vm" });
		await service.settle();
		expect(await power()).toBe(Power.STOPPED);
	});

	test("in a mode that the contract lacks is INVALID_REQUEST, by its field", async () => {
		const call = service.client.restartWukong({ name: "vm", mode: 99 as Mode });
		expect(await failureOf(call)).toMatchObject({ reason: "INVALID_REQUEST", fields: ["mode"] });
	});
});

describe("the three of them", () => {
	const each = test.each<[name: string, call: (request: object) => Promise<unknown>]>([
		["RestartWukong", (request) => service.client.restartWukong(request)],
		["PauseWukong", (request) => service.client.pauseWukong(request)],
		["ResumeWukong", (request) => service.client.resumeWukong(request)],
	]);

	each(
		"%s checks exists, uid, resource_version, not deleting, running, in this order",
		async (_, call) => {
			const reasonOf = async (request: object) =>
				(await failureOf(call({ name: "vm", ...request }))).reason;
			await service.client.stopWukong({ name: "vm" });
			expect(await reasonOf({ name: "none", uid: "other" })).toBe("WUKONG_NOT_FOUND");
			expect(await reasonOf({})).toBe("WUKONG_NOT_RUNNING");
			await service.client.deleteWukong({ name: "vm" });
			expect(await reasonOf({ uid: "other", resourceVersion: "old" })).toBe("WUKONG_NOT_FOUND");
			expect(await reasonOf({ resourceVersion: "old" })).toBe("RESOURCE_VERSION_CONFLICT");
			expect(await reasonOf({})).toBe("WUKONG_DELETING");
		},
	);

	each(
		"%s names the VM that does not run, with the code of a failed precondition",
		async (_, call) => {
			await service.client.stopWukong({ name: "vm" });
			expect(await failureOf(call({ name: "vm" }))).toMatchObject({
				code: "FailedPrecondition",
				wukong: "default/vm",
			});
		},
	);

	each("%s with validate_only does nothing", async (_, call) => {
		const before = await get();
		await call({ name: "vm", validateOnly: true });
		await service.settle();
		expect(await get()).toEqual(before);
	});
});

describe("StopWukong with a grace period", () => {
	test("of 0 cuts the power: the VM is off before its guest would be", async () => {
		const { client, clock } = service;
		await client.stopWukong({ name: "vm", gracePeriod: { seconds: 0n, nanos: 0 } });
		await clock.advance(1);
		expect(await power()).toBe(Power.STOPPED);
	});

	test("shortens a stop that is under way, and never lengthens one", async () => {
		const { client, clock } = service;
		await client.stopWukong({ name: "vm" });
		await clock.advance(100);
		const shorter = { seconds: 0n, nanos: 200_000_000 };
		expect((await client.stopWukong({ name: "vm", gracePeriod: shorter })).changed).toBe(false);
		await client.stopWukong({ name: "vm", gracePeriod: { seconds: 3600n } });
		await clock.advance(99);
		expect(await power()).toBe(Power.STOPPING);
		await clock.advance(2);
		expect(await power()).toBe(Power.STOPPED);
	});

	test("counts for that stop only: the next one takes its usual time", async () => {
		const { client, clock } = service;
		await client.stopWukong({ name: "vm", gracePeriod: { seconds: 0n } });
		await client.startWukong({ name: "vm" });
		await service.settle();
		await client.stopWukong({ name: "vm" });
		await clock.advance(499);
		expect(await power()).toBe(Power.STOPPING);
	});

	test("of a VM that is off does nothing and is no fault", async () => {
		const { client } = service;
		await client.stopWukong({ name: "vm" });
		await service.settle();
		const before = await get();
		const { changed } = await client.stopWukong({ name: "vm", gracePeriod: { seconds: 0n } });
		expect(changed).toBe(false);
		expect(await get()).toEqual(before);
	});

	test("with validate_only stops nothing", async () => {
		const before = await get();
		const request = { name: "vm", gracePeriod: { seconds: 0n }, validateOnly: true };
		expect((await service.client.stopWukong(request)).changed).toBe(true);
		await service.settle();
		expect(await get()).toEqual(before);
	});

	test.each([
		["more than an hour", { seconds: 3601n, nanos: 0 }],
		["less than nothing", { seconds: -1n, nanos: 0 }],
		["more nanoseconds than a second has", { seconds: 0n, nanos: 2_000_000_000 }],
	])("of %s is INVALID_REQUEST, by its field", async (_, gracePeriod) => {
		const call = service.client.stopWukong({ name: "vm", gracePeriod });
		const told = await failureOf(call);
		expect(told).toMatchObject({ reason: "INVALID_REQUEST", fields: ["grace_period"] });
	});

	test("leaves no trace that callers see", async () => {
		await service.client.stopWukong({ name: "vm", gracePeriod: { seconds: 0n, nanos: 1 } });
		expect((await get())?.annotations).toEqual({});
	});
});

test("power_since tells since when, and is unset of a state that a wish has just made", async () => {
	const { client, clock } = service;
	const since = async () => (await get())?.status?.powerSince;
	const running = await since();
	await client.updateWukong({ wukong: { name: "vm", labels: { a: "b" } } });
	expect(await since()).toEqual(running);
	const stopped = await client.stopWukong({ name: "vm" });
	expect(stopped.wukong?.status).toMatchObject({ powerReason: "", powerMessage: "" });
	expect(stopped.wukong?.status?.powerSince).toBeUndefined();
	await clock.advance(1);
	expect(Number((await since())?.seconds)).toBeGreaterThan(Number(running?.seconds));
	expect((await get())?.status).toMatchObject({
		powerReason: "Stopping",
		kubevirtStatus: "Stopping",
	});
});
