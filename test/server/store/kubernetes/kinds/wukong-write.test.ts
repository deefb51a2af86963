import type { JsonObject } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import {
	CloudInitUserSchema,
	StartStrategySchema,
	type Wukong,
} from "@novasphere/wukong-gen/wukong";
import { describe, expect, test } from "vitest";
import { wukongKind } from "../../../../../server/src/store/kubernetes/kinds/wukong.ts";
import { parseLosslessJson } from "../../../../../server/src/store/kubernetes/lossless-json.ts";
import type { Unstructured } from "../../../../../server/src/store/kubernetes/unstructured.ts";
import type { Edit } from "../../../../../server/src/store/store.ts";
import { change, wukongNamed } from "../../write.ts";
import { rawNamed } from "../raw.ts";

const noOrigin = { requestId: "", fingerprint: "" };

function edited(
	raw: Unstructured,
	alter: (next: Wukong) => void,
	credentials: Partial<Pick<Edit, "password" | "passwordHash">> = {},
): Unstructured | undefined {
	return wukongKind.applyEdit(raw, change(alter, credentials)(wukongKind.read(raw)), 0);
}

const specOf = (raw: JsonObject | undefined) => raw?.spec as JsonObject;

describe("wukongKind.toResource", () => {
	test("has the resource's spelling, credentials included, and no output field", () => {
		const given = wukongNamed("a", {
			cloudInitUser: { name: "admin", password: "pw" },
			networks: [{ name: "default", nodeIp: "10.0.0.1", vlanId: 3 }],
			highAvailability: { tolerations: [{ key: "k", tolerationSeconds: 30n }] },
		});
		given.uid = "mine";
		expect(wukongKind.toResource(given, noOrigin)).toEqual({
			apiVersion: "vm.novasphere.dev/v1alpha1",
			kind: "Wukong",
			metadata: { namespace: "default", name: "a", labels: {}, annotations: {} },
			spec: {
				cpu: 2,
				memory: "4Gi",
				disks: [{ name: "root", size: "20Gi" }],
				cloudInitUser: { name: "admin", password: "pw" },
				networks: [{ name: "default", nodeIP: "10.0.0.1", vlanId: 3 }],
				highAvailability: { tolerations: [{ key: "k", tolerationSeconds: 30 }] },
				startStrategy: { autoStart: true },
			},
		});
	});

	test("notes the request under hidden annotations", () => {
		const origin = { requestId: "r-1", fingerprint: "f-1" };
		const { metadata } = wukongKind.toResource(wukongNamed("a"), origin) as {
			metadata: JsonObject;
		};
		const raw = rawNamed("a", { metadata: { annotations: metadata.annotations ?? {} } });
		expect(wukongKind.originOf(raw)).toEqual(origin);
		expect(wukongKind.read(raw).annotations).toEqual({});
	});
});

test("a field that is false is not written: the operator's first write would drop it and raise the generation", () => {
	const resource = wukongKind.toResource(
		wukongNamed("a", {
			disks: [{ name: "root", size: "20Gi", boot: false }],
			networks: [{ name: "lan", primary: false }],
			cloudInitUser: { name: "ops", lockPasswd: false },
			highAvailability: { antiAffinity: false },
			startStrategy: { autoStart: false },
		}),
		noOrigin,
	);
	expect(specOf(resource)).toEqual({
		cpu: 2,
		memory: "4Gi",
		disks: [{ name: "root", size: "20Gi" }],
		networks: [{ name: "lan" }],
		cloudInitUser: { name: "ops" },
		highAvailability: {},
		startStrategy: {},
	});
});

describe("an integer that a number cannot hold", () => {
	const seconds = 9_007_199_254_740_993n;
	const tolerations = [{ key: "k", tolerationSeconds: seconds }];

	test("is written to the last digit", () => {
		const resource = wukongKind.toResource(
			wukongNamed("a", { highAvailability: { tolerations } }),
			noOrigin,
		);
		expect(JSON.stringify(resource)).toContain(`"tolerationSeconds":${seconds}}`);
	});

	test("is kept by an edit of something else, also where the contract does not know it", () => {
		const ha = `{"tolerations":[{"key":"k","tolerationSeconds":${seconds},"future":${seconds}}]}`;
		const raw = rawNamed("a", { spec: { highAvailability: parseLosslessJson(ha) } });
		const grown = edited(raw, (wukong) => {
			if (wukong.spec) wukong.spec.cpu = 4;
		});
		expect(JSON.stringify(specOf(grown).highAvailability)).toBe(ha);
		const longer = edited(raw, (wukong) => {
			const [toleration] = wukong.spec?.highAvailability?.tolerations ?? [];
			expect(toleration?.tolerationSeconds).toBe(seconds);
			if (toleration) toleration.tolerationSeconds = seconds + 2n;
		});
		// Entries without a name are replaced whole.
		expect(JSON.stringify(specOf(longer).highAvailability)).toBe(
			`{"tolerations":[{"key":"k","tolerationSeconds":${seconds + 2n}}]}`,
		);
	});
});

describe("wukongKind.applyEdit", () => {
	test("fields that the contract does not know survive, in entries of lists too", () => {
		const raw = rawNamed("a", {
			spec: {
				future: { deep: true },
				disks: [
					{ name: "root", size: "20Gi", cache: "none", boot: false },
					{ name: "data", size: "1Gi", io: "threads" },
				],
			},
			status: { phase: "Running", future: 1 },
		});
		const next = edited(raw, (wukong) => {
			wukong.spec?.disks.reverse();
			const root = wukong.spec?.disks[1];
			if (root) root.size = "40Gi";
		});
		expect(next).toEqual({
			...raw,
			metadata: { ...raw.metadata, labels: {}, annotations: {} },
			spec: {
				...specOf(raw),
				disks: [
					{ name: "data", size: "1Gi", io: "threads" },
					{ name: "root", size: "40Gi", cache: "none", boot: false },
				],
			},
		});
	});

	test("what is cleared is removed, a new entry is added", () => {
		const raw = rawNamed("a", {
			spec: { osImage: "debian", networks: [{ name: "n", vlanId: 4 }] },
		});
		const next = edited(raw, (wukong) => {
			if (wukong.spec) wukong.spec.osImage = "";
			delete wukong.spec?.networks[0]?.vlanId;
			wukong.spec?.disks.push({ ...wukong.spec.disks[0], name: "data", size: "1Gi" } as never);
		});
		expect(specOf(next)).toMatchObject({
			networks: [{ name: "n" }],
			disks: [{}, { name: "data" }],
		});
		expect(specOf(next)).not.toHaveProperty("osImage");
		expect(specOf(next).networks).toEqual([{ name: "n" }]);
	});

	test("to what is there already is nothing, however the resource spells it", () => {
		const raw = rawNamed("a", { spec: { disks: [{ name: "root", size: "20Gi", boot: false }] } });
		expect(edited(raw, () => {})).toBeUndefined();
		expect(
			edited(raw, (next) => {
				if (next.spec) next.spec.startStrategy = create(StartStrategySchema, { autoStart: true });
			}),
		).toBeUndefined();
	});

	test("hidden annotations stay, shown ones and labels become the edit's", () => {
		const hidden = { "kubectl.kubernetes.io/last-applied-configuration": "{}" };
		const metadata = { annotations: { ...hidden, old: "1" }, labels: { a: "1", b: "2" } };
		const next = edited(rawNamed("a", { metadata }), (wukong) => {
			wukong.annotations = { new: "2" };
			wukong.labels = { a: "3" };
		});
		expect(next?.metadata.annotations).toEqual({ ...hidden, new: "2" });
		expect(next?.metadata.labels).toEqual({ a: "3" });
	});

	const turn = (autoStart: boolean) => (next: Wukong) => {
		if (next.spec?.startStrategy) next.spec.startStrategy.autoStart = autoStart;
	};

	test("a power wish touches startStrategy.autoStart only", () => {
		const raw = rawNamed("a", { spec: { startStrategy: { runStrategy: "Manual", extra: 1 } } });
		expect(specOf(edited(raw, turn(true)))).toEqual({
			...specOf(raw),
			startStrategy: { runStrategy: "Manual", extra: 1, autoStart: true },
		});
		expect(edited(raw, turn(false))).toBeUndefined();
		expect(specOf(edited(rawNamed("a"), turn(false))).startStrategy).toEqual({
			autoStart: false,
		});
	});

	describe("a power wish that stands while the VM was told otherwise", () => {
		const wake = (raw: Unstructured) =>
			wukongKind.applyEdit(
				raw,
				{ ...change(() => {})(wukongKind.read(raw)), wakeOperator: true },
				Date.UTC(2026, 0, 2, 3, 4, 5, 678),
			);

		test.each([
			["start-asked", { startStrategy: { autoStart: true } }],
			["stop-asked", { startStrategy: {} }],
		])(
			"writes %s, which no caller sees and which is in no precondition, and nothing else",
			(note, spec) => {
				const raw = rawNamed("a", { spec, metadata: { annotations: { mine: "1" } } });
				const next = wake(raw) as Unstructured;
				expect(next.metadata.annotations).toEqual({
					mine: "1",
					[`wukong.novasphere.dev/${note}`]: "2026-01-02T03:04:05.678Z",
				});
				expect(next.spec).toEqual(raw.spec);
				expect(wukongKind.read(next)).toEqual(wukongKind.read(raw));
			},
		);

		test("is noted again by each call, so that the operator looks again", () => {
			const once = wake(rawNamed("a")) as Unstructured;
			const edit = { ...change(() => {})(wukongKind.read(once)), wakeOperator: true };
			const again = wukongKind.applyEdit(once, edit, Date.UTC(2026, 0, 3));
			expect(again?.metadata.annotations).toEqual({
				"wukong.novasphere.dev/start-asked": "2026-01-03T00:00:00.000Z",
			});
		});

		test("a Start that changes the wish notes its time, too", () => {
			const raw = rawNamed("a", { spec: { startStrategy: {} } });
			expect(edited(raw, turn(true))?.metadata.annotations).toEqual({
				"wukong.novasphere.dev/start-asked": "1970-01-01T00:00:00.000Z",
			});
		});
	});

	test("who touches startStrategy writes the wish out, where one without autoStart meant off", () => {
		const raw = rawNamed("a", { spec: { startStrategy: { runStrategy: "Manual" } } });
		const next = edited(raw, (wukong) => {
			if (wukong.spec?.startStrategy) wukong.spec.startStrategy.runStrategy = "Always";
		});
		expect(specOf(next).startStrategy).toEqual({ runStrategy: "Always", autoStart: false });
		expect(wukongKind.read(next as Unstructured).spec?.startStrategy?.autoStart).toBe(false);
	});

	describe("credentials", () => {
		const user = { name: "admin", password: "pw", passwordHash: "hash", extra: "kept" };
		const raw = rawNamed("a", { spec: { cloudInitUser: user } });
		const rename = (wukong: Wukong) => {
			if (wukong.spec?.cloudInitUser) wukong.spec.cloudInitUser.name = "root";
		};

		test("are kept, set and cleared without being seen", () => {
			expect(specOf(edited(raw, rename)).cloudInitUser).toEqual({ ...user, name: "root" });
			const set = edited(raw, () => {}, { password: { action: "set", value: "other" } });
			expect(specOf(set).cloudInitUser).toEqual({ ...user, password: "other" });
			const cleared = edited(raw, () => {}, { passwordHash: { action: "clear" } });
			expect(specOf(cleared).cloudInitUser).not.toHaveProperty("passwordHash");
		});

		test("set to what they are change nothing", () => {
			const same = edited(raw, () => {}, { password: { action: "set", value: "pw" } });
			expect(same).toBeUndefined();
		});

		test("go with their user", () => {
			const gone = edited(raw, (wukong) => delete wukong.spec?.cloudInitUser);
			expect(specOf(gone)).not.toHaveProperty("cloudInitUser");
			const back = edited(gone as Unstructured, (wukong) => {
				if (wukong.spec) wukong.spec.cloudInitUser = create(CloudInitUserSchema, { name: "new" });
			});
			expect(specOf(back).cloudInitUser).toEqual({ name: "new" });
		});
	});
});
