import { toBinary } from "@bufbuild/protobuf";
import { FieldDescriptorProtoSchema, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { file_novasphere_v1_wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import { CreateWukongRequestSchema } from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findWireFault } from "../../../../server/src/rpc/codec/wire-fault.ts";
import { bytesField, numberField, tag } from "../../../hostile/wire-bytes.ts";

const maxEntries = 1_000;
const faultOf = (bytes: Uint8Array) => findWireFault(WukongSchema, bytes, maxEntries);
/** More bytes than a varint may have, none of them its last. */
const endless = Buffer.alloc(10, 0xff);
/** The field `spec` with the given content. */
const spec = (...parts: readonly Uint8Array[]) => bytesField(3, ...parts);

describe("what the decoder does not look for is found, with its field", () => {
	test.each([
		["a number where a string is due", numberField(1, 5), "wrong_type", "name"],
		["bytes where a number is due", spec(bytesField(1, "abc")), "wrong_type", "spec.cpu"],
		[
			"a number within an item",
			spec(bytesField(3, numberField(1, 5))),
			"wrong_type",
			"spec.disks.name",
		],
		["a number where a message is due", numberField(3, 5), "wrong_type", "spec"],
		["a group where a message is due", Buffer.concat([tag(3, 3), tag(3, 4)]), "wrong_type", "spec"],
		["33 bits", spec(numberField(1, 2n ** 32n)), "out_of_range", "spec.cpu"],
		[
			"a negative number of 33 bits",
			spec(numberField(1, -(2n ** 31n) - 1n)),
			"out_of_range",
			"spec.cpu",
		],
	])("%s", (_what, bytes, kind, field) => {
		expect(faultOf(bytes)).toEqual({ kind, field });
	});

	test("more entries than the limit, of lists and maps together", () => {
		const label = bytesField(5, "");
		const disk = bytesField(3, "");
		const labels = (count: number) => Buffer.concat(Array(count).fill(label));
		expect(faultOf(labels(maxEntries))).toBeUndefined();
		expect(faultOf(Buffer.concat([labels(maxEntries - 2), spec(disk)]))).toBeUndefined();
		expect(faultOf(labels(maxEntries + 1))).toEqual({ kind: "too_many_entries", field: "labels" });
		// The message that holds a list takes room, too.
		expect(faultOf(Buffer.concat([labels(maxEntries - 1), spec(disk)]))).toEqual({
			kind: "too_many_entries",
			field: "spec.disks",
		});
	});
});

describe("what protobuf's grammar lacks is malformed (protobuf.dev/programming-guides/encoding)", () => {
	const big = (last: number) => Buffer.from([...Array(4).fill(0xff), last]);
	const group = (number: number, ...parts: readonly Uint8Array[]) =>
		Buffer.concat([tag(number, 3), ...parts, tag(number, 4)]);
	test.each([
		[
			"a varint of more than 64 bits",
			Buffer.concat([tag(99, 0), Buffer.alloc(9, 0xff), Buffer.from([2])]),
		],
		["a varint of eleven bytes", Buffer.concat([tag(99, 0), endless, Buffer.from([1])])],
		["a varint that is cut off", spec(Buffer.from([8, 0xff, 0xff]))],
		[
			"a varint that ends behind its message",
			Buffer.concat([spec(Buffer.from([8, 0xff])), Buffer.from([1])]),
		],
		["a tag of 33 bits", Buffer.concat([big(0x10), Buffer.from([1])])],
		["a tag of 64 bits", Buffer.concat([Buffer.alloc(9, 0xff), Buffer.from([1, 1])])],
		[
			"a length of 32 bits and what fits in them",
			Buffer.concat([tag(1, 2), Buffer.from([0x81, 0x80, 0x80, 0x80, 0x10]), Buffer.from("a")]),
		],
		["a length of 64 bits", Buffer.concat([tag(1, 2), Buffer.alloc(9, 0xff), Buffer.from([1])])],
		[
			"a length that reaches over the end",
			Buffer.concat([tag(1, 2), Buffer.from([2]), Buffer.from("a")]),
		],
		[
			"a length that reaches over the end of its message",
			Buffer.concat([spec(Buffer.concat([tag(2, 2), Buffer.from([4])])), bytesField(1, "abcd")]),
		],
		["field 0", Buffer.from([0, 1])],
		["wire type 6", Buffer.concat([tag(99, 6), Buffer.from([1])])],
		["wire type 7 of a known field", Buffer.from([8 + 7])],
		["the end of a group that never began", tag(99, 4)],
		["a group without an end", tag(99, 3)],
		["a group that ends as another", Buffer.concat([tag(99, 3), tag(98, 4)])],
		["a group that ends in the middle of another", group(99, tag(98, 3))],
		["field 0 in a group", group(99, Buffer.from([0, 1]))],
		["a fixed number that is cut off", Buffer.concat([tag(99, 5), Buffer.from([1, 2, 3])])],
	])("%s", (_what, bytes) => {
		expect(faultOf(bytes)?.kind).toBe("malformed");
	});

	test("packed numbers that are cut off, or too wide", () => {
		const packed = (...bytes: number[]) => bytesField(10, Buffer.from(bytes));
		const kindOf = (bytes: Uint8Array) =>
			findWireFault(FileDescriptorProtoSchema, bytes, maxEntries)?.kind;
		expect(kindOf(packed(1, 0x80))).toBe("malformed");
		expect(kindOf(packed(1, 0x80, 0x80, 0x80, 0x80, 0x10))).toBe("out_of_range");
		expect(kindOf(packed(1, 0x80, 1))).toBeUndefined();
	});

	test.each([
		["an enum", bytesField(4, numberField(7, 2n ** 32n)), "status.power_state"],
		["a flag", spec(bytesField(3, numberField(4, 2n ** 32n))), "spec.disks.boot"],
	])("%s is not cut to 32 bits", (_what, bytes, field) => {
		expect(faultOf(bytes)).toEqual({ kind: "out_of_range", field });
	});
});

describe("what is allowed is no fault", () => {
	test.each([
		["32 bits without sign", spec(numberField(1, 2n ** 32n - 1n))],
		["a negative number", spec(numberField(1, -1))],
		["an unknown field", numberField(99, 2n ** 40n)],
		["an unknown group", Buffer.concat([tag(99, 3), numberField(1, 5), tag(99, 4)])],
		["nothing", Buffer.alloc(0)],
		["a varint of ten bytes", Buffer.concat([tag(99, 0), Buffer.alloc(9, 0xff), Buffer.from([1])])],
		[
			"a length in more bytes than it needs",
			Buffer.concat([tag(1, 2), Buffer.from([0x81, 0]), Buffer.from("a")]),
		],
	])("%s", (_what, bytes) => {
		expect(faultOf(bytes)).toBeUndefined();
	});

	test("real messages, with every kind of field", () => {
		const { proto } = file_novasphere_v1_wukong;
		const bytes = toBinary(FileDescriptorProtoSchema, proto);
		expect(findWireFault(FileDescriptorProtoSchema, bytes, 10_000)).toBeUndefined();
		// The same bytes, taken for another message.
		expect(findWireFault(FieldDescriptorProtoSchema, bytes, 10_000)).toBeDefined();
	});
});

test("any bytes at all come to an end, seed 20261121", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
			findWireFault(CreateWukongRequestSchema, bytes, maxEntries);
		}),
		{ seed: 20_261_121, numRuns: 2_000 },
	);
});
