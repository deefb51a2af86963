import { create, type Message } from "@bufbuild/protobuf";
import { StringValueSchema, StructSchema } from "@bufbuild/protobuf/wkt";
import {
	GetWukongRequestSchema,
	ListWukongsRequestSchema,
	UpdateWukongRequestSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { createKnownMessages } from "../../../../server/src/transport/direct/known-messages.ts";

const bytes = Buffer.from("some bytes");
const get = create(GetWukongRequestSchema, { namespace: "a", name: "b" });

test("the same bytes give an equal message, and to each asker its own", () => {
	const known = createKnownMessages();
	const list = create(ListWukongsRequestSchema, { pageSize: 7 });
	known.keep(ListWukongsRequestSchema, bytes, "json", list);
	list.labels.a = "b";
	const first = known.find(ListWukongsRequestSchema, Buffer.from(bytes), "json");
	expect(first).toStrictEqual(create(ListWukongsRequestSchema, { pageSize: 7 }));
	Object.assign(first ?? {}, { pageSize: 8 });
	(first as typeof list).labels.c = "d";
	const second = known.find(ListWukongsRequestSchema, bytes, "json");
	expect(second).toStrictEqual(create(ListWukongsRequestSchema, { pageSize: 7 }));
});

test("other bytes, another form and another type do not", () => {
	const known = createKnownMessages();
	known.keep(GetWukongRequestSchema, bytes, "json", get);
	expect(known.find(GetWukongRequestSchema, bytes, "json")).toBeDefined();
	expect(known.find(GetWukongRequestSchema, Buffer.from("some byte"), "json")).toBeUndefined();
	expect(known.find(GetWukongRequestSchema, bytes, "binary")).toBeUndefined();
	expect(known.find(StringValueSchema, bytes, "json")).toBeUndefined();
});

test.each<[string, Message]>([
	["a message within", create(UpdateWukongRequestSchema, { wukong: { name: "a" } })],
	["entries", create(ListWukongsRequestSchema, { labels: { a: "b" } })],
	[
		"values of other kinds",
		create(StructSchema, { fields: { a: { kind: { case: "boolValue", value: true } } } }),
	],
])("a message with %s is not kept", (_what, message) => {
	const known = createKnownMessages();
	known.keep(GetWukongRequestSchema, bytes, "json", message);
	expect(known.find(GetWukongRequestSchema, bytes, "json")).toBeUndefined();
});

test("what is kept is bounded, by bytes and in number", () => {
	const known = createKnownMessages();
	const keep = (text: string) => known.keep(GetWukongRequestSchema, Buffer.from(text), "json", get);
	const isKept = (text: string) =>
		known.find(GetWukongRequestSchema, Buffer.from(text), "json") !== undefined;
	keep("x".repeat(256));
	keep("x".repeat(257));
	expect([isKept("x".repeat(256)), isKept("x".repeat(257))]).toEqual([true, false]);
	for (let i = 0; i < 999; i++) keep(`${i}`);
	expect([isKept("x".repeat(256)), isKept("998")]).toEqual([true, true]);
	keep("one more");
	expect(["x".repeat(256), "998", "one more"].map(isKept)).toEqual([false, false, false]);
});
