import { describe, expect, test } from "vitest";
import { createRequestIds } from "../../../../server/src/rpc/call/call-context.ts";

const numberOf = (id: string) => BigInt(`0x${id.replaceAll("-", "")}`);

describe("request ids", () => {
	test("are UUIDs of version 4 (RFC 9562), and never the same one", () => {
		const createRequestId = createRequestIds();
		const ids = Array.from({ length: 1_000 }, createRequestId);
		expect(new Set(ids).size).toBe(ids.length);
		for (const id of ids) {
			expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		}
	});

	test("do not tell how many calls there were between two of them", () => {
		const createRequestId = createRequestIds();
		const ids = Array.from({ length: 1_000 }, () => numberOf(createRequestId()));
		const steps = ids.slice(1).map((id, place) => id - (ids[place] as bigint));
		// One that counts has few steps, one with a common part has short ones.
		expect(new Set(steps).size).toBe(steps.length);
		const short = steps.filter((step) => -(2n ** 64n) < step && step < 2n ** 64n);
		expect(short).toEqual([]);
		expect(steps.filter((step) => step > 0n).length).toBeGreaterThan(300);
		expect(steps.filter((step) => step < 0n).length).toBeGreaterThan(300);
	});

	test("hold each random bit that a UUID has room for, once", () => {
		let next = 0;
		const createRequestId = createRequestIds((bytes) => {
			for (let place = 0; place < bytes.length; place++) bytes[place] = next++ >> 4;
		});
		const ids = Array.from({ length: 600 }, createRequestId);
		for (const [place, id] of ids.entries()) {
			const hex = (place % 256).toString(16).padStart(2, "0");
			expect(id.replaceAll("-", "")).toMatch(
				new RegExp(`^(${hex}){6}4${hex[1]}${hex}[89ab]${hex[1]}(${hex}){7}$`),
			);
		}
	});

	test("of one source are not those of another", () => {
		const [one, other] = [createRequestIds(), createRequestIds()];
		const ids = Array.from({ length: 300 }, () => [one(), other()]).flat();
		expect(new Set(ids.map((id) => id.slice(0, 18))).size).toBe(ids.length);
	});
});
