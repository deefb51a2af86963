import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { BytesValueSchema, EmptySchema, FieldOptionsSchema } from "@bufbuild/protobuf/wkt";
import {
	CreateWukongRequestSchema,
	GetWukongRequestSchema,
	ListWukongsRequestSchema,
	StartWukongRequestSchema,
	StopWukongRequestSchema,
} from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPlainMessageSet } from "../../../server/src/service/plain-message-set.ts";
import { createMessageCheck } from "../../../server/src/service/validate.ts";

type GetInit = MessageInitShape<typeof GetWukongRequestSchema>;

function setOf(...inits: readonly GetInit[]) {
	const set = createPlainMessageSet(100);
	const get = (init: GetInit) => create(GetWukongRequestSchema, init);
	for (const init of inits) set.add(GetWukongRequestSchema, get(init));
	return { set, hasGet: (init: GetInit) => set.has(GetWukongRequestSchema, get(init)) };
}

describe("a set of plain messages", () => {
	test("has the messages that were added, and no others", () => {
		const text = fc.constantFrom("", "a", "b", "ab");
		const init = fc.record({ namespace: text, name: text, minResourceVersion: text });
		fc.assert(
			fc.property(fc.array(init, { maxLength: 5 }), init, (added, other) => {
				const { hasGet } = setOf(...added);
				const isOne = added.some((one) => JSON.stringify(one) === JSON.stringify(other));
				expect(hasGet(other)).toBe(isOne);
				for (const one of added) expect(hasGet(one)).toBe(true);
			}),
			{ numRuns: 1_000 },
		);
	});

	test("tells types apart, of the same fields too", () => {
		const { set } = setOf();
		const init = { name: "vm" };
		set.add(StartWukongRequestSchema, create(StartWukongRequestSchema, init));
		expect(set.has(StartWukongRequestSchema, create(StartWukongRequestSchema, init))).toBe(true);
		expect(set.has(StopWukongRequestSchema, create(StopWukongRequestSchema, init))).toBe(false);
	});

	test("tells numbers and flags from texts", () => {
		const { set } = setOf();
		const list = (init: MessageInitShape<typeof ListWukongsRequestSchema>) =>
			create(ListWukongsRequestSchema, init);
		set.add(ListWukongsRequestSchema, list({ pageSize: 7 }));
		expect(set.has(ListWukongsRequestSchema, list({ pageSize: 7 }))).toBe(true);
		expect(set.has(ListWukongsRequestSchema, list({ pageSize: 8 }))).toBe(false);
		const asText = { ...list({}), pageSize: "7" as unknown as number };
		expect(set.has(ListWukongsRequestSchema, asText)).toBe(false);
	});

	test("takes no message with entries or messages in it, and no long one", () => {
		const { set, hasGet } = setOf({ name: "x".repeat(513) }, { name: "x".repeat(512) });
		expect(hasGet({ name: "x".repeat(513) })).toBe(false);
		expect(hasGet({ name: "x".repeat(512) })).toBe(true);
		const labelled = create(ListWukongsRequestSchema, { labels: { app: "web" } });
		set.add(ListWukongsRequestSchema, labelled);
		expect(set.has(ListWukongsRequestSchema, labelled)).toBe(false);
		set.add(ListWukongsRequestSchema, create(ListWukongsRequestSchema));
		expect(set.has(ListWukongsRequestSchema, labelled)).toBe(false);
		const whole = create(CreateWukongRequestSchema, { wukong: { name: "vm" } });
		set.add(CreateWukongRequestSchema, whole);
		expect(set.has(CreateWukongRequestSchema, whole)).toBe(false);
	});

	test("takes no message whose properties do not say whether a field was given", () => {
		const set = createPlainMessageSet(100);
		const option = create(FieldOptionsSchema);
		set.add(FieldOptionsSchema, option);
		expect(set.has(FieldOptionsSchema, option)).toBe(false);
		const bytes = create(BytesValueSchema);
		set.add(BytesValueSchema, bytes);
		expect(set.has(BytesValueSchema, bytes)).toBe(false);
	});

	test("forgets all when it is full", () => {
		const names = Array.from({ length: 101 }, (_, i) => ({ name: `vm-${i}` }));
		expect(names.filter(setOf(...names.slice(0, 100)).hasGet)).toHaveLength(100);
		expect(names.filter(setOf(...names).hasGet)).toEqual([]);
	});

	test("has no message that was not added, of a type without fields either", () => {
		expect(setOf().set.has(EmptySchema, create(EmptySchema))).toBe(false);
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
