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

describe("what is no news is no event", () => {
	const stamped = (version: number, second: number, message = "ready") =>
		rawNamed("a", {
			version,
			metadata: { managedFields: [{ manager: "operator", time: `2026-01-01T00:00:0${second}Z` }] },
			status: {
				phase: "Running",
				conditions: [
					{
						type: "Ready",
						status: "True",
						message,
						lastTransitionTime: `2026-01-01T00:00:0${second}Z`,
					},
				],
			},
		});
	const start = (raw: ReturnType<typeof stamped>) =>
		createObjectCache(
			wukongKind,
			{ version: 5n, items: [toCachedObject(wukongKind, raw)] },
			createFakeClock(),
		);

	test("times of conditions and managed fields move the head alone, and readers keep what they were told", () => {
		const cache = start(stamped(5, 1));
		const told = cache.objects()[0];
		expect(cache.apply({ type: "MODIFIED", raw: stamped(6, 2) })).toEqual([]);
		expect(cache.head).toBe(6n);
		expect(cache.objects()).toEqual([told]);
		expect(cache.get({ namespace: "default", name: "a" })?.version).toBe(6n);
		const [change] = cache.apply({ type: "MODIFIED", raw: stamped(7, 3, "very ready") });
		expect(change).toMatchObject({ version: 7n, previous: told });
		expect(change?.previous).toBe(told);
	});

	test("a list that brings just that tells nothing, and does not read the object again after it", () => {
		const cache = start(stamped(5, 1));
		const item = toCachedObject(wukongKind, stamped(8, 4));
		expect(cache.replace({ version: 9n, items: [item] })).toEqual([]);
		expect(cache.head).toBe(9n);
		expect(cache.get({ namespace: "default", name: "a" })?.version).toBe(8n);
	});

	test("a namesake is news, whatever it looks like", () => {
		const cache = start(stamped(5, 1));
		const namesake = { ...stamped(6, 1), metadata: { ...stamped(6, 1).metadata, uid: "other" } };
		expect(cache.apply({ type: "ADDED", raw: namesake })).toHaveLength(2);
	});
});
