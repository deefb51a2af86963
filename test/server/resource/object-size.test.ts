import { create, toBinary } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import fc from "fast-check";
import { expect, test } from "vitest";
import { binaryBytes } from "../../../server/src/resource/object-size.ts";
import { seedPayload } from "../../bench/payload/payload.ts";
import { anyMessage } from "../rpc/codec/message-arbitrary.ts";

const realBytes = (wukong: Wukong) => toBinary(WukongSchema, wukong).length;

test("a VM takes at most as many bytes as are counted", () => {
	fc.assert(
		fc.property(anyMessage(WukongSchema), (message) => {
			const wukong = message as Wukong;
			expect(binaryBytes(wukong)).toBeGreaterThanOrEqual(realBytes(wukong));
		}),
		{
			numRuns: 500,
			examples: [[create(WukongSchema, { annotations: { "": "" }, generation: -1n })]],
		},
	);
});

test("a usual VM takes not much less", () => {
	for (const wukong of seedPayload(20).list.wukongs) {
		expect(binaryBytes(wukong)).toBeLessThan(1.25 * realBytes(wukong));
	}
});
