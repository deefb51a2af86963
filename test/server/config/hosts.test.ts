import { describe, expect, test } from "vitest";
import { type Config, parseConfig } from "../../../server/src/config/config.ts";

type Environment = Record<string, string>;

function configOf(argv: string[], environment: Environment = {}): Config {
	const result = parseConfig(argv, environment);
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	return result.config;
}

function faultsOf(argv: string[], environment: Environment = {}): readonly string[] {
	const result = parseConfig(argv, environment);
	return result.kind === "faults" ? result.faults : [];
}

describe("hosts that requests may be addressed to", () => {
	test.each([
		"*",
		"example.com",
		"Example.COM",
		"a_b.example",
		"localhost",
		"xn--mnchen-3ya.example",
		"192.0.2.7",
		"::1",
		"[::1]",
		"[2001:DB8:0::1]",
		"2001:0db8:0000:0000:0000:0000:0000:0001",
		"::ffff:192.0.2.7",
		`${"a".repeat(63)}.example`,
		"a.example, b.example,",
	])("%s is taken", (hosts) => {
		expect(faultsOf(["--allowed-hosts", hosts])).toEqual([]);
	});

	test.each([
		["example.com:8080", "this has a port"],
		["example.com:", "this has a port"],
		["[::1]:8080", "this has a port"],
		["192.0.2.7:80", "this has a port"],
		["https://example.com", "this has a scheme"],
		["//example.com", "this has a path"],
		["*.example.com", "no wildcards"],
		["exa*", "no wildcards"],
		["exa mple.com", "white space"],
		["a.example b.example", "white space"],
		["example.com/", "this has a path"],
		["example.com/a", "this has a path"],
		["user@example.com", "this has a user"],
		["example.com.", "final dot"],
		["a..example", "nothing between two dots"],
		[".example.com", "nothing between two dots"],
		[".", "nothing between two dots|final dot"],
		[`${"a".repeat(64)}.example`, "at most 63"],
		[`${"a.".repeat(127)}aa`, "at most 253"],
		["münchen.example", "as in xn--mnchen-3ya.example"],
		["例え", "write it in ASCII"],
		["fe80::1%eth0", "no host"],
		["[::1", "no host"],
		["::g", "no host"],
		["256.1.1.1", "no host"],
		["1.2.3.4.5", "no host"],
		["127.1", "is written 127.0.0.1"],
		["0x7f000001", "is written 127.0.0.1"],
		["2130706433", "is written 127.0.0.1"],
		["exa%6dple.com", "no host"],
		["a;b", "no host"],
		["", "must not be empty"],
		[" , ", "must not be empty"],
	])("%j can never match and is a fault", (host, words) => {
		const faults = faultsOf(["--allowed-hosts", host]);
		expect(faults).toEqual([expect.stringMatching(new RegExp(words))]);
		if (host.trim().length > 3) {
			expect(faultsOf(["--allowed-hosts", `good.example,${host}`])).toHaveLength(1);
			expect(faultsOf([], { WUKONG_ALLOWED_HOSTS: host })[0]).toMatch(/^WUKONG_ALLOWED_HOSTS /);
		}
	});
});

describe("origins that pages may come from", () => {
	test.each([
		"https://app.example.com",
		"http://localhost:5173",
		"http://[::1]:3000",
		"https://app.example.com.",
		"https://a.example, https://b.example",
	])("%s is taken", (origins) => {
		expect(faultsOf(["--cors-origins", origins])).toEqual([]);
	});

	test.each([
		["https://a.example/", "browsers send https://a.example;"],
		["https://a.example:443", "browsers send https://a.example;"],
		["HTTPS://A.example", "browsers send https://a.example;"],
		["https://u@a.example", "browsers send https://a.example;"],
		["https://münchen.example", "browsers send https://xn--mnchen-3ya.example;"],
		["http://127.1", "browsers send http://127.0.0.1;"],
		["https://*.example.com", "no wildcards"],
		["https://a..example", "nothing between two dots"],
		["https://a.example:99999", "no http or https URL"],
		["a.example", "no http or https URL"],
		["https:a.example", "no http or https URL"],
		["ftp://a.example", "no http or https URL"],
		["null", "no http or https URL"],
		["", "must not be empty"],
	])("%j, which no browser sends, is a fault", (origin, words) => {
		expect(faultsOf(["--cors-origins", origin])).toEqual([expect.stringContaining(words)]);
	});
});

describe("the address to listen on", () => {
	test.each([
		["[::1]", "::1"],
		["::ffff:127.0.0.1", "::ffff:127.0.0.1"],
		["0:0:0:0:0:0:0:1", "0:0:0:0:0:0:0:1"],
		["LOCALHOST", "LOCALHOST"],
	])("%s is one of loopback", (text, host) => {
		expect(configOf(["--host", text]).host).toBe(host);
	});

	test("may have a zone", () => {
		expect(configOf(["--host=fe80::1%lo", "--insecure-no-auth"]).host).toBe("fe80::1%lo");
	});

	test.each(["127.0.0.1:8080", "http://127.0.0.1", "127.1", "0", "*", "a b", "localhost.", ""])(
		"%j is none",
		(host) => {
			expect(faultsOf(["--insecure-no-auth", `--host=${host}`])).toEqual([
				expect.stringMatching(/^--host /),
			]);
		},
	);
});
