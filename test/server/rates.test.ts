import { describe, expect, test } from "vitest";
import { addressKey, createRates } from "../../server/src/rates.ts";
import { createFakeClock } from "../support/fake-clock.ts";

/** Takes until none is there; returns how many there were. */
function drain(take: () => number): number {
	let taken = 0;
	while (take() === 0) taken++;
	return taken;
}

describe("a rate", () => {
	test("lets the burst through at once, then so many a second, and says how long to wait", async () => {
		const clock = createFakeClock();
		const rates = createRates({ perSecond: 4, burst: 10 }, { clock });
		expect(drain(() => rates.take("a"))).toBe(10);
		expect(rates.take("a")).toBe(250);
		await clock.advance(249);
		expect(rates.take("a")).toBe(1);
		await clock.advance(1);
		expect([rates.take("a"), rates.take("a")]).toEqual([0, 250]);
		await clock.advance(60_000);
		expect(drain(() => rates.take("a"))).toBe(10);
	});

	test("is each key's own", () => {
		const rates = createRates({ perSecond: 1, burst: 3 }, { clock: createFakeClock() });
		expect(drain(() => rates.take("a"))).toBe(3);
		expect(drain(() => rates.take("b"))).toBe(3);
	});

	test("what is given back was never taken, and nothing more is won by it", async () => {
		const clock = createFakeClock();
		const rates = createRates({ perSecond: 1, burst: 2 }, { clock });
		drain(() => rates.take("a"));
		rates.giveBack("a");
		expect(drain(() => rates.take("a"))).toBe(1);
		await clock.advance(60_000);
		rates.giveBack("a");
		rates.giveBack("unknown");
		expect(drain(() => rates.take("a"))).toBe(2);
		expect(drain(() => rates.take("unknown"))).toBe(2);
	});

	test("a clock that steps back gives nothing and takes nothing", () => {
		let nowMs = 1_000_000;
		const rates = createRates({ perSecond: 1, burst: 2 }, { clock: { monotonicMs: () => nowMs } });
		drain(() => rates.take("a"));
		nowMs -= 500_000;
		expect(drain(() => rates.take("a"))).toBe(0);
		nowMs += 500_000 + 2_000;
		expect(drain(() => rates.take("a"))).toBe(2);
	});

	test("the largest and the smallest are kept to", () => {
		const clock = createFakeClock();
		const many = createRates({ perSecond: 1_000_000, burst: 2_000_000 }, { clock });
		expect(drain(() => many.take("a"))).toBe(2_000_000);
		const few = createRates({ perSecond: 1, burst: 1 }, { clock });
		expect(drain(() => few.take("a"))).toBe(1);
		expect(few.take("a")).toBe(1_000);
	});
});

describe("the memory of rates", () => {
	test("is bounded, whatever the number and the length of keys", () => {
		const clock = createFakeClock();
		const rates = createRates({ perSecond: 1, burst: 5 }, { clock, maxKeys: 1_000 });
		for (let at = 0; at < 100_000; at++) {
			rates.take(`${at}${"x".repeat(at % 2_000)}`);
			expect(rates.size).toBeLessThanOrEqual(1_000);
		}
	});

	test("a caller that goes on does not lose its debt by a hundred thousand others", () => {
		const clock = createFakeClock();
		const rates = createRates({ perSecond: 1, burst: 5 }, { clock, maxKeys: 1_000 });
		drain(() => rates.take("loud"));
		for (let at = 0; at < 100_000; at++) {
			rates.take(`other ${at}`);
			if (at % 100 === 0) expect(rates.take("loud")).toBeGreaterThan(0);
		}
	});

	test("who has no debt goes first", async () => {
		const clock = createFakeClock();
		const rates = createRates({ perSecond: 1, burst: 5 }, { clock, maxKeys: 10 });
		for (let at = 0; at < 9; at++) rates.take(`quiet ${at}`);
		await clock.advance(1_000);
		drain(() => rates.take("loud"));
		for (let at = 0; at < 9; at++) rates.take(`new ${at}`);
		expect(rates.take("loud")).toBeGreaterThan(0);
	});
});

test.each([
	["192.0.2.1", "192.0.2.1"],
	["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
	["2001:db8::1", "2001:db8:0:0::/64"],
	["2001:db8:0:1::1", "2001:db8:0:1::/64"],
	["::1", "0:0:0:0::/64"],
	["::", "0:0:0:0::/64"],
	["1::", "1:0:0:0::/64"],
	["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
	["1:2:3:4:5::", "1:2:3:4::/64"],
	["::5:6:7:8:9", "0:0:0:5::/64"],
	["::4:5:6:7:192.0.2.1", "0:0:4:5::/64"],
	["", ""],
])("the key of %j is %j: one site has 64 bits to itself (RFC 6177)", (address, key) => {
	expect(addressKey(address)).toBe(key);
});
