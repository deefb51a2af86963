import { describe, expect, test } from "vitest";
import { wukongKind } from "../../../../server/src/store/kubernetes/kinds/wukong.ts";
import {
	createObjectCache,
	toCachedObject,
} from "../../../../server/src/store/kubernetes/object-cache.ts";
import type { WatchEvent } from "../../../../server/src/store/kubernetes/watch-session.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { rawNamed } from "./raw.ts";

/** A picture of one object, `a`, as of version 5. */
const pictureAtFive = () =>
	createObjectCache(
		wukongKind,
		{ version: 5n, items: [toCachedObject(wukongKind, rawNamed("a", { version: 5 }))] },
		createFakeClock(),
	);
const event = (type: "ADDED" | "MODIFIED" | "DELETED", name: string, version: number) =>
	({ type, raw: rawNamed(name, { version, spec: { cpu: version } }) }) as WatchEvent;

describe("a picture that only ever moves forward", () => {
	test.each(["ADDED", "MODIFIED", "DELETED"] as const)(
		"passes over %s of its own version and of older ones, and takes the next one in",
		(type) => {
			for (const version of [4, 5]) {
				const cache = pictureAtFive();
				expect(cache.apply(event(type, "a", version))).toEqual([]);
				expect(cache.head).toBe(5n);
				expect(cache.get({ namespace: "default", name: "a" })?.object.spec?.cpu).toBe(2);
			}
			const cache = pictureAtFive();
			expect(cache.apply(event(type, "a", 6))).toHaveLength(1);
			expect(cache.head).toBe(6n);
		},
	);

	test("moves on with a bookmark, and not back with an older one", () => {
		const cache = pictureAtFive();
		for (const version of [7n, 6n]) expect(cache.apply({ type: "BOOKMARK", version })).toEqual([]);
		expect(cache.head).toBe(7n);
		expect(cache.apply(event("ADDED", "b", 7))).toEqual([]);
	});
});
