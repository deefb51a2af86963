import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
	CreateWukongRequestSchema,
	GetWukongRequestSchema,
	ListWukongsRequestSchema,
} from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainKey } from "../../../server/src/service/plain-key.ts";
import { createMessageCheck } from "../../../server/src/service/validate.ts";

const keyOf = (init: MessageInitShape<typeof GetWukongRequestSchema>) =>
	plainKey(GetWukongRequestSchema, create(GetWukongRequestSchema, init));

describe("the key of a plain message", () => {
	test("is shared by equal messages, and by no others", () => {
		const part = fc.string({ unit: fc.constantFrom("a", "1", ":", "|", "4"), maxLength: 6 });
		const request = fc.record({ namespace: part, name: part, minResourceVersion: part });
		fc.assert(
			fc.property(request, request, (one, other) => {
				const areEqual = JSON.stringify(one) === JSON.stringify(other);
				expect(keyOf(one) === keyOf(other)).toBe(areEqual);
				expect(keyOf(one)).toBe(keyOf({ ...one }));
			}),
		);
	});

	test("differs between types", () => {
		const list = create(ListWukongsRequestSchema, {});
		expect(plainKey(ListWukongsRequestSchema, list)).toBeDefined();
		expect(plainKey(ListWukongsRequestSchema, list)).not.toBe(keyOf({}));
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
