import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { RetryInfoSchema } from "@novasphere/wukong-gen/error-details";
import {
	WukongEvent_Type as EventType,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { afterEach, describe, expect, test } from "vitest";
import { type App, createApp } from "../../../server/src/app/app.ts";
import { type Config, parseConfig } from "../../../server/src/config/config.ts";
import { isFailure } from "../../../server/src/failure.ts";
import { reasonIn } from "../../../server/src/service/errors/connect-error.ts";
import { createLogger } from "../../../server/src/telemetry/logger.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { keepPort } from "../../support/kept-port.ts";
import { until } from "../../support/until.ts";

function configOf(...argv: string[]): Config {
	const result = parseConfig(["--port=0", "--data=:memory:", ...argv], {});
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	return result.config;
}

const apps: App[] = [];
const logLines: string[] = [];

async function start(...argv: string[]) {
	logLines.length = 0;
	const logger = createLogger("debug", { write: (line) => void logLines.push(line) });
	const app = createApp(configOf(...argv), { logger });
	apps.push(app);
	const { url } = await app.listen();
	const client = createClient(WukongService, createGrpcTransport({ baseUrl: url }));
	return { app, url, client };
}

afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.close()));
});

describe("a running app", () => {
	test("answers calls and pages on one port", async () => {
		const { url, client } = await start("--seed=3");
		const { wukongs } = await client.listWukongs({});
		expect(wukongs.map(({ name }) => name)).toEqual(["vm-0", "vm-1", "vm-2"]);
		const pages = ["livez", "readyz", "metrics"].map((page) => fetch(`${url}/${page}`));
		const answers = await Promise.all(pages);
		expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
		const [live, ready, metrics] = await Promise.all(answers.map((answer) => answer.text()));
		expect([live, ready]).toEqual(["alive\n", "ready\n"]);
		expect(metrics).toContain(
			'wukong_requests_total{service="novasphere.v1.WukongService",method="ListWukongs",code="ok",protocol="grpc"} 1',
		);
	});

	test("logs a call under the id that its answer carries", async () => {
		const { url } = await start();
		const answer = await fetch(`${url}/novasphere.v1.WukongService/GetWukong`, {
			method: "POST",
			headers: { "content-type": "application/json", "x-request-id": "my-id" },
			body: '{"name":"none"}',
		});
		expect(answer.headers.get("x-request-id")).toBe("my-id");
		const line = logLines.map((text) => JSON.parse(text)).find(({ code }) => code === "not_found");
		expect(line).toMatchObject({ requestId: "my-id", reason: "WUKONG_NOT_FOUND", name: "none" });
	});

	test.each([
		["gRPC, HTTP/2", (url: string) => createGrpcTransport({ baseUrl: url })],
		[
			"Connect, HTTP/1.1",
			(url: string) => createConnectTransport({ baseUrl: url, httpVersion: "1.1" }),
		],
	])(
		"tells of a stream that its reader left as of one that ended, %s",
		async (_wire, transport) => {
			const { url } = await start();
			const leaver = new AbortController();
			const stream = createClient(WukongService, transport(url))
				.watchWukong({}, { signal: leaver.signal })
				[Symbol.asyncIterator]();
			await stream.next();
			leaver.abort();
			await expect(stream.next()).rejects.toThrow();
			const lines = () => logLines.map((text) => JSON.parse(text));
			await until("it is told", () => lines().some(({ code }) => code !== undefined));
			const [end] = lines().filter(({ code }) => code !== undefined);
			expect(end).toMatchObject({ level: "info", msg: "stream ended", code: "canceled" });
			const metrics = await (await fetch(`${url}/metrics`)).text();
			expect(metrics).toContain('method="WatchWukong",code="canceled"');
		},
	);

	test("counts and logs what is refused before any method sees it", async () => {
		const { url } = await start();
		const answer = await fetch(`${url}/novasphere.v1.WukongService/DeleteWukong`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: '{"name":"vm","validateOnlyy":true}',
		});
		expect(answer.status).toBe(400);
		const metrics = await (await fetch(`${url}/metrics`)).text();
		expect(metrics).toContain('wukong_requests_refused_total{cause="protocol"} 1');
		expect(logLines.join("")).toContain("request refused");
	});

	test("breaks the silence of a watch as often as it is told to", async () => {
		const clock = createFakeClock();
		const app = createApp(configOf("--heartbeat-interval-ms=1000"), { clock });
		apps.push(app);
		const { url } = await app.listen();
		const client = createClient(WukongService, createGrpcTransport({ baseUrl: url }));
		const types: EventType[] = [];
		const leaver = new AbortController();
		const reading = (async () => {
			for await (const { type } of client.watchWukong({}, { signal: leaver.signal }))
				types.push(type);
		})().catch(() => {});
		await until("the stream is in sync", () => types.length === 1);
		for (let beats = 1; beats <= 3; beats++) {
			await clock.advance(999);
			// What is answered later comes after all that was to come before.
			await client.listWukongs({});
			expect(types).toHaveLength(beats);
			await clock.advance(1);
			await until("a HEARTBEAT comes", () => types.length > beats);
		}
		expect(types).toEqual([EventType.SYNCED, ...Array(3).fill(EventType.HEARTBEAT)]);
		leaver.abort();
		await reading;
	});

	test("takes another default namespace", async () => {
		const { client } = await start("--default-namespace=home");
		const spec = { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "1Gi" }] };
		const { wukong } = await client.createWukong({ wukong: { name: "vm", spec } });
		expect(wukong?.namespace).toBe("home");
	});
});

describe("an app that closes", () => {
	test("ends streams with a last HEARTBEAT and SHUTTING_DOWN with RetryInfo, and logs them as ended", async () => {
		const { app, client } = await start();
		const types: EventType[] = [];
		const stream = (async () => {
			for await (const { type } of client.watchWukong({})) types.push(type);
		})();
		const ended = stream.catch((error: ConnectError) => error);
		await until("the stream is in sync", () => types.includes(EventType.SYNCED));
		await app.close();
		const error = (await ended) as ConnectError;
		expect(types).toEqual([EventType.SYNCED, EventType.HEARTBEAT]);
		expect(reasonIn(error)).toBe("SHUTTING_DOWN");
		const line = logLines.map((text) => JSON.parse(text)).find(({ code }) => code !== undefined);
		expect(line).toMatchObject({ level: "info", msg: "stream ended", reason: "SHUTTING_DOWN" });
		expect(error.findDetails(RetryInfoSchema)).toHaveLength(1);
	});

	test.each(["when it is over", "when it is skipped"])(
		"says that it is not ready, serves on for the delay, and closes its port %s",
		async (how) => {
			const clock = createFakeClock();
			const app = createApp(configOf("--shutdown-delay-ms=5000", await kept()), { clock });
			const { url } = await app.listen();
			expect(app.skipDelay()).toBe(false);
			const closed = app.close();
			await clock.advance(4_999);
			const ready = await fetch(`${url}/readyz`);
			expect([ready.status, await ready.text()]).toEqual([
				503,
				"not ready: the service is shutting down\n",
			]);
			const client = createClient(WukongService, createGrpcTransport({ baseUrl: url }));
			expect((await client.listWukongs({})).wukongs).toEqual([]);
			if (how === "when it is over") await clock.advance(1);
			else expect(app.skipDelay()).toBe(true);
			expect(app.skipDelay()).toBe(false);
			await closed;
			expect(await canConnect(url)).toBe(false);
		},
	);

	test("leaves its port, also when it is closed twice", async () => {
		const { app, url } = await start(await kept());
		await Promise.all([app.close(), app.close()]);
		expect(await canConnect(url)).toBe(false);
	});

	test.each([
		["before it listens", async () => {}],
		["while it opens its store", listens],
	])("%s leaves neither port nor data file open", async (_when, moment) => {
		const port = await keepPort();
		const url = `http://127.0.0.1:${port}`;
		const directory = await mkdtemp(join(tmpdir(), "wukong-app-"));
		try {
			const flags = [`--data=${join(directory, "wukong.db")}`, `--port=${port}`];
			let refusal: unknown;
			do {
				const app = createApp(configOf(...flags));
				const opening = app.listen().catch((error: unknown) => error);
				await moment(url);
				await app.close();
				expect(await canConnect(url)).toBe(false);
				refusal = await opening;
				// On a busy machine the store may be open before this process hears that the port is.
			} while (!(refusal instanceof Error));
			expect(isFailure(refusal, ErrorReason.SHUTTING_DOWN)).toBe(true);
			// The file is locked while it is open.
			const { app: next } = await start(...flags);
			await next.close();
		} finally {
			await rm(directory, { recursive: true });
		}
	});
});

test("an app whose store cannot be opened says so and leaves its port", async () => {
	const port = await keepPort();
	const directory = await mkdtemp(join(tmpdir(), "wukong-app-"));
	try {
		const data = join(directory, "foreign.db");
		await writeFile(data, "not a database, but long enough to be taken for one".repeat(50));
		const app = createApp(configOf(`--data=${data}`, `--port=${port}`));
		await expect(app.listen()).rejects.toThrow(data);
		expect(await canConnect(`http://127.0.0.1:${port}`)).toBe(false);
	} finally {
		await rm(directory, { recursive: true });
	}
});

/** A port that nobody else takes, so that it can be asked whether somebody still listens. */
async function kept(): Promise<string> {
	return `--port=${await keepPort()}`;
}

async function listens(url: string): Promise<void> {
	while (!(await canConnect(url)));
}

function canConnect(url: string): Promise<boolean> {
	const { hostname, port } = new URL(url);
	return new Promise((resolve) => {
		const socket = connect(Number(port), hostname);
		socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
		socket.once("connect", () => socket.destroy());
	});
}
