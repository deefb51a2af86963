import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
	CreateWukongRequestSchema,
	GetWukongRequestSchema,
	ListWukongsRequestSchema,
	StartWukongRequestSchema,
	StopWukongRequestSchema,
} from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainKey } from "../../../server/src/service/plain-key.ts";
import { createMessageCheck } from "../../../server/src/service/validate.ts";

const keyOf = (init: MessageInitShape<typeof GetWukongRequestSchema>) =>
	plainKey(GetWukongRequestSchema, create(GetWukongRequestSchema, init));

describe("the key of a plain message", () => {
	test("is shared by equal messages, and by no others", () => {
		const unit = fc.constantFrom("a", "1", ":", "|", "1:", "|1:");
		const segments = fc.array(fc.string({ unit, maxLength: 2 }), { minLength: 3, maxLength: 6 });
		const place = fc.nat(5);
		// One text that is cut at different places: what a careless join would make the same key of.
		const cut = (parts: string[], [one, other]: [number, number]) => ({
			namespace: parts.slice(0, Math.min(one, other)).join("|"),
			name: parts.slice(Math.min(one, other), Math.max(one, other)).join("|"),
			minResourceVersion: parts.slice(Math.max(one, other)).join("|"),
		});
		fc.assert(
			fc.property(
				segments,
				fc.tuple(place, place),
				fc.tuple(place, place),
				(parts, cutsOfOne, cutsOfOther) => {
					const one = cut(parts, cutsOfOne);
					const other = cut(parts, cutsOfOther);
					const areEqual = JSON.stringify(one) === JSON.stringify(other);
					expect(keyOf(one) === keyOf(other)).toBe(areEqual);
				},
			),
			{ numRuns: 1_000 },
		);
	});

	test("differs between types, of the same fields too", () => {
		const init = { name: "vm" };
		const start = plainKey(StartWukongRequestSchema, create(StartWukongRequestSchema, init));
		const stop = plainKey(StopWukongRequestSchema, create(StopWukongRequestSchema, init));
		expect(start).toBeDefined();
		expect(start).not.toBe(stop);
	});

	test("is not made of messages with lists, maps or messages in them, nor of long ones", () => {
		const labelled = create(ListWukongsRequestSchema, { labels: { app: "web" } });
		expect(plainKey(ListWukongsRequestSchema, labelled)).toBeUndefined();
		const whole = create(CreateWukongRequestSchema, { wukong: { name: "vm" } });
		expect(plainKey(CreateWukongRequestSchema, whole)).toBeUndefined();
		expect(keyOf({ name: "x".repeat(513) })).toBeUndefined();
	});
});

describe("a request that was valid once", () => {
	test("is valid again, and makes no other one valid", () => {
		const check = createMessageCheck();
		const judge = (name: string) => () =>
			check(GetWukongRequestSchema, create(GetWukongRequestSchema, { name }));
		for (let i = 0; i < 3; i++) {
			expect(judge("vm")).not.toThrow();
			expect(judge("VM")).toThrow();
			expect(judge("")).toThrow();
		}
	});
});
