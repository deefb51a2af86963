import { createElement, StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { useAccess, useWukongs, WukongProvider } from "../../web-client/src/react/index.ts";
import { createFakeWukong } from "../../web-client/src/testing/index.ts";

let complaints: MockInstance;
beforeEach(() => {
	complaints = vi.spyOn(console, "error");
});
afterEach(() => {
	expect(complaints).not.toHaveBeenCalled();
	complaints.mockRestore();
});

function List() {
	const { items, status } = useWukongs({ namespace: "default" });
	const count = useWukongs({}, (list) => list.items.length);
	return createElement("p", null, `${status} ${items.length} ${count}`);
}

test("on a server a list is empty and connecting, and nothing is asked", async () => {
	const fake = createFakeWukong({ seed: [{ name: "a" }] });
	const app = createElement(WukongProvider, { client: fake.client }, createElement(List));
	expect(renderToString(createElement(StrictMode, null, app))).toBe("<p>connecting 0 0</p>");
	await fake.advance(1_000);
	expect([fake.calls, fake.clock.pendingTimers]).toEqual([0, 0]);
});

function Stop() {
	const { can, reason, status } = useAccess({ verbs: ["stop"], namespace: "default" });
	return createElement("p", null, `${status} ${can("stop")} ${reason("stop")}`);
}

test("on a server nothing is allowed yet, and nobody is asked", async () => {
	const fake = createFakeWukong();
	const app = createElement(WukongProvider, { client: fake.client }, createElement(Stop));
	expect(renderToString(createElement(StrictMode, null, app))).toBe(
		"<p>connecting false undefined</p>",
	);
	await fake.advance(1_000);
	expect([fake.calls, fake.clock.pendingTimers]).toEqual([0, 0]);
});

test("a hook without its provider says what is missing", () => {
	expect(() => renderToString(createElement(List))).toThrow(/WukongProvider/);
});
