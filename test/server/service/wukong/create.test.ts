import { create } from "@bufbuild/protobuf";
import { WukongSpecSchema } from "@novasphere/wukong-gen/wukong";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failureOf, type Service, smallSpec, startService } from "./service-harness.ts";

let service: Service;
beforeEach(async () => {
	service = await startService();
});
afterEach(() => service.close());

const wukong = { name: "vm", spec: smallSpec };

describe("CreateWukong", () => {
	test("stores what was given, in the default namespace, wished on", async () => {
		const { client } = service;
		const { wukong: created } = await client.createWukong({ wukong });
		expect(created).toMatchObject({
			name: "vm",
			namespace: "default",
			generation: 1n,
			spec: { ...smallSpec, startStrategy: { autoStart: true } },
		});
		expect(created?.status).toBeDefined();
		expect(created?.uid).not.toBe("");
		const { wukong: read } = await client.getWukong({ name: "vm" });
		expect(read).toMatchObject({ uid: created?.uid, spec: created?.spec ?? {} });
	});

	test("takes auto_start where it is given, and fills it in where only the rest is", async () => {
		const { client } = service;
		const withStrategy = (name: string, startStrategy: object) =>
			client.createWukong({ wukong: { name, spec: { ...smallSpec, startStrategy } } });
		const off = await withStrategy("off", { autoStart: false });
		expect(off.wukong?.spec?.startStrategy).toMatchObject({ autoStart: false });
		const manual = await withStrategy("manual", { runStrategy: "Manual" });
		expect(manual.wukong?.spec?.startStrategy).toMatchObject({
			runStrategy: "Manual",
			autoStart: true,
		});
	});

	test("ignores output fields and what the contract does not know", async () => {
		const spec = create(WukongSpecSchema, smallSpec);
		spec.$unknown = [{ no: 99, wireType: 0, data: new Uint8Array([1]) }];
		const { wukong: created } = await service.client.createWukong({
			wukong: {
				...wukong,
				uid: "mine",
				resourceVersion: "mine",
				generation: 99n,
				createTime: { seconds: 1n },
				deleteTime: { seconds: 1n },
				status: { phase: "Running", nodeName: "mine" },
				spec,
			},
		});
		expect(created?.uid).not.toBe("mine");
		expect(created?.resourceVersion).not.toBe("mine");
		expect(created?.generation).toBe(1n);
		expect(created?.deleteTime).toBeUndefined();
		expect(created?.status?.nodeName).toBe("");
		expect(created?.spec?.$unknown).toBeUndefined();
	});

	test("judges completeness, naming each missing field", async () => {
		const told = await failureOf(service.client.createWukong({ wukong: { name: "vm" } }));
		expect(told).toMatchObject({ code: "InvalidArgument", reason: "INVALID_WUKONG" });
		expect(told.fields).toEqual(["wukong.spec.cpu", "wukong.spec.memory", "wukong.spec.disks"]);
		expect(told.wukong).toBe("default/vm");
	});

	test("refuses a VM without a name, and hidden annotations", async () => {
		const { client } = service;
		const nameless = await failureOf(client.createWukong({ wukong: { spec: smallSpec } }));
		expect(nameless).toMatchObject({ reason: "INVALID_WUKONG", fields: ["wukong.name"] });
		const key = "kubectl.kubernetes.io/last-applied-configuration";
		const hidden = await failureOf(
			client.createWukong({ wukong: { ...wukong, annotations: { [key]: "{}" } } }),
		);
		expect(hidden).toMatchObject({
			reason: "INVALID_WUKONG",
			fields: [`wukong.annotations["${key}"]`],
		});
	});

	test("of a name that is taken is WUKONG_ALREADY_EXISTS", async () => {
		await service.client.createWukong({ wukong });
		const told = await failureOf(service.client.createWukong({ wukong }));
		expect(told).toMatchObject({
			code: "AlreadyExists",
			reason: "WUKONG_ALREADY_EXISTS",
			wukong: "default/vm",
		});
	});

	test("the same name may live in another namespace", async () => {
		const { client } = service;
		await client.createWukong({ wukong });
		await client.createWukong({ wukong: { ...wukong, namespace: "other" } });
		const { wukongs } = await client.listWukongs({});
		expect(wukongs.map(({ namespace }) => namespace)).toEqual(["default", "other"]);
	});
});

describe("CreateWukong with a request_id", () => {
	test("repeated gives the VM as it is now", async () => {
		const { client } = service;
		await client.createWukong({ wukong, requestId: "r" });
		await client.stopWukong({ name: "vm" });
		const { wukong: again } = await client.createWukong({ wukong, requestId: "r" });
		expect(again?.spec?.startStrategy?.autoStart).toBe(false);
	});

	test("repeated with other content is REQUEST_ID_REUSED", async () => {
		const { client } = service;
		await client.createWukong({ wukong, requestId: "r" });
		const other = { ...wukong, labels: { a: "b" } };
		const told = await failureOf(client.createWukong({ wukong: other, requestId: "r" }));
		expect(told).toMatchObject({ code: "AlreadyExists", reason: "REQUEST_ID_REUSED" });
	});

	test("credentials and the order of keys are no other content", async () => {
		const { client } = service;
		const withUser = (password: string, labels: Record<string, string>) => ({
			name: "vm",
			labels,
			spec: { ...smallSpec, cloudInitUser: { name: "root", password } },
		});
		await client.createWukong({ wukong: withUser("one", { a: "1", b: "2" }), requestId: "r" });
		await client.createWukong({ wukong: withUser("two", { b: "2", a: "1" }), requestId: "r" });
	});
});

describe("CreateWukong with validate_only", () => {
	test("answers what would be and stores nothing", async () => {
		const { client } = service;
		const { wukong: would } = await client.createWukong({ wukong, validateOnly: true });
		expect(would).toMatchObject({ name: "vm", namespace: "default" });
		expect(await failureOf(client.getWukong({ name: "vm" }))).toMatchObject({
			reason: "WUKONG_NOT_FOUND",
		});
	});

	test("makes all checks", async () => {
		const { client } = service;
		const bad = client.createWukong({ wukong: { name: "vm" }, validateOnly: true });
		expect((await failureOf(bad)).reason).toBe("INVALID_WUKONG");
		await client.createWukong({ wukong });
		const taken = client.createWukong({ wukong, validateOnly: true });
		expect((await failureOf(taken)).reason).toBe("WUKONG_ALREADY_EXISTS");
	});

	test("ignores the request_id", async () => {
		const { client } = service;
		await client.createWukong({ wukong, requestId: "r" });
		const again = client.createWukong({ wukong, requestId: "r", validateOnly: true });
		expect((await failureOf(again)).reason).toBe("WUKONG_ALREADY_EXISTS");
	});
});
