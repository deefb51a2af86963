import { describe, expect, test } from "vitest";
import { hold } from "../../../../server/src/store/kubernetes/cached-object.ts";
import { createMirror } from "../../../../server/src/store/kubernetes/object-cache.ts";
import type { WatchEvent } from "../../../../server/src/store/kubernetes/watch-events.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { rawNamed } from "./raw.ts";

/** A picture of one object, `a`, as of version 5. */
const pictureAtFive = () =>
	createMirror({ version: 5n, items: [hold(rawNamed("a", { version: 5 }))] }, createFakeClock());
const event = (type: "ADDED" | "MODIFIED" | "DELETED", name: string, version: number) =>
	({ type, raw: rawNamed(name, { version, spec: { cpu: version } }) }) as WatchEvent;

describe("a picture that only ever moves forward", () => {
	test.each(["ADDED", "MODIFIED", "DELETED"] as const)(
		"passes over %s of its own version and of older ones, and takes the next one in",
		(type) => {
			for (const version of [4, 5]) {
				const mirror = pictureAtFive();
				expect(mirror.apply(event(type, "a", version))).toEqual([]);
				expect(mirror.head).toBe(5n);
				expect(mirror.get({ namespace: "default", name: "a" })?.object.spec?.cpu).toBe(2);
			}
			const mirror = pictureAtFive();
			expect(mirror.apply(event(type, "a", 6))).toHaveLength(1);
			expect(mirror.head).toBe(6n);
		},
	);

	test("moves on with a bookmark, and not back with an older one", () => {
		const mirror = pictureAtFive();
		for (const version of [7n, 6n]) expect(mirror.apply({ type: "BOOKMARK", version })).toEqual([]);
		expect(mirror.head).toBe(7n);
		expect(mirror.apply(event("ADDED", "b", 7))).toEqual([]);
	});
});
