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

describe("UpdateWukong", () => {
	test("takes what is set, and a change of spec raises the generation", async () => {
		const { wukong } = await service.client.updateWukong({
			wukong: { name: "vm", labels: { a: "1" }, spec: { cpu: 4 } },
		});
		expect(wukong).toMatchObject({ generation: 2n, labels: { a: "1" }, spec: { cpu: 4 } });
		expect(wukong?.spec?.memory).toBe("4Gi");
		expect(await get()).toMatchObject({ labels: { a: "1" }, spec: wukong?.spec ?? {} });
	});

	test("to what is already there writes nothing", async () => {
		const before = await get();
		const { wukong } = await service.client.updateWukong({
			wukong: { name: "vm", spec: { cpu: 2, startStrategy: { autoStart: true } } },
		});
		expect(wukong).toEqual(before);
	});

	test("a body that came from a read may be sent back with any mask", async () => {
		const before = await get();
		const paths = ["*", "name", "namespace", "uid", "resource_version", "status"];
		for (const updateMask of [undefined, { paths }]) {
			const request = { wukong: before, ...(updateMask && { updateMask }) };
			const { wukong } = await service.client.updateWukong(request as never);
			expect(wukong).toEqual(before);
		}
	});

	test("with validate_only answers what would be and stores nothing", async () => {
		const before = await get();
		const { wukong } = await service.client.updateWukong({
			wukong: { name: "vm", spec: { cpu: 8 } },
			validateOnly: true,
		});
		expect(wukong?.spec?.cpu).toBe(8);
		expect(await get()).toEqual(before);
	});

	test("judges the merged result, by the same paths as Create", async () => {
		const { client } = service;
		const shrunk = client.updateWukong({ wukong: { name: "vm", spec: { cpu: 1 } } });
		expect(await failureOf(shrunk)).toMatchObject({
			reason: "INVALID_WUKONG",
			fields: ["wukong.spec.cpu"],
		});
		const cleared = client.updateWukong({
			wukong: { name: "vm" },
			updateMask: { paths: ["spec.memory", "spec.disks"] },
		});
		expect((await failureOf(cleared)).fields).toEqual(
			expect.arrayContaining(["wukong.spec.memory", "wukong.spec.disks"]),
		);
	});

	test("refuses hidden annotations where they would be set, and only there", async () => {
		const { client } = service;
		const wukong = { name: "vm", annotations: { "wukong.novasphere.dev/note": "x" } };
		expect(await failureOf(client.updateWukong({ wukong }))).toMatchObject({
			reason: "INVALID_WUKONG",
			fields: ['wukong.annotations["wukong.novasphere.dev/note"]'],
		});
		await client.updateWukong({ wukong, updateMask: { paths: ["labels"] } });
	});

	test("refuses a wrong mask before it looks for the VM", async () => {
		const told = await failureOf(
			service.client.updateWukong({
				wukong: { name: "none" },
				updateMask: { paths: ["spec.disks.name"] },
			}),
		);
		expect(told).toMatchObject({ reason: "INVALID_REQUEST", fields: ["update_mask"] });
	});

	test("needs a name, and a VM of that name", async () => {
		const { client } = service;
		expect(await failureOf(client.updateWukong({ wukong: {} }))).toMatchObject({
			reason: "INVALID_WUKONG",
			fields: ["wukong.name"],
		});
		expect(await failureOf(client.updateWukong({ wukong: { name: "none" } }))).toMatchObject({
			code: "NotFound",
			reason: "WUKONG_NOT_FOUND",
			wukong: "default/none",
		});
	});
});

describe("UpdateWukong's preconditions", () => {
	test("the body's resource_version must be current", async () => {
		const { client } = service;
		const resourceVersion = (await get())?.resourceVersion ?? "";
		const change = (cpu: number) =>
			client.updateWukong({ wukong: { name: "vm", resourceVersion, spec: { cpu } } });
		await change(3);
		expect(await failureOf(change(4))).toMatchObject({
			code: "Aborted",
			reason: "RESOURCE_VERSION_CONFLICT",
			wukong: "default/vm",
		});
	});

	test("generation guards the spec only: labels and status may have moved", async () => {
		const { client, clock } = service;
		await client.updateWukong({ wukong: { name: "vm", labels: { a: "1" } } });
		await clock.advance(5_000);
		const change = (cpu: number) =>
			client.updateWukong({ wukong: { name: "vm", spec: { cpu } }, generation: 1n });
		await change(3);
		expect((await failureOf(change(4))).reason).toBe("RESOURCE_VERSION_CONFLICT");
	});

	test("hold for validate_only, too", async () => {
		const wukong = { name: "vm", resourceVersion: "old" };
		const told = await failureOf(service.client.updateWukong({ wukong, validateOnly: true }));
		expect(told.reason).toBe("RESOURCE_VERSION_CONFLICT");
	});

	test("come before the deletion check, the rules after it", async () => {
		const { client } = service;
		await client.deleteWukong({ name: "vm" });
		const stale = { name: "vm", resourceVersion: "old", spec: { cpu: 1 } };
		expect((await failureOf(client.updateWukong({ wukong: stale }))).reason).toBe(
			"RESOURCE_VERSION_CONFLICT",
		);
		const broken = { name: "vm", spec: { cpu: 1 } };
		expect(await failureOf(client.updateWukong({ wukong: broken }))).toMatchObject({
			code: "FailedPrecondition",
			reason: "WUKONG_DELETING",
		});
	});
});
