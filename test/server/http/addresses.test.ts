import { describe, expect, test } from "vitest";
import {
	createAddressRanges,
	isAddressRange,
	plainAddress,
} from "../../../server/src/http/addresses.ts";

describe("an address has one form (RFC 5952; RFC 4291, 2.5.5.2)", () => {
	test.each([
		["192.0.2.1", "192.0.2.1"],
		["::ffff:192.0.2.1", "192.0.2.1"],
		["::FFFF:c000:0201", "192.0.2.1"],
		["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
		["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
		["2001:db8::0001", "2001:db8::1"],
		["fe80::1%eth0", "fe80::1"],
		// Compatible addresses are deprecated and no IPv4 (RFC 4291, 2.5.5.1).
		["::192.0.2.1", "::192.0.2.1"],
		["::1", "::1"],
	])("%s is %s", (text, plain) => {
		expect(plainAddress(text)).toBe(plain);
	});

	test.each([
		"",
		" 192.0.2.1",
		"192.0.2.1 ",
		"192.0.2",
		"0300.0.2.1",
		"3221225985",
		"0x7f.1",
		"192.0.2.256",
		"192.0.2.1:80",
		"[::1]",
		"::1::",
		"unknown",
		"_hidden",
		"localhost",
		"1".repeat(100_000),
		`::1%${"z".repeat(1_000)}`,
	])("%j is none", (text) => {
		expect(plainAddress(text)).toBeUndefined();
	});
});

describe("ranges of addresses (RFC 4632, 3.1)", () => {
	const has = (ranges: readonly string[], address: string) =>
		createAddressRanges(ranges).has(address);

	test("hold what begins with their prefix, and an address alone holds itself", () => {
		const ranges = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "fd00::1"];
		for (const address of ["10.255.0.1", "192.0.2.7", "2001:db8:9::1", "fd00::1"]) {
			expect([address, has(ranges, address)]).toEqual([address, true]);
		}
		for (const address of ["11.0.0.0", "192.0.2.8", "2001:db9::1", "fd00::2", "", "unknown"]) {
			expect([address, has(ranges, address)]).toEqual([address, false]);
		}
	});

	test("a mapped range is one of IPv4, and one of IPv6 holds no IPv4 address", () => {
		expect(has(["::ffff:10.0.0.0/104"], "10.1.2.3")).toBe(true);
		expect(has(["::ffff:10.0.0.0/104"], "11.1.2.3")).toBe(false);
		expect(has(["::ffff:10.0.0.1"], "10.0.0.1")).toBe(true);
		expect(has(["::/0"], "10.1.2.3")).toBe(false);
		expect(has(["::/0"], "2001:db8::1")).toBe(true);
		expect(has(["0.0.0.0/0"], "2001:db8::1")).toBe(false);
	});

	test("no ranges hold nothing", () => {
		expect(createAddressRanges([]).isEmpty).toBe(true);
		expect(has([], "127.0.0.1")).toBe(false);
	});

	test.each([
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/08",
		"10.0.0.0/",
		"10.0.0.0/8/8",
		"10.0.0.0/ 8",
		"10.0.0.0/8.0",
		"10.0.0.0/1e1",
		"10.0.0.0/255.0.0.0",
		"10.0.0",
		"2001:db8::/129",
		"::ffff:10.0.0.0/95",
		"fe80::1%eth0",
		"fe80::%eth0/64",
		"proxy.example.com",
		"*",
		"",
	])("%j is none", (text) => {
		expect(isAddressRange(text)).toBe(false);
		expect(() => createAddressRanges([text])).toThrow(RangeError);
	});
});
