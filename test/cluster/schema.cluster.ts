import { afterAll, describe, expect, inject, test } from "vitest";
import { createKubeApi, type Document } from "./kube-api.ts";
import { createNamespace } from "./test-namespace.ts";
import { wukongPath, wukongResource } from "./wukong-resource.ts";

const api = createKubeApi(inject("cluster"));
const namespace = await createNamespace(api);
const path = wukongPath(namespace);

afterAll(() => api.close());

/** A refusal's causes as "reason field". */
function causes({ status, body }: { status: number; body: Document }): string[] {
	expect([status, body.reason]).toEqual([422, "Invalid"]);
	const { causes } = body.details;
	return causes.map(({ reason, field }: { reason: string; field: string }) => `${reason} ${field}`);
}

/** Stands beside what keeps rules from being looked at: missing, of another type, unknown word. */
const unchecked = "FieldValueInvalid <nil>";

const disk = { name: "root", size: "20Gi" };
const disks = (change: object) => ({ disks: [{ ...disk, ...change }] });
const networks = (change: object) => ({ networks: [{ name: "lan", ...change }] });
const user = (change: object) => ({ cloudInitUser: { name: "root", ...change } });
const toleration = (change: object) => ({ highAvailability: { tolerations: [change] } });
const ipConfig = (change: object) => networks({ ipConfig: { mode: "dhcp", ...change } });
const long = (length: number) => "x".repeat(length);
const many = (entry: (index: number) => unknown) => Array.from({ length: 257 }, (_, i) => entry(i));

/** What is refused of a new Wukong's spec, and the causes as the API server gives them. */
const refusals: [title: string, spec: object, causes: string[]][] = [
	["cpu is missing", { cpu: undefined }, ["FieldValueRequired spec.cpu", unchecked]],
	["cpu is 0", { cpu: 0 }, ["FieldValueInvalid spec.cpu"]],
	["cpu is 65", { cpu: 65 }, ["FieldValueInvalid spec.cpu"]],
	["cpu is a text", { cpu: "2" }, ["FieldValueTypeInvalid spec.cpu", unchecked]],
	["memory is missing", { memory: undefined }, ["FieldValueRequired spec.memory", unchecked]],
	["memory is no quantity", { memory: "4 GB" }, ["FieldValueInvalid spec.memory"]],
	["memory is too long", { memory: "1".repeat(33) }, ["FieldValueTooLong spec.memory", unchecked]],
	["disks are missing", { disks: undefined }, ["FieldValueRequired spec.disks", unchecked]],
	["there is no disk", { disks: [] }, ["FieldValueInvalid spec.disks"]],
	[
		"there are 257 disks",
		{ disks: many((index) => ({ ...disk, name: `disk-${index}` })) },
		["FieldValueTooMany spec.disks", unchecked],
	],
	["two disks have one name", { disks: [disk, disk] }, ["FieldValueDuplicate spec.disks[1]"]],
	["a disk's name is no label", disks({ name: "Root" }), ["FieldValueInvalid spec.disks[0].name"]],
	[
		"a disk has no size",
		{ disks: [{ name: "root" }] },
		["FieldValueRequired spec.disks[0].size", unchecked],
	],
	["a disk's size is empty", disks({ size: "" }), ["FieldValueInvalid spec.disks[0].size"]],
	[
		"a storage class is too long",
		disks({ storageClassName: long(254) }),
		["FieldValueTooLong spec.disks[0].storageClassName", unchecked],
	],
	[
		"a network has an unknown type",
		networks({ type: "vxlan" }),
		["FieldValueNotSupported spec.networks[0].type", unchecked],
	],
	[
		"two networks have one name",
		{ networks: [{ name: "lan" }, { name: "lan" }] },
		["FieldValueDuplicate spec.networks[1]"],
	],
	["a VLAN is 0", networks({ vlanId: 0 }), ["FieldValueInvalid spec.networks[0].vlanId"]],
	["a VLAN is 4095", networks({ vlanId: 4095 }), ["FieldValueInvalid spec.networks[0].vlanId"]],
	[
		"an address has no mode",
		networks({ ipConfig: {} }),
		["FieldValueRequired spec.networks[0].ipConfig.mode", unchecked],
	],
	[
		"an address has an unknown mode",
		ipConfig({ mode: "auto" }),
		["FieldValueNotSupported spec.networks[0].ipConfig.mode", unchecked],
	],
	[
		"a static address is missing",
		ipConfig({ mode: "static" }),
		["FieldValueRequired spec.networks[0].ipConfig.address"],
	],
	[
		"a static address is empty",
		ipConfig({ mode: "static", address: "" }),
		["FieldValueRequired spec.networks[0].ipConfig.address"],
	],
	[
		"a user has no name",
		{ cloudInitUser: {} },
		["FieldValueRequired spec.cloudInitUser.name", unchecked],
	],
	["a user's name is empty", user({ name: "" }), ["FieldValueInvalid spec.cloudInitUser.name"]],
	[
		"there are 257 groups",
		user({ groups: many((index) => `group-${index}`) }),
		["FieldValueTooMany spec.cloudInitUser.groups", unchecked],
	],
	[
		"a restart policy is unknown",
		{ highAvailability: { restartPolicy: "Sometimes" } },
		["FieldValueNotSupported spec.highAvailability.restartPolicy", unchecked],
	],
	[
		"a toleration's time is no whole number",
		toleration({ tolerationSeconds: 1.5 }),
		[
			"FieldValueTypeInvalid spec.highAvailability.tolerations[0].tolerationSeconds",
			// The format's own complaint, which names no field either.
			unchecked,
			unchecked,
		],
	],
	[
		"a run strategy is unknown",
		{ startStrategy: { runStrategy: "Halted" } },
		["FieldValueNotSupported spec.startStrategy.runStrategy", unchecked],
	],
	[
		"several fields are wrong",
		{ cpu: 0, memory: "much" },
		["FieldValueInvalid spec.memory", "FieldValueInvalid spec.cpu"],
	],
];

describe("a new Wukong is refused, and nothing is stored, when", () => {
	test.each(refusals)("%s", async (_, spec, expected) => {
		const answer = await api.send({ method: "POST", path, body: wukongResource("refused", spec) });
		expect(causes(answer).sort()).toEqual(expected.sort());
		expect((await api.send({ method: "GET", path: `${path}/refused` })).status).toBe(404);
	});
});

test("a refusal of credentials does not repeat them", async () => {
	const password = `hidden${long(1024)}`;
	for (const given of [{ password }, { passwordHash: password }, { password: ["hidden"] }]) {
		const body = wukongResource("refused", user(given));
		const answer = await api.send({ method: "POST", path, body });
		expect(answer.status).toBe(422);
		expect(JSON.stringify(answer.body)).not.toContain("hidden");
	}
});

describe("an update", () => {
	const update = (name: string, spec: object) =>
		api.send({ method: "PATCH", path: `${path}/${name}`, body: { spec } });
	const create = (name: string) => {
		const two = { cpu: 4, disks: [disk, { name: "data", size: "1Ti" }] };
		return api.expect({ method: "POST", path, body: wukongResource(name, two) });
	};

	test("may raise cpu and keep it, but not lower it", async () => {
		await create("cores");
		expect((await update("cores", { cpu: 8 })).status).toBe(200);
		expect((await update("cores", { cpu: 8, memory: "8Gi" })).status).toBe(200);
		const refused = await update("cores", { cpu: 7 });
		expect(causes(refused)).toEqual(["FieldValueForbidden spec.cpu"]);
		expect(refused.body.details.causes[0].message).toBe("Forbidden: may grow but not shrink");
	});

	test("may add, change and reorder disks, but remove none, not even by renaming it", async () => {
		await create("disks");
		const data = { name: "data", size: "2Ti" };
		const third = { name: "third", size: "1Gi" };
		expect((await update("disks", { disks: [third, data, disk] })).status).toBe(200);
		for (const fewer of [
			[disk, data],
			[disk, data, { ...third, name: "fourth" }],
		]) {
			const refused = await update("disks", { disks: fewer });
			expect(causes(refused)).toEqual(["FieldValueForbidden spec.disks"]);
			expect(refused.body.details.causes[0].message).toBe("Forbidden: no disk may be removed");
		}
	});
});
