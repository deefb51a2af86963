import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failureOf, type Service, smallSpec, startService } from "./service-harness.ts";

let service: Service;
beforeEach(async () => {
	service = await startService();
	const startStrategy = { runStrategy: "RerunOnFailure", autoStart: true };
	await service.client.createWukong({
		wukong: { name: "vm", spec: { ...smallSpec, startStrategy } },
	});
	await service.settle();
});
afterEach(() => service.close());

const get = async () => (await service.client.getWukong({ name: "vm" })).wukong;

describe("DeleteWukong", () => {
	test("begins a deletion, and whoever reads at its version sees it", async () => {
		const { client } = service;
		const { wukong, resourceVersion } = await client.deleteWukong({ name: "vm" });
		expect(wukong?.deleteTime).toBeDefined();
		const read = await client.getWukong({ name: "vm", minResourceVersion: resourceVersion });
		expect(read.wukong?.deleteTime).toEqual(wukong?.deleteTime);
	});

	test("again gives the same answer again, with the same preconditions", async () => {
		const { client } = service;
		const { resourceVersion = "", uid = "" } = (await get()) ?? {};
		const request = { name: "vm", resourceVersion, uid };
		const first = await client.deleteWukong(request);
		const second = await client.deleteWukong(request);
		expect(second.wukong).toMatchObject({ uid, deleteTime: first.wukong?.deleteTime ?? {} });
	});

	test("ends with the VM gone", async () => {
		const { client, clock } = service;
		await client.deleteWukong({ name: "vm" });
		await clock.advance(60_000);
		expect((await failureOf(client.getWukong({ name: "vm" }))).reason).toBe("WUKONG_NOT_FOUND");
		expect((await failureOf(client.deleteWukong({ name: "vm" }))).reason).toBe("WUKONG_NOT_FOUND");
	});

	test("with validate_only deletes nothing", async () => {
		const before = await get();
		await service.client.deleteWukong({ name: "vm", validateOnly: true });
		expect(await get()).toEqual(before);
	});

	test("checks uid, then resource_version", async () => {
		const { client } = service;
		const both = client.deleteWukong({ name: "vm", uid: "other", resourceVersion: "old" });
		expect(await failureOf(both)).toMatchObject({
			reason: "WUKONG_NOT_FOUND",
			wukong: "default/vm",
		});
		const stale = client.deleteWukong({ name: "vm", resourceVersion: "old" });
		expect((await failureOf(stale)).reason).toBe("RESOURCE_VERSION_CONFLICT");
		expect((await get())?.deleteTime).toBeUndefined();
	});

	test("of a namesake's uid is WUKONG_NOT_FOUND, though a deletion is under way", async () => {
		const { client } = service;
		await client.deleteWukong({ name: "vm" });
		const told = await failureOf(client.deleteWukong({ name: "vm", uid: "other" }));
		expect(told.reason).toBe("WUKONG_NOT_FOUND");
	});
});

describe("StartWukong and StopWukong", () => {
	test("write the wish, keep run_strategy and tell what changed", async () => {
		const { client } = service;
		expect(await client.stopWukong({ name: "vm" })).toMatchObject({
			changed: true,
			wukong: { spec: { startStrategy: { runStrategy: "RerunOnFailure", autoStart: false } } },
		});
		expect((await client.stopWukong({ name: "vm" })).changed).toBe(false);
		expect(await client.startWukong({ name: "vm" })).toMatchObject({
			changed: true,
			wukong: { spec: { startStrategy: { runStrategy: "RerunOnFailure", autoStart: true } } },
		});
	});

	test("what is already wished writes nothing", async () => {
		const before = await get();
		const { changed, wukong } = await service.client.startWukong({ name: "vm" });
		expect(changed).toBe(false);
		expect(wukong).toEqual(before);
	});

	test("with validate_only changed says what would be, and nothing is stored", async () => {
		const { client } = service;
		const before = await get();
		expect((await client.stopWukong({ name: "vm", validateOnly: true })).changed).toBe(true);
		expect((await client.startWukong({ name: "vm", validateOnly: true })).changed).toBe(false);
		expect(await get()).toEqual(before);
	});

	test("check exists, uid, resource_version, not deleting, in this order", async () => {
		const { client } = service;
		const reasonOf = async (request: object) =>
			(await failureOf(client.startWukong({ name: "vm", ...request }))).reason;
		expect(await reasonOf({ name: "none", uid: "other" })).toBe("WUKONG_NOT_FOUND");
		await client.deleteWukong({ name: "vm" });
		expect(await reasonOf({ uid: "other", resourceVersion: "old" })).toBe("WUKONG_NOT_FOUND");
		expect(await reasonOf({ resourceVersion: "old" })).toBe("RESOURCE_VERSION_CONFLICT");
		expect(await reasonOf({})).toBe("WUKONG_DELETING");
	});
});
