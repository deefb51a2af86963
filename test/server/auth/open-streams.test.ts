import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type CallOptions, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { WukongStatus_PowerState as PowerState } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type App, createApp } from "../../../server/src/app/app.ts";
import { createApiKey, hashApiKey } from "../../../server/src/auth/api-keys/api-key.ts";
import { formatKeyLine } from "../../../server/src/auth/api-keys/key-file.ts";
import { parseConfig } from "../../../server/src/config/config.ts";
import { reasonIn } from "../../../server/src/service/errors/connect-error.ts";
import { createFakeClock, type FakeClock } from "../../support/fake-clock.ts";
import { openRawWebSocket } from "../../support/raw-websocket.ts";
import { until } from "../../support/until.ts";

const [stays, ends] = [createApiKey(), createApiKey()];

let folder = "";
let clock: FakeClock;
let app: App;
let url = "";

function lineOf(key: string, expireTimeMs?: number): string {
	const name = key === stays ? "stays" : "ends";
	return formatKeyLine({ name, groups: [], expireTimeMs, sha256: hashApiKey(key) });
}

async function replaceKeys(...lines: readonly string[]): Promise<void> {
	await writeFile(join(folder, "new"), lines.join("\n"));
	await rename(join(folder, "new"), join(folder, "keys"));
}

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-open-"));
	clock = createFakeClock();
});

/** Short: a peer cannot answer a ping of a clock that is moved on. */
const lifeMs = 8_000;

async function start(...lines: readonly string[]): Promise<void> {
	await replaceKeys(...lines);
	const argv = ["--port=0", "--data=:memory:", "--seed=1", `--auth-tokens-file=${folder}/keys`];
	const result = parseConfig([...argv, "--operator-creating-ms=100000000"], {});
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	app = createApp(result.config, { clock });
	({ url } = await app.listen());
}

afterEach(async () => {
	await app.close();
	await rm(folder, { recursive: true });
});

/** What is open by a key: a watch and a wait by gRPC, and two subscriptions of a WebSocket. */
async function open(key: string) {
	const client = createClient(WukongService, createGrpcTransport({ baseUrl: url }));
	const leave = new AbortController();
	const options: CallOptions = { headers: { "x-api-key": key }, signal: leave.signal };
	const types: EventType[] = [];
	/** What SYNCED and HEARTBEAT announce, in milliseconds since 1970; undefined: nothing. */
	const announced: (number | undefined)[] = [];
	const reasons: string[] = [];
	const fail = (error: unknown) => {
		if (!leave.signal.aborted) reasons.push(reasonIn(ConnectError.from(error)) ?? String(error));
	};
	const watch = async () => {
		for await (const { type, credentialsExpireTime: end } of client.watchWukong({}, options)) {
			types.push(type);
			if (type === EventType.ADDED) expect(end).toBeUndefined();
			else announced.push(end && timestampMs(end));
		}
	};
	watch().catch(fail);
	client
		.waitWukong({ name: "vm-0", state: PowerState.STOPPED }, { ...options, timeoutMs: 600_000 })
		.then((response) => reasons.push(JSON.stringify(response)), fail);
	const offered = `base64url.bearer.authorization.k8s.io.${Buffer.from(key).toString("base64url")}`;
	const socket = await openRawWebSocket(
		Number(new URL(url).port),
		"/api/v1/ws",
		`Sec-WebSocket-Protocol: wukong.v1, ${offered}`,
	);
	for (const id of ["1", "2"]) await socket.send({ type: "subscribe", id, query: {} });
	await until("all are open", () => {
		const open = socket.said().filter(({ events }) => events?.at(-1)?.type === "SYNCED");
		return types.includes(EventType.SYNCED) && open.length === 2;
	});
	const statuses = () => socket.said().flatMap(({ status }) => status?.reason ?? []);
	return {
		types,
		announced,
		socket,
		reasons,
		statuses,
		async close() {
			leave.abort();
			await socket.close();
		},
	};
}

test("a key that leaves the file ends the streams, waits and subscriptions that are open by it, and no others", async () => {
	await start(lineOf(stays), lineOf(ends));
	const [gone, other] = [await open(ends), await open(stays)];
	await replaceKeys(lineOf(stays));
	await clock.advance(1_000);
	await until("all of it ends", () => gone.reasons.length + gone.statuses().length === 4);
	expect([...gone.reasons, ...gone.statuses()]).toEqual(Array(4).fill("UNAUTHENTICATED"));
	expect(gone.types.at(-1)).toBe(EventType.HEARTBEAT);
	expect([other.reasons, other.statuses()]).toEqual([[], []]);
	await gone.close();
	await other.close();
});

test("what is open by a credential ends at its time: a last HEARTBEAT, then TOKEN_EXPIRED", async () => {
	await start(lineOf(stays), lineOf(ends, clock.nowMs() + lifeMs));
	const [expires, other] = [await open(ends), await open(stays)];
	await clock.advance(lifeMs - 1);
	expect([expires.reasons, expires.statuses()]).toEqual([[], []]);
	await clock.advance(1);
	await until("all of it ends", () => expires.reasons.length + expires.statuses().length === 4);
	expect([...expires.reasons, ...expires.statuses()]).toEqual(Array(4).fill("TOKEN_EXPIRED"));
	expect(expires.types.at(-1)).toBe(EventType.HEARTBEAT);
	expect([other.reasons, other.statuses()]).toEqual([[], []]);
	await expires.close();
	await other.close();
});

test("SYNCED and HEARTBEAT announce when the credential ends, on every form, and nothing where it does not", async () => {
	const untilMs = clock.nowMs() + lifeMs;
	await start(lineOf(stays), lineOf(ends, untilMs));
	const [expires, other] = [await open(ends), await open(stays)];
	const at = new Date(untilMs).toISOString().replace(".000Z", "Z");
	for (const accept of ["text/event-stream", "application/x-ndjson"]) {
		const leave = new AbortController();
		const headers = { accept, "x-api-key": ends };
		const answer = await fetch(`${url}/api/v1/wukongs:watch`, { headers, signal: leave.signal });
		let text = "";
		const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
		while (!text.includes('"SYNCED"')) text += (await reader?.read())?.value ?? "";
		expect(text.match(/"credentialsExpireTime":"[^"]*"/g)).toEqual([
			`"credentialsExpireTime":"${at}"`,
		]);
		leave.abort();
	}
	await clock.advance(lifeMs);
	await until("all of it ends", () => expires.reasons.length + expires.statuses().length === 4);
	expect(new Set(expires.announced)).toEqual(new Set([untilMs]));
	expect(expires.announced.length).toBeGreaterThan(1);
	const told = (events: ReturnType<typeof expires.socket.said>) =>
		events.flatMap(({ events = [] }) => events).filter(({ type }) => type !== "ADDED");
	for (const event of told(expires.socket.said())) {
		expect(event).toMatchObject({ credentialsExpireTime: at });
	}
	expect(new Set(other.announced)).toEqual(new Set([undefined]));
	expect(JSON.stringify(other.socket.said())).not.toContain("credentialsExpireTime");
	await expires.close();
	await other.close();
});
