import { describe, expect, test } from "vitest";
import {
	type AuthorityCheck,
	createAuthorityCheck,
	parseAuthority,
	parseHost,
} from "../../../server/src/http/authority.ts";
import type { Exchange } from "../../../server/src/http/exchange.ts";

const rule = { boundHost: "10.1.2.3", allowedHosts: ["Console.example.org"] };

const localAddress = "::ffff:192.0.2.7";

function exchangeTo(target: string, ...authorities: string[]): Exchange {
	const connection = { httpVersion: "1.1" as const, secure: false, localAddress };
	return { method: "GET", target, authorities, connection } as unknown as Exchange;
}

function checkAuthority(exchange: Exchange, hosts = rule): AuthorityCheck {
	return createAuthorityCheck(hosts)(exchange);
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
	test("the host of an absolute target wins over the header (RFC 9112, 3.2.2)", () => {
		expect(statusOf(exchangeTo("http://evil.example/x", "localhost"))).toBe(421);
		expect(statusOf(exchangeTo("http://localhost/x", "evil.example"))).toBe(200);
		expect(statusOf(exchangeTo("HTTPS://localhost:443/x", ""))).toBe(200);
		expect(statusOf(exchangeTo("http://localhost/x", "["))).toBe(400);
		expect(statusOf(exchangeTo("http://localhost/x", "localhost", "localhost"))).toBe(400);
		expect(statusOf(exchangeTo("http://[/x", "localhost"))).toBe(400);
		expect(checkAuthority(exchangeTo("http://localhost?q", "localhost"))).toMatchObject({
			path: "/?q",
		});
	});

	test.each([
		"",
		"x",
		"/a#b",
		"ftp://localhost/",
		"http:/x",
		"http:///x",
		"http://u:p@localhost/",
		"http://localhost:65536/",
		"*",
	])("%j is 400", (target) => {
		expect(statusOf(exchangeTo(target, "localhost"))).toBe(400);
	});

	test("an asterisk, and an absolute target without any path, are for OPTIONS (RFC 9112, 3.2.4)", () => {
		for (const target of ["*", "http://localhost", "http://LOCALHOST:8080"]) {
			const exchange = { ...exchangeTo(target, "localhost"), method: "OPTIONS" };
			expect(checkAuthority(exchange)).toMatchObject({ path: "*" });
		}
	});
});

describe("versions", () => {
	const over = (httpVersion: "1.0" | "2.0", target: string, ...authorities: string[]) =>
		checkAuthority({
			...exchangeTo(target, ...authorities),
			connection: { ...exchangeTo(target).connection, httpVersion },
		});

	test("only HTTP/1.1 demands a host (RFC 9112, 3.2): in HTTP/1.0 it is this end's address", () => {
		expect(over("1.0", "/livez")).toEqual({
			authority: { host: "192.0.2.7", port: undefined },
			path: "/livez",
			isUnnamed: true,
		});
		expect(over("1.0", "http://localhost/livez")).toMatchObject({ path: "/livez" });
		expect(over("1.0", "http://localhost/livez")).not.toHaveProperty("isUnnamed");
		expect(over("1.0", "http://evil.example/livez")).toMatchObject({ status: 421 });
		expect(over("1.0", "/livez", "evil.example")).toMatchObject({ status: 421 });
	});

	test("an empty Host in HTTP/1.0 says no more than none does (RFC 9112, 3.3)", () => {
		expect(over("1.0", "/livez", "")).toEqual(over("1.0", "/livez"));
		expect(over("1.0", "http:///livez", "")).toMatchObject({ status: 400 });
		expect(over("2.0", "/livez", "")).toMatchObject({ status: 400 });
	});

	test("Host may say the same as :authority, and nothing else (RFC 9113, 8.3.1)", () => {
		expect(over("2.0", "/", "localhost:80", "LOCALHOST.:80")).toMatchObject({ path: "/" });
		expect(over("2.0", "/", "[::1]", "[0:0:0:0:0:0:0:1]")).toMatchObject({ path: "/" });
		expect(over("2.0", "/", "localhost:80", "localhost:81")).toMatchObject({ status: 400 });
		expect(over("2.0", "/", "localhost", "127.0.0.1")).toMatchObject({ status: 400 });
		expect(over("2.0", "/", "localhost", "localhost", "localhost")).toMatchObject({ status: 400 });
		expect(over("2.0", "/")).toMatchObject({ status: 400 });
	});

	test(":path has no authority of its own (RFC 9113, 8.3.1)", () => {
		expect(over("2.0", "http://localhost/", "localhost")).toMatchObject({ status: 400 });
	});
});

describe("addresses are compared as addresses (RFC 4291, 2.2)", () => {
	test.each([
		["::1", "::1"],
		["[0:0:0:0:0:0:0:1]", "::1"],
		["0000:0000:0000:0000:0000:0000:0000:0001", "::1"],
		["[2001:DB8:0:0::A]", "2001:db8::a"],
		["2001:db8::0.0.0.10", "2001:db8::a"],
		["::ffff:127.0.0.1", "127.0.0.1"],
		["[::FFFF:7f00:1]", "127.0.0.1"],
		["0:0:0:0:0:ffff:c000:0207", "192.0.2.7"],
		["127.1", "127.0.0.1"],
		["0x7f.0.0.1", "127.0.0.1"],
		["127.0.0.1.", "127.0.0.1"],
		["Console.Example.org.", "console.example.org"],
		["node-1", "node-1"],
		["cafe", "cafe"],
		["::7f00:1", "::7f00:1"],
	])("%s is %s", (text, canonical) => {
		expect(parseHost(text)).toBe(canonical);
	});

	test.each([
		"[0:0:0:0:0:0:0:1]:8080",
		"[::ffff:127.0.0.1]",
		"[::FFFF:7F00:0001]",
		"127.1:80",
		"LOCALHOST.",
	])("loopback: %s", (host) => {
		expect(statusOf(exchangeTo("/", host))).toBe(200);
	});

	test.each([
		["2001:db8::1", "[2001:DB8:0:0:0:0:0:1]:443"],
		["10.1.2.3", "[::ffff:a01:203]"],
		["::ffff:10.1.2.3", "10.1.2.3"],
		["fe80::1%eth0", "[fe80:0:0::1]"],
		["::", "[0::0]"],
	])("bound to %s: %s", (boundHost, host) => {
		expect(statusOf(exchangeTo("/", host), { boundHost, allowedHosts: [] })).toBe(200);
		const allowedHosts = [boundHost.replace(/%.*/, "")];
		expect(statusOf(exchangeTo("/", host), { boundHost: "x", allowedHosts })).toBe(200);
	});

	test.each([
		"[::ffff:128.0.0.1]",
		"[::2]",
		"[::127.0.0.1]",
		"128.1",
		"127.0.0.1.example",
		"[fe80::1%25eth0]",
	])("not %s", (host) => {
		expect([400, 421]).toContain(statusOf(exchangeTo("/", host)));
	});

	test("what one connection was let in for is not let in on another", () => {
		const check = createAuthorityCheck(rule);
		const to = (local: string) => {
			const exchange = exchangeTo("/", "192.0.2.7");
			return check({ ...exchange, connection: { ...exchange.connection, localAddress: local } });
		};
		expect(to("192.0.2.7")).toMatchObject({ path: "/" });
		expect(to("192.0.2.8")).toMatchObject({ status: 421 });
		expect(to("::ffff:c000:207")).toMatchObject({ path: "/" });
	});

	test.each(["localhost:", "localhost:0", "localhost:00080", "localhost:0000000065535"])(
		"a port is any number of digits (RFC 3986, 3.2.3): %s",
		(host) => {
			expect(statusOf(exchangeTo("/", host))).toBe(200);
		},
	);
});
