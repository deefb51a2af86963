import { describe, expect, test } from "vitest";
import {
	checkAuthority,
	parseAuthority,
	parseHost,
} from "../../../server/src/transport/authority.ts";
import type { Exchange } from "../../../server/src/transport/exchange.ts";

const rule = { boundHost: "10.1.2.3", allowedHosts: ["Console.example.org"] };

function exchangeTo(target: string, ...authorities: string[]): Exchange {
	const connection = {
		httpVersion: "1.1" as const,
		secure: false,
		localAddress: "::ffff:192.0.2.7",
	};
	return { target, authorities, connection } as unknown as Exchange;
}

function statusOf(exchange: Exchange, hosts = rule): number {
	const check = checkAuthority(exchange, hosts);
	return "status" in check ? check.status : 200;
}

describe("a host's form", () => {
	test.each([
		["localhost", "localhost", undefined],
		["LocalHost.:80", "localhost", "80"],
		["127.0.0.1:8080", "127.0.0.1", "8080"],
		["[::1]:8080", "::1", "8080"],
		["a-b.example.org:", "a-b.example.org", ""],
	])("%s is read", (text, host, port) => {
		expect(parseAuthority(text)).toEqual({ host, port });
	});

	test.each([
		"",
		" ",
		"a b",
		"[",
		"]",
		"[]",
		"[::1",
		"[::g]",
		"::1",
		":80",
		"x:99999",
		"x:-1",
		"x:8a",
		"x:80:80",
		"user@x",
		"x/y",
		"x?y",
		"x#y",
		"x\\y",
		"%zz",
		"1.2.3.4.5",
		"256.1.1.1",
		"ü",
		`${"a".repeat(300)}`,
	])("%j is malformed", (text) => {
		expect(parseAuthority(text)).toBeUndefined();
	});
});

test.each(["a.example:80", "a.example:", "[::1]:80", "fe80::1%eth0", "*.a.example", "a b"])(
	"%s is no host alone",
	(text) => {
		expect(parseHost(text)).toBeUndefined();
	},
);

describe("which hosts are served", () => {
	test.each(["localhost", "x.localhost:1", "127.8.9.1", "[::1]"])("loopback: %s", (host) => {
		expect(statusOf(exchangeTo("/", host))).toBe(200);
	});

	test.each(["10.1.2.3:8080", "192.0.2.7", "console.EXAMPLE.org:443"])(
		"bound, reached or allowed: %s",
		(host) => {
			expect(statusOf(exchangeTo("/", host))).toBe(200);
		},
	);

	test.each([
		["[2001:DB8:0::1]", "2001:db8::1"],
		["[2001:db8::1]:80", "2001:0db8:0000:0000:0000:0000:0000:0001"],
		["[2001:db8::1]", "[2001:db8::1]"],
		["[::ffff:198.51.100.7]", "198.51.100.7"],
		["198.51.100.7", "::ffff:c633:6407"],
		["[0:0::1]", "unused.example"],
		["[::ffff:127.0.0.1]", "unused.example"],
		["[::ffff:192.0.2.7]", "unused.example"],
	])("addresses are compared as addresses: %s where %s is allowed", (host, allowed) => {
		expect(statusOf(exchangeTo("/", host), { ...rule, allowedHosts: [allowed] })).toBe(200);
	});

	test.each(["evil.example", "10.1.2.4", "127.0.0.1.evil.example", "notlocalhost", "[::2]"])(
		"421 for %s",
		(host) => {
			expect(statusOf(exchangeTo("/", host))).toBe(421);
		},
	);

	test('"*" lets every well-formed host in', () => {
		const all = { ...rule, allowedHosts: ["*"] };
		expect(statusOf(exchangeTo("/", "evil.example"), all)).toBe(200);
		expect(statusOf(exchangeTo("/", "["), all)).toBe(400);
	});

	test("no host, and two different ones, are 400", () => {
		expect(statusOf(exchangeTo("/"))).toBe(400);
		expect(statusOf(exchangeTo("/", "localhost", "evil.example"))).toBe(400);
	});
});

describe("targets", () => {
	test("the host of an absolute target counts as well as the header", () => {
		expect(statusOf(exchangeTo("http://evil.example/x", "localhost"))).toBe(421);
		expect(statusOf(exchangeTo("http://localhost/x", "evil.example"))).toBe(421);
		expect(statusOf(exchangeTo("http://[/x", "localhost"))).toBe(400);
		expect(checkAuthority(exchangeTo("http://localhost?q", "localhost"), rule)).toMatchObject({
			path: "/?q",
		});
	});

	test.each(["", "x", "/a#b", "ftp://localhost/", "http:/x"])("%j is 400", (target) => {
		expect(statusOf(exchangeTo(target, "localhost"))).toBe(400);
	});
});
