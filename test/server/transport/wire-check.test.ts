import { toBinary } from "@bufbuild/protobuf";
import { FieldDescriptorProtoSchema, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { file_novasphere_v1_wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import { CreateWukongRequestSchema } from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findWireFault } from "../../../server/src/transport/wire-check.ts";
import { bytesField, numberField, tag } from "../../hostile/wire-bytes.ts";

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
		[
			"many bits, cut off",
			spec(Buffer.from([8, ...Array(5).fill(0xff)])),
			"out_of_range",
			"spec.cpu",
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
		expect(faultOf(labels(maxEntries + 1))).toEqual({ kind: "too_many_entries", field: "labels" });
		expect(faultOf(Buffer.concat([labels(maxEntries), spec(disk)]))).toEqual({
			kind: "too_many_entries",
			field: "spec.disks",
		});
	});
});

describe("what is allowed is no fault", () => {
	test.each([
		["32 bits without sign", spec(numberField(1, 2n ** 32n - 1n))],
		["a negative number", spec(numberField(1, -1))],
		["an unknown field", numberField(99, 2n ** 40n)],
		["an unknown group", Buffer.concat([tag(99, 3), numberField(1, 5), tag(99, 4)])],
		["nothing", Buffer.alloc(0)],
		["a negative number without end", spec(tag(1, 0), endless)],
		["what follows a number without end", Buffer.concat([tag(99, 0), endless, numberField(1, 5)])],
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
