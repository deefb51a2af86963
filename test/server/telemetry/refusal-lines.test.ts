import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { createApp } from "../../../server/src/app/app.ts";
import type { Principal } from "../../../server/src/caller.ts";
import { parseConfig } from "../../../server/src/config/config.ts";
import { createLogger } from "../../../server/src/telemetry/logger.ts";
import { createRefusalLines } from "../../../server/src/telemetry/refusal-lines.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

function setUp() {
	const clock = createFakeClock();
	const told: string[] = [];
	const lines = createRefusalLines({
		clock,
		summarize: (address, unwritten) => void told.push(`${address}: ${unwritten}`),
	});
	return { clock, lines, told };
}

test("an address has ten lines and one every six seconds; what is not written is told once a minute", async () => {
	const { clock, lines, told } = setUp();
	const written = () => Array.from({ length: 50 }, () => lines.admit("192.0.2.1"));
	expect(written().filter(Boolean)).toHaveLength(10);
	expect(lines.admit("192.0.2.2")).toBe(true);
	await clock.advance(6_000);
	expect(written().filter(Boolean)).toHaveLength(1);
	expect(told).toEqual([]);
	await clock.advance(60_000);
	expect(told).toEqual(["192.0.2.1: 89"]);
	await clock.advance(600_000);
	expect(told).toHaveLength(1);
});

test("addresses of one IPv6 site are one", () => {
	const { lines, told } = setUp();
	for (let at = 0; at < 50; at++) lines.admit(`2001:db8:0:1::${at.toString(16)}`);
	lines.close();
	expect(told).toEqual(["2001:db8:0:1::/64: 40"]);
});

test("a hundred thousand addresses write a thousand lines, and are told in a hundred and one", () => {
	const { lines, told } = setUp();
	let written = 0;
	for (let at = 0; at < 100_000; at++) {
		if (lines.admit(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`)) written++;
	}
	lines.close();
	expect(written).toBe(1_000);
	expect(told).toHaveLength(101);
	const count = told.reduce((sum, line) => sum + Number(line.split(": ")[1]), 0);
	expect(count).toBe(99_000);
});

const ann: Principal = { name: "ann", groups: [], method: "test", credentialId: "ann's" };

test("a flood without credentials writes bounded lines of log and audit log, and a valid credential is let in amid it", async () => {
	const argv = ["--port=0", "--data=:memory:", "--audit-log=-"];
	const result = parseConfig(argv, {});
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	const audited: string[] = [];
	const log: string[] = [];
	const output = new Writable({
		write(chunk: Buffer, _, done) {
			audited.push(...chunk.toString().split("\n").filter(Boolean));
			done();
		},
	});
	const app = createApp(result.config, {
		authenticators: [{ authenticate: ({ token }) => (token === "good" ? ann : undefined) }],
		logger: createLogger("info", { write: (line) => void log.push(line) }),
		clock: createFakeClock(),
		output,
	});
	const { url } = await app.listen();
	const statusOf = async (path: string, token: string) => {
		const headers = { authorization: `Bearer ${token}` };
		const response = await fetch(`${url}${path}`, { headers });
		await response.text();
		return response.status;
	};
	for (let at = 0; at < 60; at++) {
		expect(await statusOf("/api/v1/wukongs", `bad-${at}`)).toBe(401);
		expect(await statusOf(`/nothing/${at}`, "none")).toBe(404);
	}
	expect(await statusOf("/api/v1/wukongs", "good")).toBe(200);
	await app.close();
	const refused = audited.map((line) => JSON.parse(line));
	expect(refused).toHaveLength(11);
	expect(refused.at(-1)).toMatchObject({ address: "127.0.0.1", outcome: "refused", unwritten: 50 });
	const of = (words: RegExp) => log.filter((line) => words.test(line));
	expect(of(/request refused|call failed/)).toHaveLength(10);
	expect(of(/"address":"127.0.0.1","unwritten":110/)).toHaveLength(1);
});
