import { create, toBinary } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createSizes } from "../../../server/src/watch/message-size.ts";
import { seedPayload } from "../../bench/payload/payload.ts";
import { anyMessage } from "../rpc/codec/message-arbitrary.ts";

const sizeBytes = createSizes();
const realBytes = (wukong: Wukong) => toBinary(WukongSchema, wukong).length;

test("a VM takes at most as many bytes as are reckoned with", () => {
	fc.assert(
		fc.property(anyMessage(WukongSchema), (message) => {
			const wukong = message as Wukong;
			expect(sizeBytes(wukong)).toBeGreaterThanOrEqual(realBytes(wukong));
		}),
		{
			numRuns: 500,
			examples: [[create(WukongSchema, { annotations: { "": "" }, generation: -1n })]],
		},
	);
});

test("a usual VM takes not much less", () => {
	for (const wukong of seedPayload(20).list.wukongs) {
		expect(sizeBytes(wukong)).toBeLessThan(1.25 * realBytes(wukong));
	}
});
