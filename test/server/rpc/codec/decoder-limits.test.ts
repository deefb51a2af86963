import type { DescMessage } from "@bufbuild/protobuf";
import {
	AnySchema,
	FieldMaskSchema,
	FileDescriptorProtoSchema,
	ListValueSchema,
	StructSchema,
} from "@bufbuild/protobuf/wkt";
import { CreateWukongRequestSchema } from "@novasphere/wukong-gen/wukong-service";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createDecoder } from "../../../../server/src/rpc/codec/decoder.ts";
import { jsonTypesOf } from "../../../../server/src/rpc/codec/json-types.ts";
import { bytesField, numberField, tag } from "../../../hostile/wire-bytes.ts";

const made = vi.hoisted(() => ({ messages: 0 }));

// Whatever makes messages is counted.
vi.mock("@bufbuild/protobuf", async (load) => {
	const protobuf = await load<typeof import("@bufbuild/protobuf")>();
	const counted =
		<Given extends unknown[], Made>(make: (...given: Given) => Made) =>
		(...given: Given): Made => {
			made.messages++;
			return make(...given);
		};
	return {
		...protobuf,
		create: counted(protobuf.create),
		fromBinary: counted(protobuf.fromBinary),
		fromJson: counted(protobuf.fromJson),
	};
});

afterEach(() => {
	made.messages = 0;
});

const maxEntries = 1_000;
const registry = jsonTypesOf(CreateWukongRequestSchema.file);
const decoder = createDecoder({ registry, maxEntries });

function refusalOf(schema: DescMessage, given: string | Uint8Array) {
	const form = typeof given === "string" ? "json" : "binary";
	const decoded = decoder.decode(schema, Buffer.from(given as string), form);
	return "refusal" in decoded ? decoded.refusal : undefined;
}

const items = (item: string, count = maxEntries + 1) => `[${Array(count).fill(item).join()}]`;
const members = (value: string, count = maxEntries + 1) =>
	`{${Array.from({ length: count }, (_, index) => `"k${index}":${value}`).join()}}`;
const vm = (text: string) => `{"wukong":{${text}}}`;
const repeated = (bytes: Uint8Array, count = maxEntries + 1) =>
	Buffer.concat(Array(count).fill(bytes));
const request = CreateWukongRequestSchema;

describe("a request with too many entries is refused before anything is made of it", () => {
	test.each<[string, DescMessage, string | Uint8Array, string]>([
		["empty items in JSON", request, vm(`"spec":{"disks":${items("{}")}}`), "wukong.spec.disks"],
		[
			"items, the last one wrong",
			request,
			vm(`"status":{"conditions":${items("{}").replace(/.$/, ",1]")}}`),
			"wukong.status.conditions",
		],
		[
			"texts",
			request,
			vm(`"spec":{"cloudInitUser":{"groups":${items('""')}}}`),
			"wukong.spec.cloud_init_user.groups",
		],
		["members of a map", request, vm(`"labels":${members('""')}`), "wukong.labels"],
		[
			"one key again and again",
			request,
			vm(
				`"labels":{${Array(maxEntries + 1)
					.fill('"a":""')
					.join()}}`,
			),
			"wukong.labels",
		],
		[
			"lists of lists",
			request,
			vm(`"spec":{"networks":${items('{"ipConfig":{"dnsServers":["","",""]}}', 400)}}`),
			"wukong.spec.networks[199].ip_config.dns_servers",
		],
		[
			"paths of a mask",
			FieldMaskSchema,
			`"${Array(maxEntries + 1)
				.fill("a")
				.join()}"`,
			"",
		],
		["a long mask", FieldMaskSchema, `"${"A".repeat(200_000)}"`, ""],
		["values", ListValueSchema, items("0"), ""],
		["values of values", StructSchema, `{"a":${items("[]", 600)},"b":${items("{}", 600)}}`, ""],
		[
			"what an Any holds",
			AnySchema,
			`{"value":${items("[[]]", 501)},"@type":"x/google.protobuf.ListValue"}`,
			"",
		],
		[
			"empty items in binary form",
			request,
			bytesField(1, bytesField(3, repeated(bytesField(3)))),
			"wukong.spec.disks",
		],
		[
			"entries of a map in binary form",
			request,
			bytesField(1, repeated(bytesField(5))),
			"wukong.labels",
		],
		[
			"one field again and again",
			request,
			bytesField(1, repeated(bytesField(1), 10 * maxEntries)),
			"wukong",
		],
		["one message again and again", request, repeated(bytesField(1)), "wukong"],
		["unknown fields", request, repeated(numberField(99, 1), 10 * maxEntries + 1), ""],
		[
			"unknown fields in groups",
			request,
			Buffer.concat([tag(99, 3), repeated(numberField(1, 1), 10 * maxEntries), tag(99, 4)]),
			"",
		],
		[
			"packed numbers",
			FileDescriptorProtoSchema,
			bytesField(10, repeated(Buffer.from([1]), 2 * maxEntries)),
			"public_dependency",
		],
	])("%s", (_what, schema, given, field) => {
		expect(refusalOf(schema, given)).toMatchObject({
			message: expect.stringContaining(`at most ${maxEntries} entries`),
			violations: [{ field }],
		});
		expect(made.messages).toBe(0);
	});
});

test("as many entries as the limit are taken, in either form", () => {
	expect(refusalOf(request, vm(`"spec":{"disks":${items("{}", maxEntries - 2)}}`))).toBeUndefined();
	const disks = repeated(bytesField(3), maxEntries - 2);
	expect(refusalOf(request, bytesField(1, bytesField(3, disks)))).toBeUndefined();
});

describe("what is no message is refused at its first fault, however much comes behind", () => {
	const megabytes = 2 * 1024 * 1024;
	test.each<[string, DescMessage, string, string]>([
		[
			"a number of two million digits",
			request,
			vm(`"generation":${"9".repeat(megabytes)}`),
			"wukong.generation",
		],
		["one in quotes", request, vm(`"generation":"${"9".repeat(megabytes)}"`), "wukong.generation"],
		[
			"an exponent of two million digits",
			request,
			vm(`"generation":1e${"9".repeat(megabytes)}`),
			"wukong.generation",
		],
		[
			"two million zeros behind the point",
			request,
			vm(`"spec":{"cpu":0.${"0".repeat(megabytes)}1}`),
			"wukong.spec.cpu",
		],
		["a long time", request, vm(`"createTime":"${"2".repeat(megabytes)}"`), "wukong.create_time"],
		["a number where a text is due", request, vm(`"name":${"1".repeat(megabytes)}`), "wukong.name"],
		["unknown names", request, `{${Array(200_000).fill('"x":1').join()}}`, "x"],
		["deep lists", request, vm(`"labels":${"[".repeat(megabytes)}`), "wukong.labels"],
		["deep objects in JSON that is data", StructSchema, '{"a":'.repeat(megabytes / 5), ""],
	])("%s", (_what, schema, given, field) => {
		expect(refusalOf(schema, given)?.violations).toMatchObject([{ field }]);
	});
});
