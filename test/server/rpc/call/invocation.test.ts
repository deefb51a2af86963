import { createContextKey, createContextValues } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { InvocationValues } from "../../../../server/src/rpc/call/invocation.ts";

const first = createContextKey("none");
const second = createContextKey<string | undefined>("default");

describe.each([
	["ours", () => new InvocationValues(first, "given")],
	["connect's", () => createContextValues().set(first, "given")],
])("context values, %s", (_name, create) => {
	test("have what was set, and else the key's default", () => {
		const values = create();
		expect([values.get(first), values.get(second)]).toEqual(["given", "default"]);
	});

	test("keep what was set last, undefined too", () => {
		const values = create().set(first, "again").set(second, undefined);
		expect([values.get(first), values.get(second)]).toEqual(["again", undefined]);
	});

	test("forget what is deleted, and nothing else", () => {
		const values = create().set(second, "kept").delete(first).delete(createContextKey(1));
		expect([values.get(first), values.get(second)]).toEqual(["none", "kept"]);
	});
});
