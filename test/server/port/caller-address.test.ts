import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { createApp } from "../../../server/src/app/app.ts";
import type { Principal } from "../../../server/src/caller.ts";
import { parseConfig } from "../../../server/src/config/config.ts";
import { createAddressRanges } from "../../../server/src/http/addresses.ts";
import { createCallerAddress } from "../../../server/src/port/caller-address.ts";
import { createLogger } from "../../../server/src/telemetry/logger.ts";
import { eightForms } from "../../support/eight-forms.ts";
import { until } from "../../support/until.ts";

const find = createCallerAddress(createAddressRanges(["10.0.0.0/8", "fd00::/8"]));

/** Address of a caller whose connection comes from `peer`, with these fields of X-Forwarded-For. */
function addressOf(peer: string, ...lists: readonly string[]): string {
	return find({
		connection: {
			...{ httpVersion: "1.1", secure: false, localAddress: "" },
			peer: { address: peer, port: 1, secure: false, certificate: undefined },
		},
		rawHeaders: [
			...["host", "a.example", "forwarded", "for=198.51.100.66", "x-real-ip", "198.51.100.67"],
			...lists.flatMap((list) => ["x-forwarded-for", list]),
			...["x-forwarded-for-x", "198.51.100.68", "x_forwarded_for", "198.51.100.69"],
		],
	});
}

describe("the address of a caller", () => {
	test.each<[string, string, readonly string[], string]>([
		["who is no proxy is the caller, whatever it says", "192.0.2.1", ["203.0.113.9"], "192.0.2.1"],
		["a proxy that says nothing is the caller", "10.0.0.1", [], "10.0.0.1"],
		["the last hop", "10.0.0.1", ["203.0.113.9"], "203.0.113.9"],
		[
			"what its caller wrote before is not read",
			"10.0.0.1",
			["10.9.9.9, 203.0.113.9"],
			"203.0.113.9",
		],
		["trusted hops are passed", "10.0.0.1", ["203.0.113.9, 10.0.0.3,10.0.0.2"], "203.0.113.9"],
		["all are trusted: the oldest", "10.0.0.1", ["10.0.0.4, 10.0.0.3"], "10.0.0.4"],
		[
			"several fields are one list",
			"10.0.0.1",
			["1.1.1.1", "203.0.113.9, 10.0.0.3"],
			"203.0.113.9",
		],
		[
			"the walk goes on in the field before",
			"10.0.0.1",
			["203.0.113.9", "10.0.0.3"],
			"203.0.113.9",
		],
		["mapped addresses are IPv4", "10.0.0.1", ["203.0.113.9, ::ffff:10.0.0.3"], "203.0.113.9"],
		["a mapped caller is IPv4", "10.0.0.1", ["::ffff:cb00:7109"], "203.0.113.9"],
		["IPv6, in its one form", "fd00::1", ["2001:DB8:0::9, [fd00::2]:443"], "2001:db8::9"],
		["with a port", "10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"],
		["with brackets", "10.0.0.1", ["[2001:db8::9]"], "2001:db8::9"],
		["tabs and spaces around", "10.0.0.1", ["\t203.0.113.9 ,  10.0.0.3 "], "203.0.113.9"],
	])("%s", (_, peer, lists, address) => {
		expect(addressOf(peer, ...lists)).toBe(address);
	});

	test.each([
		"unknown",
		"_hidden",
		"",
		" ",
		'"203.0.113.9"',
		"203.0.113.9 203.0.113.10",
		"203.0.113.9;10.0.0.3",
		"for=203.0.113.9",
		"203.0.113.9:port",
		"203.0.113.9:65536",
		"203.0.113.9:",
		"203.0.113.9:+1",
		"[203.0.113.9]",
		"[2001:db8::9",
		"[2001:db8::9]x",
		"2001:db8::9]",
		"fe80::9%eth0",
		"0xcb.0.113.9",
		"203.0.113.009",
		"\u0663.0.0.1",
		"203.0.113.9\u0000",
		"9".repeat(5_000),
		" ".repeat(5_000),
	])("a malformed hop %j ends the walk at the one after it", (malformed) => {
		expect(addressOf("10.0.0.1", `203.0.113.9, ${malformed}, 10.0.0.3`)).toBe("10.0.0.3");
		expect(addressOf("10.0.0.1", "203.0.113.9", malformed, "10.0.0.3")).toBe("10.0.0.3");
		expect(addressOf("10.0.0.1", malformed)).toBe("10.0.0.1");
	});

	test("the walk is bounded, whatever the length of the list", () => {
		const long = "10.0.0.3,".repeat(1_700);
		expect(addressOf("10.0.0.1", `203.0.113.9,${long}10.0.0.2`)).toBe("10.0.0.3");
		expect(addressOf("10.0.0.1", `${",".repeat(16_000)}203.0.113.9`)).toBe("203.0.113.9");
		const many = Array.from({ length: 90 }, () => "10.0.0.3");
		expect(addressOf("10.0.0.1", "203.0.113.9", ...many)).toBe("10.0.0.3");
	});

	test("without trusted proxies nothing is read", () => {
		const none = createCallerAddress(createAddressRanges([]));
		const peer = { address: "10.0.0.1", port: 1, secure: false, certificate: undefined };
		const connection = { httpVersion: "2.0", secure: false, localAddress: "", peer } as const;
		const rawHeaders = ["x-forwarded-for", "203.0.113.9"];
		expect(none({ connection, rawHeaders })).toBe("10.0.0.1");
	});
});

const ann: Principal = { name: "ann", groups: [], method: "test", credentialId: "ann's" };

/** Makes a refused call in each form; returns the addresses of audit lines and of log lines. */
async function addressesToldOf(...flags: readonly string[]) {
	const argv = ["--port=0", "--data=:memory:", "--audit-log=-", ...flags];
	const result = parseConfig(argv, {});
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	let audited = "";
	const log: string[] = [];
	const output = new Writable({
		write(chunk: Buffer, _, done) {
			audited += chunk.toString();
			done();
		},
	});
	const app = createApp(result.config, {
		authenticators: [{ authenticate: ({ token }) => (token === "good" ? ann : undefined) }],
		logger: createLogger("info", { write: (line) => void log.push(line) }),
		output,
	});
	const { url } = await app.listen();
	try {
		for (const call of Object.values(eightForms)) {
			const { code } = await call(url, { "x-forwarded-for": "10.9.9.9, 203.0.113.9" });
			expect(code).toBe("unauthenticated");
		}
		const linesOf = (text: string) =>
			text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
		await until("every line is written", () => linesOf(audited).length === 8);
		const failed = linesOf(log.join("")).filter(({ msg }) => /^(call|stream) failed$/.test(msg));
		return {
			audited: new Set(linesOf(audited).map(({ address }) => address)),
			logged: new Set(failed.map(({ address }) => address)),
			lines: failed.length,
		};
	} finally {
		await app.close();
	}
}

describe("audit lines and log have it, by each of the eight forms", () => {
	test("behind a trusted proxy it is the last hop that is none", async () => {
		const told = await addressesToldOf("--trusted-proxies=127.0.0.0/8,::1");
		const one = new Set(["203.0.113.9"]);
		expect(told).toEqual({ audited: one, logged: one, lines: 8 });
	});

	test("from who is no trusted proxy the field is not believed", async () => {
		const told = await addressesToldOf("--trusted-proxies=10.0.0.0/8");
		const one = new Set(["127.0.0.1"]);
		expect(told).toEqual({ audited: one, logged: one, lines: 8 });
	});
});
