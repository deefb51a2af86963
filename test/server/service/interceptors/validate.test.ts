import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { DiskSchema } from "@novasphere/wukong-gen/wukong";
import {
	CreateWukongRequestSchema,
	GetWukongRequestSchema,
	ListWukongsRequestSchema,
	UpdateWukongRequestSchema,
	WatchWukongRequestSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { listContract } from "../../../../scripts/contract-listing.ts";
import { type Failure, isFailure } from "../../../../server/src/failure.ts";
import {
	contractPatterns,
	createRegexMatch,
} from "../../../../server/src/service/interceptors/contract-patterns.ts";
import { maxRequestEntries } from "../../../../server/src/service/interceptors/entry-limit.ts";
import { createMessageCheck } from "../../../../server/src/service/interceptors/validate.ts";

const check = createMessageCheck();

function failureOf<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>) {
	try {
		check(schema, create(schema, init));
	} catch (error) {
		if (isFailure(error)) return error;
		throw error;
	}
	return undefined;
}

const fieldsOf = (failure: Failure | undefined) =>
	failure?.details.violations?.map(({ field }) => field);

describe("the field rules", () => {
	test("pass a request that gives little", () => {
		expect(failureOf(CreateWukongRequestSchema, { wukong: { name: "vm" } })).toBeUndefined();
		expect(failureOf(UpdateWukongRequestSchema, { wukong: {} })).toBeUndefined();
		expect(failureOf(ListWukongsRequestSchema, {})).toBeUndefined();
	});

	test("name fields by their contract names from the request's root", () => {
		const failure = failureOf(CreateWukongRequestSchema, {
			wukong: {
				name: "vm",
				spec: {
					disks: [
						{ name: "root", size: "1Gi" },
						{ name: "data", size: "big" },
					],
					networks: [{ name: "n", vlanId: 5_000, nodeIp: "x".repeat(65) }],
				},
			},
		});
		expect(fieldsOf(failure)).toEqual([
			"wukong.spec.disks[1].size",
			"wukong.spec.networks[0].vlan_id",
			"wukong.spec.networks[0].node_ip",
		]);
	});

	test("broken inside wukong only are INVALID_WUKONG", () => {
		const wukong = { name: "vm", spec: { cpu: 65 } };
		for (const schema of [CreateWukongRequestSchema, UpdateWukongRequestSchema]) {
			expect(failureOf(schema, { wukong })?.reason).toBe(ErrorReason.INVALID_WUKONG);
		}
	});

	test("broken anywhere else are INVALID_REQUEST", () => {
		const both = { wukong: { name: "A" }, requestId: "with space" };
		const failures = [
			failureOf(CreateWukongRequestSchema, both),
			failureOf(CreateWukongRequestSchema, {}),
			failureOf(GetWukongRequestSchema, { name: "" }),
			failureOf(ListWukongsRequestSchema, { pageSize: -1 }),
			failureOf(WatchWukongRequestSchema, { heartbeatInterval: { seconds: 301n } }),
			failureOf(WatchWukongRequestSchema, { heartbeatInterval: { nanos: 5 } }),
		];
		for (const failure of failures) expect(failure?.reason).toBe(ErrorReason.INVALID_REQUEST);
		expect(failures.map(fieldsOf)).toEqual([
			["wukong.name", "request_id"],
			["wukong"],
			["name"],
			["page_size"],
			["heartbeat_interval"],
			["heartbeat_interval"],
		]);
	});

	test("judge each request by itself: one that was valid makes no other one valid", () => {
		const isValid = (name: string) => failureOf(GetWukongRequestSchema, { name }) === undefined;
		for (let time = 0; time < 3; time++) {
			expect(["vm", "VM", ""].map(isValid)).toEqual([true, false, false]);
		}
	});

	test("on map keys quote the key, and cut the path where it is long", () => {
		const short = failureOf(ListWukongsRequestSchema, { labels: { "-k": "v" } });
		expect(short?.details.violations?.[0]).toMatchObject({ field: 'labels["-k"]' });
		expect(short?.details.violations?.[0]?.description).toMatch(/^the key /);
		const long = failureOf(ListWukongsRequestSchema, { labels: { ["k".repeat(100_000)]: "v" } });
		expect(fieldsOf(long)?.every((field) => field.length <= 256)).toBe(true);
	});
});

describe("a label key (Kubernetes: a prefix of at most 253, a name of at most 63)", () => {
	const key = `${"a".repeat(254)}/x`;
	const map = { [key]: "y" };
	const tolerations = [{ key, operator: "Exists" }];

	test.each<[string, Failure | undefined, string]>([
		["labels", failureOf(CreateWukongRequestSchema, { wukong: { labels: map } }), "wukong.labels"],
		[
			"annotations",
			failureOf(CreateWukongRequestSchema, { wukong: { annotations: map } }),
			"wukong.annotations",
		],
		[
			"a node selector",
			failureOf(UpdateWukongRequestSchema, {
				wukong: { spec: { highAvailability: { nodeSelector: map } } },
			}),
			"wukong.spec.high_availability.node_selector",
		],
		[
			"a toleration",
			failureOf(UpdateWukongRequestSchema, {
				wukong: { spec: { highAvailability: { tolerations } } },
			}),
			"wukong.spec.high_availability.tolerations[0].key",
		],
		["the labels of a list", failureOf(ListWukongsRequestSchema, { labels: map }), "labels"],
		["the labels of a watch", failureOf(WatchWukongRequestSchema, { labels: map }), "labels"],
	])("is judged by its parts in %s", (_, failure, field) => {
		const [violation, ...more] = failure?.details.violations ?? [];
		expect(violation?.field.startsWith(field)).toBe(true);
		expect(violation?.description).toContain("at most 253");
		expect(more).toEqual([]);
	});
});

describe("a pattern of the contract", () => {
	/** Every pattern that a field rule names, wherever it stands. */
	const patterns = [...listContract().matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(([, text]) =>
		JSON.parse(text ?? ""),
	);

	test("has plain words, each of them, and there are words for no other", () => {
		expect(new Set(patterns)).toEqual(new Set(contractPatterns.keys()));
		expect(contractPatterns.size).toBe(6);
	});

	test.each<[string, Failure | undefined, RegExp]>([
		[
			"a quantity",
			failureOf(CreateWukongRequestSchema, { wukong: { spec: { memory: "8 GB" } } }),
			/such as 4Gi or 500M/,
		],
		["a DNS name", failureOf(GetWukongRequestSchema, { name: "Web" }), /DNS name such as web-1/],
		[
			"a DNS label",
			failureOf(GetWukongRequestSchema, { name: "a", namespace: "A" }),
			/DNS label such as web-1/,
		],
		[
			"a label value",
			failureOf(ListWukongsRequestSchema, { labels: { a: "ü" } }),
			/at most 63 letters/,
		],
		[
			"a label key",
			failureOf(ListWukongsRequestSchema, { labels: { "-": "" } }),
			/^the key is to be a label key/,
		],
		[
			"a request id",
			failureOf(CreateWukongRequestSchema, { wukong: {}, requestId: "ä" }),
			/printable ASCII/,
		],
	])("is told in words: %s", (_, failure, words) => {
		const [violation] = failure?.details.violations ?? [];
		expect(violation?.description).toMatch(words);
		expect(violation?.description).toMatch(/is to be /);
	});

	test("stands beside its words", () => {
		const failure = failureOf(GetWukongRequestSchema, { name: "a", namespace: "A" });
		expect(failure?.message).toMatch(/not at either end; it does not match regex pattern `\^/);
	});
});

describe("lists and maps with too many entries", () => {
	const many = <T>(count: number, entry: (index: number) => T) =>
		Array.from({ length: count }, (_, index) => entry(index));
	const labels = (count: number) => Object.fromEntries(many(count, (index) => [`k${index}`, ""]));
	const disks = (count: number) => many(count, (index) => ({ name: `d${index}`, size: "1Gi" }));

	test("are refused by the name of the one that has too many, within wukong and outside", () => {
		const wukong = { spec: { disks: disks(maxRequestEntries + 1) } };
		const inside = failureOf(CreateWukongRequestSchema, { wukong });
		expect(inside?.reason).toBe(ErrorReason.INVALID_WUKONG);
		expect(fieldsOf(inside)).toEqual(["wukong.spec.disks"]);
		const outside = failureOf(ListWukongsRequestSchema, { labels: labels(maxRequestEntries + 1) });
		expect(outside?.reason).toBe(ErrorReason.INVALID_REQUEST);
		expect(fieldsOf(outside)).toEqual(["labels"]);
		const paths = many(200_000, (index) => `p${index}`);
		const mask = failureOf(UpdateWukongRequestSchema, { wukong: {}, updateMask: { paths } });
		expect(fieldsOf(mask)).toEqual(["update_mask.paths"]);
	});

	test("are counted together, also within the entries of a list", () => {
		const most = { labels: labels(maxRequestEntries - 2), spec: { disks: disks(2) } };
		expect(failureOf(CreateWukongRequestSchema, { wukong: most })).toBeUndefined();
		const ipConfig = { mode: "dhcp", dnsServers: ["10.0.0.1"] };
		const networks = [{ name: "a" }, { name: "b", ipConfig }];
		const wukong = { spec: { disks: disks(maxRequestEntries - 2), networks } };
		expect(fieldsOf(failureOf(CreateWukongRequestSchema, { wukong }))).toEqual([
			"wukong.spec.networks[1].ip_config.dns_servers",
		]);
	});

	test("are not judged one by one: a million of them hold up nobody", () => {
		const request = create(CreateWukongRequestSchema, { wukong: { spec: {} } });
		let looks = 0;
		const disks = new Proxy(Array(1_000_000).fill(create(DiskSchema)), {
			get(target, key) {
				if (typeof key === "string" && /^\d+$/.test(key)) looks++;
				return Reflect.get(target, key);
			},
		});
		Object.assign(request.wukong?.spec ?? {}, { disks });
		expect(() => check(CreateWukongRequestSchema, request)).toThrow("entries");
		expect(looks).toBeLessThanOrEqual(maxRequestEntries + 1);
	});
});

describe("the pattern matcher", () => {
	const matches = createRegexMatch();

	test("matches as the pattern says", () => {
		expect(matches("^[a-z]+$", "abc")).toBe(true);
		expect(matches("^[a-z]+$", "abc\n")).toBe(false);
	});

	test("refuses a long text without trying the pattern on it", () => {
		expect(matches("^(a|aa)+$", `${"a".repeat(1_000_000)}b`)).toBe(false);
		expect(matches("^a*$", "a".repeat(1_025))).toBe(false);
		expect(matches("^a*$", "a".repeat(1_024))).toBe(true);
	});
});

describe("a text that is longer than any rule allows is refused before its characters are counted", () => {
	const long = "a".repeat(64 * 1_024 + 1);
	test.each([
		["wukong.name", { name: long }],
		["wukong.labels", { labels: { [long]: "" } }],
		["wukong.spec.disks[0].size", { spec: { disks: [{ size: long }] } }],
		["wukong.spec.cloud_init_user.groups[1]", { spec: { cloudInitUser: { groups: ["a", long] } } }],
	])("%s", (field, wukong) => {
		const failure = failureOf(CreateWukongRequestSchema, { wukong });
		expect(fieldsOf(failure)).toEqual([field]);
		expect(failure?.details.violations?.[0]?.description).toMatch(
			/longer than any text here may be$/,
		);
	});
});
