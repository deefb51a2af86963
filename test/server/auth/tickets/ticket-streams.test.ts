import { writeFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type App, createApp } from "../../../../server/src/app/app.ts";
import { createApiKey, hashApiKey } from "../../../../server/src/auth/api-keys/api-key.ts";
import { formatKeyLine } from "../../../../server/src/auth/api-keys/key-file.ts";
import { parseConfig } from "../../../../server/src/config/config.ts";
import { createLogger } from "../../../../server/src/telemetry/logger.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { openRawWebSocket } from "../../../support/raw-websocket.ts";
import { until } from "../../../support/until.ts";

const key = createApiKey();
const keyLine = formatKeyLine({
	...{ name: "ci", groups: ["ops"], expireTimeMs: undefined, sha256: hashApiKey(key) },
});

let folder = "";
let clock: FakeClock;
let urls: readonly string[] = [];
let close: () => Promise<void>;
const log: string[] = [];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-tickets-"));
	clock = createFakeClock();
	log.length = 0;
	await writeFile(join(folder, "keys"), keyLine);
	await writeFile(join(folder, "secret"), Buffer.alloc(32, 7));
});
afterEach(async () => {
	await close();
	await rm(folder, { recursive: true });
});

/** Starts as many replicas as there are lists of flags. */
async function start(...replicas: readonly (readonly string[])[]): Promise<void> {
	const apps: App[] = [];
	close = async () => void (await Promise.all(apps.map((app) => app.close())));
	const logger = createLogger("trace", { write: (line) => void log.push(line) });
	urls = await Promise.all(
		replicas.map(async (flags) => {
			const own = [`--auth-tokens-file=${folder}/keys`, `--audit-log=${folder}/audit`];
			const argv = ["--port=0", "--data=:memory:", "--base-path=/wukong", ...own, ...flags];
			const result = parseConfig(argv, {});
			if (result.kind !== "config") throw new Error(JSON.stringify(result));
			const app = createApp(result.config, { clock, logger });
			apps.push(app);
			return (await app.listen()).url;
		}),
	);
}

const post = (body: object, path: string, fields: Record<string, string>) =>
	fetch(urls[0] + path, {
		method: "POST",
		headers: { "content-type": "application/json", ...fields },
		body: JSON.stringify(body),
	});

async function ticketFor(target: string, path = "/api/v1/access/tickets"): Promise<string> {
	const answer = await post({ target }, path, { "x-api-key": key });
	expect(answer.status).toBe(200);
	return ((await answer.json()) as { ticket: string }).ticket;
}

/** What a request by a ticket comes to: `ok`, or the reason of its refusal. */
type Redeem = (target: string, ticket: string, replica?: number) => Promise<string>;

const withTicket = (target: string, ticket: string) =>
	`${target}${target.includes("?") ? "&" : "?"}ticket=${ticket}`;
const told: string[] = [];

const byFetch =
	(accept: string, method = "GET"): Redeem =>
	async (target, ticket, replica = 0) => {
		const leave = new AbortController();
		const init = { method, headers: { accept }, signal: leave.signal };
		const answer = await fetch(urls[replica] + withTicket(target, ticket), init);
		told.push(JSON.stringify([...answer.headers]));
		if (answer.status === 200) {
			const first = await answer.body?.getReader().read();
			told.push(Buffer.from(first?.value ?? []).toString());
			leave.abort();
			return "ok";
		}
		const text = await answer.text();
		told.push(text);
		return /"reason":"([A-Z_]+)"/.exec(text)?.[1] ?? text;
	};
const byWebSocket: Redeem = async (target, ticket, replica = 0) => {
	const { port } = new URL(urls[replica] as string);
	const socket = await openRawWebSocket(Number(port), withTicket(target, ticket));
	const said = [];
	// Each subscription of a connection shows the ticket again.
	for (const id of ["1", "2"]) {
		await socket.send({ type: "subscribe", id, query: {} });
		said.push(await socket.expectSaid((message) => message.id === id));
	}
	await socket.close();
	told.push(socket.head, JSON.stringify(said));
	const reasons = new Set(said.map(({ status }) => status?.reason ?? "ok"));
	return [...reasons].join();
};

const procedure = "/novasphere.v1.WukongService/ListWukongs";
const connectGet = `${procedure}?connect=v1&encoding=json&message=%7B%7D`;
const watch = "/api/v1/wukongs:watch?namespace=web&heartbeatInterval=5s";

/** Form, target, another path that it serves, another query. */
const forms: readonly (readonly [string, Redeem, string, string, string])[] = [
	["SSE", byFetch("text/event-stream"), watch, "/api/v1/namespaces/web/wukongs:watch", ""],
	["NDJSON", byFetch("application/x-ndjson"), watch, "", watch.replace("=web", "=prod")],
	[
		"access, SSE",
		byFetch("text/event-stream"),
		"/api/v1/access/watch?verbs=get",
		"",
		"/api/v1/access/watch?verbs=list",
	],
	["WebSocket", byWebSocket, "/api/v1/ws", "/ws", "/api/v1/ws?x=y"],
	["Connect GET", byFetch("*/*"), connectGet, "", connectGet.replace("%7B%7D", "%7B%7D%20")],
];

/** Nothing of a ticket, and nothing of the key, is anywhere but in the answer that gave it. */
async function expectSecret(...tickets: readonly string[]): Promise<void> {
	const audit = await readFile(join(folder, "audit"), "utf8").catch(() => "");
	const metrics = await (await fetch(`${urls[0]}/metrics`)).text();
	for (const secret of [key, ...tickets]) {
		const part = secret.slice(3, 40);
		for (const text of [audit, metrics, log.join(""), told.join("")])
			expect(text).not.toContain(part);
	}
}

describe.each(forms)("a ticket for %s", (_, redeem, target, otherPath, otherQuery) => {
	test("is good once, at its own path and query, with and without the prefix", async () => {
		await start([]);
		const ticket = await ticketFor(target);
		for (const other of [otherPath, otherQuery].filter((path) => path !== "")) {
			expect([other, await redeem(other, ticket)]).toEqual([other, "UNAUTHENTICATED"]);
		}
		expect(await redeem(target, ticket)).toBe("ok");
		expect(await redeem(target, ticket)).toBe("UNAUTHENTICATED");
		const prefixed = await ticketFor(`/wukong${target}`);
		expect(await redeem(target, prefixed)).toBe("ok");
		const bare = await ticketFor(target);
		expect(await redeem(`/wukong${target}`, bare)).toBe("ok");
		await expectSecret(ticket, prefixed, bare);
	});

	test("is refused where it is none, wrong, too old, or of a key that is gone", async () => {
		await start([]);
		const late = await ticketFor(target);
		expect(await redeem(target, `${late.slice(0, -4)}AAAA`)).toBe("UNAUTHENTICATED");
		expect(await redeem(target, "wt_AAAA")).toBe("UNAUTHENTICATED");
		// What is no ticket is a parameter that some forms have not: that is told first there.
		for (const other of ["", key]) {
			expect(await redeem(target, other)).toMatch(/^(UNAUTHENTICATED|INVALID_REQUEST)$/);
		}
		clock.stepWallClock(30_000);
		expect(await redeem(target, late)).toBe("TOKEN_EXPIRED");
		const revoked = await ticketFor(target);
		await writeFile(join(folder, "keys"), "");
		const loads = () => log.filter((line) => line.includes("API keys loaded")).length;
		const before = loads();
		await clock.advance(1_000);
		await until("the file is read again", () => loads() > before);
		expect(await redeem(target, revoked)).toBe("UNAUTHENTICATED");
		await expectSecret(late, revoked);
	});

	test("is good on another replica with the same --ticket-key-file, and on no other", async () => {
		const shared = [`--ticket-key-file=${folder}/secret`];
		await start(shared, shared, []);
		const ticket = await ticketFor(target);
		expect(await redeem(target, ticket, 2)).toBe("UNAUTHENTICATED");
		expect([await redeem(target, ticket, 1), await redeem(target, ticket, 1)]).toEqual([
			...["ok", "UNAUTHENTICATED"],
		]);
	});
});

test("a ticket makes no tickets, calls nothing by POST, and stands beside no other credential", async () => {
	await start([]);
	for (const path of [
		"/api/v1/access/tickets",
		"/novasphere.v1.AccessService/CreateStreamTicket",
	]) {
		const ticket = await ticketFor(path, path);
		expect((await post({ target: watch }, `${path}?ticket=${ticket}`, {})).status).toBe(401);
		// Neither is it a read, which could be sent as GET.
		const answer = await fetch(
			`${urls[0]}${path}?connect=v1&encoding=json&message=%7B%7D&ticket=${ticket}`,
		);
		expect([401, 404, 405]).toContain(answer.status);
	}
	const ticket = await ticketFor(procedure);
	expect((await post({}, `${procedure}?ticket=${ticket}`, {})).status).toBe(401);
	const target = await ticketFor(watch);
	const both = await fetch(urls[0] + withTicket(watch, target), { headers: { "x-api-key": key } });
	expect(both.status).toBe(401);
	await expectSecret(ticket, target);
});

test.each([
	["", "target"],
	["api/v1/wukongs:watch", "target"],
	["//elsewhere.example/api", "target"],
	["https://elsewhere.example/api", "target"],
	["/api/v1/wukongs:watch#top", "target"],
	["/api/v1/wukongs:watch?labelSelector=a in (b)", "target"],
	["/api/v1/wukongs:watch?ticket=wt_abc", "target"],
	[`/${"x".repeat(4_096)}`, "target"],
])(
	"a ticket is for a path and query as they are sent, or INVALID_REQUEST: %s",
	async (target, field) => {
		await start([]);
		const answer = await post({ target }, "/api/v1/access/tickets", { "x-api-key": key });
		const text = await answer.text();
		expect([answer.status, text]).toEqual([400, expect.stringContaining(`"field":"${field}"`)]);
		expect(text).not.toContain("wt_abc");
	},
);

test("a key file for tickets that is too short, or is not there, ends the start", () => {
	for (const [file, problem] of [
		["keys-that-are-not-there", "cannot be read: ENOENT"],
		["short", "has less than 32 bytes"],
	]) {
		close = async () => {};
		const path = join(folder, file as string);
		if (file === "short") writeFileSync(path, "short");
		const argv = [
			"--data=:memory:",
			`--auth-tokens-file=${folder}/keys`,
			`--ticket-key-file=${path}`,
		];
		const result = parseConfig(argv, {});
		if (result.kind !== "config") throw new Error(JSON.stringify(result));
		expect(() => createApp(result.config)).toThrow(`--ticket-key-file ${path} ${problem}`);
	}
});
