import {
	create,
	fromBinary,
	fromJsonString,
	type JsonObject,
	type JsonValue,
	toBinary,
	toJsonString,
} from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { type Wukong, WukongSchema, WukongStatusSchema } from "@novasphere/wukong-gen/wukong";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultStuckRules } from "../../../../../server/src/resource/wukong/power/power-times.ts";
import { createJoiner } from "../../../../../server/src/store/kubernetes/joined/joiner.ts";
import { observedWukongKind } from "../../../../../server/src/store/kubernetes/kinds/observed-wukong.ts";
import { virtualMachineKind } from "../../../../../server/src/store/kubernetes/kinds/virtual-machine.ts";
import { virtualMachineInstanceKind } from "../../../../../server/src/store/kubernetes/kinds/virtual-machine-instance.ts";
import { integerJson } from "../../../../../server/src/store/kubernetes/lossless-json.ts";
import {
	parseUnstructured,
	type Unstructured,
} from "../../../../../server/src/store/kubernetes/unstructured.ts";
import { testSeed } from "../../../../support/seed.ts";

const times = [
	"2026-01-01T00:00:00Z",
	"2026-01-01T00:00:01.999999999Z",
	"2026-01-01T23:59:60Z",
	"2026-01-01T00:00:00+14:00",
	"2026-02-31T00:00:00Z",
	"0001-01-01T00:00:00Z",
	"0001-01-01T00:00:00+14:00",
	"9999-12-31T23:59:59Z",
	"9999-12-31T23:59:59-14:00",
	"0000-01-01T00:00:00Z",
	"+275760-09-13T00:00:00Z",
	"-000001-01-01T00:00:00Z",
	"2026-01-01T00:00:00",
	"2026-01-01",
	"2026-13-45T99:99:99Z",
	"1",
	"yesterday",
	"",
];

const texts = [
	"",
	"True",
	"False",
	"Running",
	"__proto__",
	"\u0000",
	`${"x".repeat(1_023)}😀`,
	"y".repeat(3_000),
];

/** What is of another type than it should be. */
const odd: fc.Arbitrary<JsonValue> = fc.oneof(
	fc.constantFrom<JsonValue>(null, true, false, -1, 0, 1, 1.5, 1e300),
	fc.constantFrom<JsonValue>(...texts, ...times),
	fc.constantFrom<JsonValue>([], {}, [null], [[]], [{}], { a: {} }, [1, "2"]),
	fc.constant(integerJson("123456789012345678901234567890")),
);

const mostly = <T extends JsonValue>(right: fc.Arbitrary<T>): fc.Arbitrary<JsonValue> =>
	fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: odd });

/** An object whose fields may be missing or of another type. */
function fields(right: Record<string, fc.Arbitrary<JsonValue>>): fc.Arbitrary<JsonObject> {
	const each = Object.entries(right).map(([key, value]) => [key, mostly(value)]);
	return fc.record(Object.fromEntries(each), { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;
}

const pick = (...values: readonly string[]): fc.Arbitrary<JsonValue> => fc.constantFrom(...values);
const list = (right: Record<string, fc.Arbitrary<JsonValue>>): fc.Arbitrary<JsonValue> =>
	fc.array(mostly(fields(right)), { maxLength: 4 });
const time = pick(...times);
const word = pick(...texts);
const bool = fc.boolean();

/** The same type may come twice. */
const conditions = list({
	type: pick("Ready", "Paused", "Failure", "RestartRequired", "Synchronized", "PodScheduled", "x"),
	status: pick("True", "False", "Unknown"),
	reason: word,
	message: word,
	lastTransitionTime: time,
	observedGeneration: fc.integer(),
});

const metadataOf = (ownerUids: readonly string[]) =>
	fields({
		creationTimestamp: time,
		deletionTimestamp: time,
		generation: fc.integer(),
		labels: fc.dictionary(word as fc.Arbitrary<string>, mostly(word)),
		annotations: fields({ "wukong.novasphere.dev/start-asked": time, note: word }),
		ownerReferences: list({ uid: pick(...ownerUids), controller: bool, kind: word, name: word }),
		managedFields: list({
			time,
			subresource: pick("", "status"),
			fieldsV1: fc.constant({ "f:spec": {} }),
		}),
	});

const wukongParts = fc.record({
	metadata: metadataOf(["other"]),
	// What callers write is no part of this: their fields have rules of their own.
	spec: fc.oneof(
		fc.constant({}),
		fields({ startStrategy: fields({ autoStart: bool }), runStrategy: word }),
	),
	status: fields({
		phase: pick("", "Pending", "Creating", "Running", "Stopped", "Error", "New"),
		vmName: word,
		nodeName: word,
		conditions,
		networks: list({ name: pick("a", "b"), ipAddress: word, macAddress: word, interface: word }),
		volumes: list({ name: pick("a", "b"), bound: bool, size: word }),
	}),
});

const vmParts = fc.record({
	metadata: metadataOf(["wukong-a", "wukong-b", "nobody"]),
	spec: fields({ running: bool, runStrategy: pick("Always", "Halted", "Manual", "New") }),
	status: fields({
		printableStatus: pick(
			...["Running", "Stopped", "Paused", "Migrating", "Starting", "Stopping", "Terminating"],
			...["CrashLoopBackOff", "ErrorUnschedulable", "WaitingForVolumeBinding", "Unknown"],
			...["", "NewWord", "two words", "__proto__", "constructor"],
		),
		created: bool,
		conditions,
		startFailure: fields({ consecutiveFailCount: fc.integer(), retryAfterTimestamp: time }),
	}),
});

const vmiParts = fc.record({
	metadata: metadataOf(["vm-0", "vm-1", "vm-2", "vm-3"]),
	status: fields({
		phase: pick("", "Pending", "Scheduling", "Running", "Succeeded", "Failed", "NewPhase"),
		nodeName: word,
		conditions,
		phaseTransitionTimestamps: list({
			phase: pick("Pending", "Running", "Failed", "__proto__"),
			phaseTransitionTimestamp: time,
		}),
		interfaces: list({
			name: pick("a", "b", ""),
			mac: word,
			ipAddress: word,
			interfaceName: word,
		}),
	}),
});

type Parts = {
	readonly metadata: JsonObject;
	readonly spec?: JsonObject;
	readonly status: JsonObject;
};

const cluster = fc.record({
	wukongs: fc.tuple(wukongParts, wukongParts),
	// Two by the name that they should have, two of others; any may claim any owner.
	vms: fc.tuple(vmParts, vmParts, vmParts, vmParts),
	vmis: fc.tuple(vmiParts, vmiParts, vmiParts, vmiParts),
	kinds: fc.integer({ min: 1, max: 3 }),
});

const machineNames = ["a-vm", "b-vm", "x", "y"];

function raw(name: string, uid: string, version: number, parts: Parts): Unstructured {
	const metadata = { name, namespace: "default", uid, resourceVersion: String(version) };
	return parseUnstructured({ ...parts, metadata: { ...parts.metadata, ...metadata } });
}

/** Joins what a cluster has. @param order the order of the keys of each object in it */
function joined(
	{ wukongs, vms, vmis, kinds }: typeof cluster extends fc.Arbitrary<infer T> ? T : never,
	order: (keys: string[]) => string[],
): Wukong[] {
	const sorted = (one: Unstructured) => parseUnstructured(reordered(one, order));
	const state = <T>(objects: readonly T[]) => ({ objects, head: 100n });
	const joiner = createJoiner(
		{
			wukongs: state(
				wukongs.map((parts, at) => {
					const name = at === 0 ? "a" : "b";
					return observedWukongKind.read(sorted(raw(name, `wukong-${name}`, 10 + at, parts)));
				}),
			),
			...(kinds > 1 && {
				vms: state(
					vms.map((parts, at) =>
						virtualMachineKind.read(
							sorted(raw(machineNames[at] ?? "", `vm-${at}`, 20 + at, parts)),
						),
					),
				),
			}),
			...(kinds > 2 && {
				vmis: state(
					vmis.map((parts, at) =>
						virtualMachineInstanceKind.read(
							sorted(raw(machineNames[at] ?? "", `vmi-${at}`, 30 + at, parts)),
						),
					),
				),
			}),
		},
		defaultStuckRules,
	);
	return joiner.objects();
}

function reordered(value: JsonValue, order: (keys: string[]) => string[]): JsonValue {
	if (typeof value !== "object" || value === null || JSON.isRawJSON(value)) return value;
	if (Array.isArray(value)) return value.map((one) => reordered(one, order));
	return Object.fromEntries(
		order(Object.keys(value)).map((key) => [key, reordered(value[key] ?? null, order)]),
	);
}

describe("objects of a cluster, with fields that are missing, of another type, or twice", () => {
	test(`are always joined to a valid message that every format can carry (seed ${testSeed})`, () => {
		const validator = createValidator();
		fc.assert(
			fc.property(cluster, (given) => {
				for (const wukong of joined(given, (keys) => keys)) {
					const status = wukong.status ?? create(WukongStatusSchema);
					expect(validator.validate(WukongStatusSchema, status).kind).toBe("valid");
					const bytes = toBinary(WukongSchema, wukong);
					const json = toJsonString(WukongSchema, wukong);
					expect(toJsonString(WukongSchema, fromBinary(WukongSchema, bytes))).toBe(json);
					expect(toJsonString(WukongSchema, fromJsonString(WukongSchema, json))).toBe(json);
				}
			}),
			{ numRuns: 250 },
		);
	});

	test(`are equal bytes in any order of their keys (seed ${testSeed})`, () => {
		fc.assert(
			fc.property(cluster, (given) => {
				const bytesOf = (order: (keys: string[]) => string[]) =>
					joined(given, order).map(({ status, resourceVersion }) => [
						Buffer.from(toBinary(WukongStatusSchema, status ?? create(WukongStatusSchema))),
						resourceVersion,
					]);
				const bytes = bytesOf((keys) => keys.sort());
				expect(bytesOf((keys) => keys.sort().reverse())).toEqual(bytes);
			}),
			{ numRuns: 100 },
		);
	});
});
