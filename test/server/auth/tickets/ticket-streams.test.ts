import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type App, createApp } from "../../../../server/src/app/app.ts";
import { createApiKey, hashApiKey } from "../../../../server/src/auth/api-keys/api-key.ts";
import { formatKeyLine } from "../../../../server/src/auth/api-keys/key-file.ts";
import { createTickets } from "../../../../server/src/auth/tickets/tickets.ts";
import { parseConfig } from "../../../../server/src/config/config.ts";
import { createLogger } from "../../../../server/src/telemetry/logger.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { openRawWebSocket } from "../../../support/raw-websocket.ts";

const secret = randomBytes(32);
const sha256 = hashApiKey(createApiKey());
const ci = {
	...{ name: "ci", groups: ["ops"], method: "api-key" },
	credentialId: `api-key:${sha256.slice(0, 16)}`,
};

let folder = "";
let app: App;
let url = "";
let clock: FakeClock;
const log: string[] = [];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-tickets-"));
	clock = createFakeClock();
	log.length = 0;
	const line = formatKeyLine({ name: "ci", groups: ["ops"], expireTimeMs: undefined, sha256 });
	await writeFile(join(folder, "keys"), line);
	const files = [`--auth-tokens-file=${folder}/keys`];
	const argv = ["--port=0", "--data=:memory:", "--base-path=/wukong", ...files];
	const result = parseConfig(argv, {});
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	const logger = createLogger("trace", { write: (line) => void log.push(line) });
	app = createApp(result.config, { clock, logger, ticketSecret: secret });
	({ url } = await app.listen());
});
afterEach(async () => {
	await app.close();
	await rm(folder, { recursive: true });
});

/** A ticket of another replica with the same secret. */
function ticketFor(target: string): string {
	const tickets = createTickets({ secret, basePath: "/wukong", current: () => undefined, clock });
	return tickets.createTicket(ci, target).ticket;
}

async function openStream(path: string, accept: string): Promise<number> {
	const leave = new AbortController();
	const answer = await fetch(url + path, { headers: { accept }, signal: leave.signal });
	await answer.body?.getReader().read();
	leave.abort();
	return answer.status;
}

test.each(["text/event-stream", "application/x-ndjson"])(
	"a ticket opens one stream of %s, at its URL with and without the prefix, and is in no log line",
	async (accept) => {
		for (const base of ["", "/wukong"]) {
			const ticket = ticketFor("/wukong/api/v1/wukongs:watch?namespace=web&heartbeatInterval=5s");
			const path = `${base}/api/v1/wukongs:watch?namespace=web&ticket=${ticket}&heartbeatInterval=5s`;
			const elsewhere = path.replace("namespace=web", "namespace=prod");
			expect(await openStream(elsewhere, accept)).toBe(401);
			expect(await openStream(path, accept)).toBe(200);
			expect(await openStream(path, accept)).toBe(401);
			expect(log.join("")).not.toContain(ticket.slice(3, 60));
		}
	},
);

test("a ticket opens one WebSocket, with all its subscriptions", async () => {
	const ticket = ticketFor("/api/v1/ws");
	const { port } = new URL(url);
	const reasonsOf = async () => {
		const socket = await openRawWebSocket(Number(port), `/api/v1/ws?ticket=${ticket}`);
		const said = [];
		for (const id of ["1", "2"]) {
			await socket.send({ type: "subscribe", id, query: {} });
			said.push(await socket.expectSaid((message) => message.id === id));
		}
		await socket.close();
		return said.map(({ status }) => status?.reason ?? "ok");
	};
	expect(await reasonsOf()).toEqual(["ok", "ok"]);
	expect(await reasonsOf()).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED"]);
	expect(log.join("")).not.toContain(ticket.slice(3, 60));
});

test("a ticket of a key that has left the file is good no more", async () => {
	const tickets = createTickets({ secret, basePath: "", current: () => undefined, clock });
	const gone = { ...ci, credentialId: "api-key:0000000000000000" };
	const { ticket } = tickets.createTicket(gone, "/api/v1/wukongs:watch");
	const path = `/api/v1/wukongs:watch?ticket=${ticket}`;
	expect(await openStream(path, "application/x-ndjson")).toBe(401);
});
