import { beforeEach, expect, test } from "vitest";
import {
	createKnownNamespaces,
	type KnownNamespaces,
} from "../../../server/src/watch/known-namespaces.ts";
import { createFakeClock, type FakeClock } from "../../support/fake-clock.ts";
import { createMemoryStore, type MemoryStore } from "../../support/memory-store.ts";
import { createWukongLog } from "../../support/watching.ts";

let clock: FakeClock;
let store: MemoryStore;
let known: KnownNamespaces;
/** What was known at each call back. */
let appeared: string[];

beforeEach(async () => {
	clock = createFakeClock();
	store = createMemoryStore(clock);
	const log = createWukongLog({ maxChanges: 100, maxAgeMs: 1_000, maxBytes: 2 ** 26 }, clock);
	known = createKnownNamespaces(log, clock);
	appeared = [];
	known.onAppear(() => appeared.push([...known.names].sort().join(" ")));
	await store.start(log);
});

test("a namespace is known from its first object on, and is told once", () => {
	const before = known.revision;
	store.put({ name: "a", namespace: "one" });
	store.put({ name: "b", namespace: "one" });
	store.put({ name: "a", namespace: "two" });
	store.put({ name: "a", namespace: "two", cpu: 9 });
	expect(appeared).toEqual(["one", "one two"]);
	expect(known.revision).toBe(before + 2);
});

test("one that is emptied and filled again within ten minutes is no news", async () => {
	store.put({ name: "a", namespace: "one" });
	store.drop("a", "one");
	await clock.advance(599_999);
	store.put({ name: "a", namespace: "one" });
	expect(appeared).toEqual(["one"]);
	// Its ten minutes begin anew.
	store.drop("a", "one");
	await clock.advance(599_999);
	store.put({ name: "x", namespace: "other" });
	expect([...known.names].sort()).toEqual(["one", "other"]);
});

test("one that stays empty for ten minutes is forgotten at the next change, and is news when it comes again", async () => {
	store.put({ name: "a", namespace: "one" });
	store.drop("a", "one");
	await clock.advance(600_000);
	expect([...known.names]).toEqual(["one"]);
	store.put({ name: "x", namespace: "other" });
	expect([...known.names]).toEqual(["other"]);
	const { revision } = known;
	store.put({ name: "a", namespace: "one" });
	expect(known.revision).toBe(revision + 1);
	expect(appeared.at(-1)).toBe("one other");
});
