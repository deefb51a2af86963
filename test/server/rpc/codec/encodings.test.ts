import { describe, expect, test } from "vitest";
import { createEncodings } from "../../../../server/src/rpc/codec/encodings.ts";

const kibibyte = Buffer.alloc(1_024);

/** `count` objects whose bytes are kept, a KiB each. */
function keep(encodings: ReturnType<typeof createEncodings>, count: number): object[] {
	const keys = Array.from({ length: count }, () => ({}));
	for (const key of keys) encodings.keep(key, "json", kibibyte);
	return keys;
}

describe("bytes that are kept to be sent again", () => {
	test("are found by their very object and form", () => {
		const encodings = createEncodings();
		const key = {};
		encodings.keep(key, "json", kibibyte);
		expect(encodings.find(key, "json")).toBe(kibibyte);
		expect(encodings.find(key, "binary")).toBeUndefined();
		expect(encodings.find({}, "json")).toBeUndefined();
	});

	test("are never more than their bound in bytes, and at least half of it", () => {
		const encodings = createEncodings({ maxBytes: 100 * 1_024 });
		const keys = keep(encodings, 1_000);
		const found = keys.filter((key) => encodings.find(key, "json") !== undefined).length;
		expect(found).toBeLessThanOrEqual(100);
		expect(found).toBeGreaterThan(100 / 2 / 1.25 - 1);
	});

	test("stay while they are asked for, whatever else comes", () => {
		const encodings = createEncodings({ maxBytes: 100 * 1_024 });
		const [asked, other] = keep(encodings, 2) as [object, object];
		for (let time = 0; time < 100; time++) {
			keep(encodings, 10);
			expect(encodings.find(asked, "json")).toBe(kibibyte);
		}
		expect(encodings.find(other, "json")).toBeUndefined();
	});

	test("that alone are too many are not kept, and push nothing out", () => {
		const encodings = createEncodings({ maxBytes: 10 * 1_024 });
		const [key] = keep(encodings, 1) as [object];
		const large = {};
		encodings.keep(large, "json", Buffer.alloc(8 * 1_024));
		expect(encodings.find(large, "json")).toBeUndefined();
		expect(encodings.find(key, "json")).toBe(kibibyte);
	});

	test("of what is past, and of messages in a row, push nothing present out", () => {
		const isPast = (key: object) => "past" in key;
		const limits = { maxBytes: 10 * 1_024, maxPastBytes: 10 * 1_024 };
		const encodings = createEncodings({ ...limits, isPast });
		const [key] = keep(encodings, 1) as [object];
		const past = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? { past: true } : [i]));
		for (const one of past) encodings.keep(one, "json", kibibyte);
		expect(encodings.find(key, "json")).toBe(kibibyte);
		const found = past.filter((one) => encodings.find(one, "json") !== undefined).length;
		expect(found).toBeGreaterThan(0);
		expect(found).toBeLessThanOrEqual(10);
	});

	test("that are forgotten make room, however often", () => {
		const encodings = createEncodings({ maxBytes: 10 * 1_024 });
		const [key] = keep(encodings, 1) as [object];
		for (let time = 0; time < 100; time++) {
			const [forgotten] = keep(encodings, 1) as [object];
			encodings.forget(forgotten);
			expect(encodings.find(forgotten, "json")).toBeUndefined();
		}
		expect(encodings.find(key, "json")).toBe(kibibyte);
	});
});
