import { create, toBinary, toJson } from "@bufbuild/protobuf";
import { WukongSchema, WukongStatus_PowerState } from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import { toPublicView } from "../../../../server/src/resource/wukong/public-view.ts";

describe("a published Wukong", () => {
	const raw = create(WukongSchema, {
		name: "vm",
		namespace: "default",
		annotations: {
			note: "n",
			"kubectl.kubernetes.io/last-applied-configuration": '{"password":"pw-secret"}',
			"wukong.novasphere.dev/x": "own",
		},
		spec: {
			cpu: 2,
			disks: [{ name: "root", size: "1Gi" }],
			cloudInitUser: { name: "admin", password: "pw-secret", passwordHash: "hash-secret" },
		},
		status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
	});

	test("holds no credential, neither in its fields nor in annotations", () => {
		expect(JSON.stringify(toJson(WukongSchema, toPublicView(raw)))).not.toContain("secret");
		expect(toPublicView(raw).annotations).toEqual({ note: "n" });
	});

	test("has its start strategy effective and its power state derived", () => {
		expect(toPublicView(raw).spec?.startStrategy?.autoStart).toBe(true);
		expect(toPublicView(raw).status?.powerState).toBe(WukongStatus_PowerState.RUNNING);
		const off = create(WukongSchema, { spec: { startStrategy: { runStrategy: "Manual" } } });
		expect(toPublicView(off).spec?.startStrategy).toMatchObject({
			runStrategy: "Manual",
			autoStart: false,
		});
	});

	test("has spec and status even where the record lacks them", () => {
		const published = toPublicView(create(WukongSchema, { name: "bare" }));
		expect(published.spec?.startStrategy?.autoStart).toBe(true);
		expect(published.status?.powerState).toBe(WukongStatus_PowerState.STARTING);
		expect(() => toBinary(WukongSchema, published)).not.toThrow();
	});

	test("is frozen through and through", () => {
		const thawed = unfrozenParts(toPublicView(raw), "wukong");
		expect(thawed).toEqual([]);
	});

	test("leaves the record's credentials where they are", () => {
		toPublicView(raw);
		expect(raw.spec?.cloudInitUser?.password).toBe("pw-secret");
		expect(Object.keys(raw.annotations)).toHaveLength(3);
	});
});

function unfrozenParts(value: unknown, path: string): string[] {
	if (typeof value !== "object" || value === null) return [];
	const below = Object.entries(value).flatMap(([key, part]) =>
		unfrozenParts(part, `${path}.${key}`),
	);
	return Object.isFrozen(value) ? below : [path, ...below];
}

describe("the view of a later state", () => {
	const state = (version: string, change: object = {}) =>
		create(WukongSchema, {
			...{ name: "vm", namespace: "default", uid: "u-1", resourceVersion: version },
			labels: { app: "web" },
			annotations: { note: "n" },
			spec: { cpu: 2, disks: [{ name: "root", size: "1Gi" }] },
			...change,
		});
	const before = toPublicView(state("7"));

	test("shares what has not changed, so that neither that nor its hash is made again", () => {
		const next = toPublicView(state("8", { status: { phase: "Running" } }), before);
		for (const part of ["labels", "annotations", "spec"] as const) {
			expect(next[part]).toBe(before[part]);
		}
		expect(next).toEqual(toPublicView(state("8", { status: { phase: "Running" } })));
		expect(next.resourceVersion).toBe(before.resourceVersion.replace("7-", "8-"));
	});

	test.each([
		["uid", { uid: "u-2" }],
		["labels", { labels: {} }],
		["annotations", { annotations: { note: "m" } }],
		["spec", { spec: { cpu: 3 } }],
		["delete time", { deleteTime: { seconds: 1n, nanos: 0 } }],
	])("of another %s is what it would be without the one before", (_, change) => {
		const next = toPublicView(state("8", change), before);
		expect(next).toEqual(toPublicView(state("8", change)));
		expect(next.resourceVersion).not.toBe(before.resourceVersion.replace("7-", "8-"));
		// And back again.
		expect(toPublicView(state("9"), next)).toEqual(toPublicView(state("9")));
	});

	test("of one without a version is hashed all the same", () => {
		expect(toPublicView(state("8"), toPublicView(state("")))).toEqual(toPublicView(state("8")));
	});
});
