import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createRegistry, type DescMessage, toJson } from "@bufbuild/protobuf";
import {
	AnySchema,
	BoolValueSchema,
	BytesValueSchema,
	DoubleValueSchema,
	DurationSchema,
	EmptySchema,
	FieldMaskSchema,
	FloatValueSchema,
	Int32ValueSchema,
	Int64ValueSchema,
	StringValueSchema,
	StructSchema,
	TimestampSchema,
	UInt32ValueSchema,
	UInt64ValueSchema,
	ValueSchema,
} from "@bufbuild/protobuf/wkt";
import {
	CreateWukongRequestSchema,
	ListWukongsRequestSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { describe, expect, test } from "vitest";
import { JsonFault } from "../../../../../server/src/rpc/codec/json/json-fault.ts";
import { createJsonReader } from "../../../../../server/src/rpc/codec/json/json-reader.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const registry = createRegistry(
	DurationSchema,
	EmptySchema,
	Int64ValueSchema,
	ListWukongsRequestSchema,
	AnySchema,
);
const reader = createJsonReader({ registry, maxEntries: 10_000 });

/** What protobuf-es writes of the message that is read. */
const written = (schema: DescMessage, text: string) =>
	toJson(schema, reader.read(schema, text), { registry });

function faultOf(schema: DescMessage, text: string) {
	try {
		reader.read(schema, text);
	} catch (error) {
		if (error instanceof JsonFault)
			return { kind: error.kind, field: error.field, description: error.description };
		throw error;
	}
	return "taken";
}

describe("ProtoJSON: a value is taken without losing a digit", () => {
	test.each<[DescMessage, string, unknown]>([
		[Int32ValueSchema, "1", 1],
		[Int32ValueSchema, '"1"', 1],
		[Int32ValueSchema, "1.0", 1],
		[Int32ValueSchema, '"1e2"', 100],
		[Int32ValueSchema, "1E+2", 100],
		[Int32ValueSchema, "100e-2", 1],
		[Int32ValueSchema, "-0", 0],
		[Int32ValueSchema, "2147483647.000", 2_147_483_647],
		[UInt32ValueSchema, "4294967295", 4_294_967_295],
		[Int64ValueSchema, "9007199254740993", "9007199254740993"],
		[Int64ValueSchema, '"9223372036854775807"', "9223372036854775807"],
		[Int64ValueSchema, "-9223372036854775808", "-9223372036854775808"],
		[Int64ValueSchema, "922337203685477580.7e1", "9223372036854775807"],
		[Int64ValueSchema, "1e18", "1000000000000000000"],
		[UInt64ValueSchema, "18446744073709551615", "18446744073709551615"],
		[DoubleValueSchema, '"1.5e3"', 1_500],
		[DoubleValueSchema, '"NaN"', "NaN"],
		[DoubleValueSchema, '"-Infinity"', "-Infinity"],
		[FloatValueSchema, "3.4028235e38", 3.4028234663852886e38],
		[BoolValueSchema, "true", true],
		[BytesValueSchema, '"-_8"', "+/8="],
		[BytesValueSchema, '"+/8="', "+/8="],
		[BytesValueSchema, '""', ""],
		[StringValueSchema, '"\\ud83d\\ude00\\u0000é"', "😀\0é"],
		[DurationSchema, '"-0.5s"', "-0.500s"],
		[DurationSchema, '"315576000000.999999999s"', "315576000000.999999999s"],
		[DurationSchema, '"+1.s"', "1s"],
		[TimestampSchema, '"0001-01-01T00:00:00Z"', "0001-01-01T00:00:00Z"],
		[TimestampSchema, '"0000-12-31T23:00:00-01:00"', "0001-01-01T00:00:00Z"],
		[TimestampSchema, '"2020-02-29T12:00:00.123456789+01:30"', "2020-02-29T10:30:00.123456789Z"],
		[FieldMaskSchema, '"spec.osImage,labels.a-b/c,*"', "spec.osImage,labels.a-b/c,*"],
		[FieldMaskSchema, '" \\u0085\\u3000spec\\u2003\\n"', "spec"],
		[StructSchema, '{"__proto__":{"a":[1,null]}}', JSON.parse('{"__proto__":{"a":[1,null]}}')],
		[ValueSchema, "null", null],
		[
			AnySchema,
			'{"@type":"t/google.protobuf.Duration","value":"1s"}',
			{ "@type": "t/google.protobuf.Duration", value: "1s" },
		],
		[
			AnySchema,
			'{"value":"7","@type":"t/google.protobuf.Int64Value"}',
			{ "@type": "t/google.protobuf.Int64Value", value: "7" },
		],
		[AnySchema, "{}", {}],
		[ListWukongsRequestSchema, '{"pageSize":null,"labels":null}', {}],
		[ListWukongsRequestSchema, ' {\r\n\t"page_size" : 5 } ', { pageSize: 5 }],
	])("%o %s", (schema, text, meant) => {
		expect(written(schema, text)).toEqual(meant);
	});
});

describe("ProtoJSON: what is no such value is refused", () => {
	const numbers = [
		"1.5",
		'"1.5"',
		'" 1"',
		'"1 "',
		'"0x10"',
		'"0b1"',
		'"1_0"',
		'"+1"',
		'"01"',
		'""',
		'"1."',
		'".5"',
		'"1e"',
		"true",
		"[1]",
		'"NaN"',
		'"١"',
		'"\\u00a01"',
		"1.0000000000000000000001",
	];
	test.each<[DescMessage, readonly string[]]>([
		[Int32ValueSchema, [...numbers, "2147483648", "-2147483649", "1e400", '"1e99999999999"']],
		[UInt32ValueSchema, [...numbers, "-1", "4294967296"]],
		[Int64ValueSchema, [...numbers, "9223372036854775808", '"-9223372036854775809"', "1e19"]],
		[UInt64ValueSchema, [...numbers, "-1", "18446744073709551616"]],
		[
			DoubleValueSchema,
			["1e309", '"1e309"', '"inf"', '"Infinity "', '"+1"', '"0x1"', "null", '"nan"'],
		],
		[FloatValueSchema, ["3.5e38", "-3.5e38"]],
		[BoolValueSchema, ['"true"', "0", "1", "null"]],
		[BytesValueSchema, ['"A"', '"AA="', '"A==="', '"+_AA"', '"AA AA"', '"AA\\nAA"', '"%"', "1"]],
		[
			StringValueSchema,
			["1", "true", "null", "[]", '"\\ud800"', '"\\udc00\\ud800"', '"\\ud800\\n"'],
		],
		[
			DurationSchema,
			[
				'"1"',
				'"s"',
				'".s"',
				'"1.5seconds"',
				'" 1s"',
				'"01s"',
				'"1e3s"',
				'"1.0000000001s"',
				'"315576000001s"',
				"1",
				'"1h"',
			],
		],
		[
			TimestampSchema,
			[
				'"2020-02-30T00:00:00Z"',
				'"2021-02-29T00:00:00Z"',
				'"2016-12-31T23:59:60Z"',
				'"2020-01-01T24:00:00Z"',
				'"2020-01-01T00:00:00"',
				'"2020-01-01t00:00:00z"',
				'"2020-01-01T00:00:00.1234567890Z"',
				'"2020-01-01T00:00:00+24:00"',
				'"2020-01-01T00:00:00.Z"',
				'"2020-01-01T1:00:00Z"',
				'"10000-01-01T00:00:00Z"',
				'"9999-12-31T23:59:59-00:01"',
				'"0001-01-01T00:00:00+00:01"',
				"0",
			],
		],
		[
			FieldMaskSchema,
			[
				'"\\ufeff"',
				'"\\ufeffa"',
				'"a\\ufeff"',
				'"a_b"',
				'","',
				'"a,"',
				'"a, b"',
				'".a"',
				'"a."',
				"[]",
				'["a"]',
			],
		],
		[StructSchema, ["[]", "null", '{"a":1,"\\u0061":2}', '{"a":1e999}']],
		[
			AnySchema,
			[
				'{"value":1}',
				'{"@type":""}',
				'{"@type":1}',
				'{"@type":"t/none"}',
				'{"@type":"t/google.protobuf.Duration"}',
				'{"@type":"t/google.protobuf.Duration","value":"1s","value":"1s"}',
				'{"@type":"t/google.protobuf.Duration","value":"1s","@type":"t/google.protobuf.Duration"}',
				'{"@type":"t/google.protobuf.Duration","seconds":1}',
			],
		],
		[EmptySchema, ['{"a":1}', "[]", "null"]],
	])("%o", (schema, texts) => {
		for (const text of texts) expect(faultOf(schema, text), text).toMatchObject({ kind: "value" });
	});
});

describe("RFC 8259: what is no JSON is told with its place", () => {
	test.each<[string, number, number]>([
		["", 1, 1],
		["{", 1, 2],
		['{"pageSize":1', 1, 14],
		['{"pageSize":1}}', 1, 15],
		['{"pageSize":1,}', 1, 15],
		['{"pageSize" 1}', 1, 13],
		["{'pageSize':1}", 1, 2],
		['{\n  "pageSize": 01\n}', 2, 15],
		['{\n\n"labels":{"a":"b\n"}}', 3, 17],
		['{"pageSize":+1}', 1, 13],
		['{"pageSize":.5}', 1, 13],
		['{"pageSize":1.}', 1, 13],
		['{"pageSize":1e}', 1, 13],
		['{"pageSize":NaN}', 1, 13],
		['{"pageSize":tru}', 1, 13],
		['{"pageSize":nullx}', 1, 17],
		['{"pageToken":"\\x"}', 1, 14],
		['{"pageToken":"\\u12"}', 1, 14],
		['{"pageToken":"a', 1, 16],
		['{"pageSize":1 /* one */}', 1, 15],
		['\u00a0{"pageSize":1}', 1, 1],
	])("%j at line %i, column %i", (text, line, column) => {
		const description = `is not JSON at line ${line}, column ${column}`;
		expect(faultOf(ListWukongsRequestSchema, text)).toMatchObject({ kind: "syntax", description });
	});
});

describe("a field that is at fault is named, and what it wants", () => {
	const wholeNumber = "is to be a whole number from -2147483648 to 2147483647";
	const noSuchField = "this contract has no such field";
	test.each([
		["[]", "", "is to be an object"],
		['{"nmae":1}', "nmae", noSuchField],
		['{"wukong":{"spec":{"cpus":1}}}', "wukong.spec.cpus", noSuchField],
		['{"wukong":{"spec":{"cpu":"two"}}}', "wukong.spec.cpu", wholeNumber],
		['{"wukong":{"spec":"big"}}', "wukong.spec", "is to be an object"],
		['{"wukong":{"spec":{"disks":{}}}}', "wukong.spec.disks", "is to be a list"],
		[
			'{"wukong":{"spec":{"disks":[{"name":"a"},{"size":1}]}}}',
			"wukong.spec.disks[1].size",
			"is to be a string",
		],
		[
			'{"wukong":{"spec":{"cloudInitUser":{"groups":["a",null]}}}}',
			"wukong.spec.cloud_init_user.groups[1]",
			"is to be a string",
		],
		['{"wukong":{"labels":{"a":1}}}', "wukong.labels", "has a value that is to be a string"],
		['{"wukong":{"labels":{"a":"1","\\u0061":"2"}}}', "wukong.labels", "has a key twice"],
		[
			'{"wukong":{"createTime":"soon"}}',
			"wukong.create_time",
			"is to be a time as in 2026-01-31T12:30:00.5Z (RFC 3339)",
		],
		['{"wukong":{"name":"a","uid":5,"spec":{"cpu":"two"}}}', "wukong.uid", "is to be a string"],
		['{"requestId":"a","request_id":"b"}', "request_id", "is given twice"],
		['{"requestId":null,"request\\u0049d":"b"}', "request_id", "is given twice"],
		[
			'{"wukong":{"status":{"powerState":"OFF"}}}',
			"wukong.status.power_state",
			"is to be one of: POWER_STATE_UNSPECIFIED, STOPPED, STARTING, RUNNING, STOPPING, ERROR, UNKNOWN, PAUSED",
		],
		['{"__proto__":{"cpu":1}}', "__proto__", noSuchField],
	])("%s", (text, field, description) => {
		expect(faultOf(CreateWukongRequestSchema, text)).toEqual({ kind: "value", field, description });
	});

	test.each(["my secret", "x".repeat(65), "<script>", "ä"])(
		"but a name that may be a secret is not told: %s",
		(key) => {
			const text = JSON.stringify({ wukong: { [key]: 1 } });
			expect(faultOf(CreateWukongRequestSchema, text)).toMatchObject({ field: "wukong.?" });
		},
	);
});

test("a part that is kept does not keep the text that it came in", () => {
	const length = 100_000;
	const kept = Array.from({ length: 200 }, (_, index) => {
		const text = `{"pageToken":"${"a".repeat(50)}${index}","labelSelector":"${" ".repeat(length)}"}`;
		return (reader.read(ListWukongsRequestSchema, text) as { pageToken?: string }).pageToken;
	});
	collectGarbage();
	const before = process.memoryUsage().heapUsed;
	expect(kept).toHaveLength(200);
	kept.length = 0;
	collectGarbage();
	expect(before - process.memoryUsage().heapUsed).toBeLessThan(20 * length);
});
