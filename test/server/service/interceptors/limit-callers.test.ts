import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { RetryInfoSchema } from "@novasphere/wukong-gen/error-details";
import { WukongStatus_PowerState } from "@novasphere/wukong-gen/wukong";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { afterEach, describe, expect, test } from "vitest";
import { type App, createApp } from "../../../../server/src/app/app.ts";
import { parseConfig } from "../../../../server/src/config/config.ts";
import { eightForms } from "../../../support/eight-forms.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { openRaw } from "../../../support/raw-client.ts";
import { openRawWebSocket } from "../../../support/raw-websocket.ts";
import { until } from "../../../support/until.ts";

let app: App;
let clock: FakeClock;

afterEach(() => app.close());

/** Starts a service where the token is the caller's name; two tokens that begin alike are one caller's. */
async function start(...flags: readonly string[]): Promise<string> {
	clock = createFakeClock();
	const argv = ["--port=0", "--data=:memory:", "--seed=1", ...flags];
	const result = parseConfig(argv, {});
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	const authenticators = [
		{
			authenticate: ({ token }: { readonly token: string | undefined }) =>
				token === undefined
					? undefined
					: {
							name: token.split(".")[0] as string,
							groups: [],
							method: "test",
							credentialId: token,
						},
		},
	];
	app = createApp(result.config, { clock, ...(flags.includes("--") ? {} : { authenticators }) });
	return (await app.listen()).url;
}

const by = (token: string) => ({ authorization: `Bearer ${token}` });
const list = (url: string, token: string) => fetch(`${url}/api/v1/wukongs`, { headers: by(token) });
const metricOf = async (url: string, line: string) =>
	new RegExp(`^${line.replaceAll(/[{}]/g, "\\$&")} (\\d+)$`, "m").exec(
		await (await fetch(`${url}/metrics`)).text(),
	)?.[1];

const clientOf = (url: string) =>
	createClient(WukongService, createGrpcTransport({ baseUrl: url }));

/** Asks again until the answer is yes; the ceiling bounds a failing test only. */
async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
	const endMs = performance.now() + 60_000;
	while (!(await isSo())) if (performance.now() > endMs) throw new Error(`gave up until ${what}`);
}

describe("calls a second of one caller", () => {
	test.each(Object.entries(eightForms))(
		"beyond them %s is TOO_MANY_REQUESTS, 429 and told when to come back",
		async (form, call) => {
			const url = await start("--max-calls-per-second-per-caller=1");
			expect((await call(url, by("ann.1"))).code).toBe("ok");
			expect((await call(url, by("ann.2"))).code).toBe("ok");
			const refused = await call(url, by("ann.1"));
			expect([refused.code, refused.reason]).toEqual(["resource_exhausted", "TOO_MANY_REQUESTS"]);
			// A page's EventSource would not come back from anything but 200.
			const status = form === "SSE" ? 200 : 429;
			if (refused.status !== undefined) expect(refused.status).toBe(status);
			// A message of a WebSocket has it in its details alone, an event stream in its own field.
			const words: Record<string, RegExp> = { WebSocket: /RetryInfo/, SSE: /^retry: 1\d{3}$/m };
			const told = words[form] ?? /"retry-after","1"/;
			expect(refused.text.match(new RegExp(told, "gm"))).toHaveLength(1);
			expect((await call(url, by("bob"))).code).toBe("ok");
			await clock.advance(1_000);
			expect((await call(url, by("ann.3"))).code).toBe("ok");
			expect(await metricOf(url, 'wukong_limited_total{limit="calls"}')).toBe("1");
			expect(await (await fetch(`${url}/metrics`)).text()).not.toMatch(/\bann\b/);
		},
	);

	test("RetryInfo has the time after which a call is there", async () => {
		const url = await start("--max-calls-per-second-per-caller=2");
		for (let call = 0; call < 4; call++) await list(url, "ann");
		const failed = await clientOf(url)
			.listWukongs({}, { headers: by("ann") })
			.then(() => undefined, ConnectError.from);
		const [{ retryDelay } = { retryDelay: undefined }] = failed?.findDetails(RetryInfoSchema) ?? [];
		expect([failed?.code, retryDelay?.nanos]).toEqual([Code.ResourceExhausted, 500_000_000]);
	});

	test("0 is no limit, and neither is what nobody can reach", async () => {
		for (const limit of ["0", "1000000"]) {
			const url = await start(`--max-calls-per-second-per-caller=${limit}`);
			for (let call = 0; call < 20; call++) expect((await list(url, "ann")).status).toBe(200);
			await app.close();
		}
		await start();
	});

	test("who does not sign in is not counted on the loopback interface", async () => {
		const url = await start(
			"--max-calls-per-second-per-caller=1",
			"--max-streams-per-caller=1",
			"--",
		);
		for (let call = 0; call < 5; call++) expect((await list(url, "x")).status).toBe(200);
	});

	test("where nobody signs in a caller is an address, and of IPv6 a site", async () => {
		const url = await start(
			...["--max-calls-per-second-per-caller=1", "--trusted-proxies=127.0.0.1", "--"],
		);
		const from = async (address: string) => {
			const headers = { "x-forwarded-for": address };
			return (await fetch(`${url}/api/v1/wukongs`, { headers })).status;
		};
		const site = ["2001:db8:1:2::1", "2001:db8:1:2:9::9", "2001:db8:1:2:ffff::"];
		expect(await Promise.all(site.map(from))).toEqual(expect.arrayContaining([200, 200, 429]));
		expect(await from("2001:db8:1:3::1")).toBe(200);
		expect(await from("192.0.2.1")).toBe(200);
	});

	test("health, /livez, /readyz and preflights are exempt by what they are, not by their path", async () => {
		const url = await start("--max-calls-per-second-per-caller=1");
		for (let call = 0; call < 3; call++) await list(url, "ann");
		const headers = { ...by("ann"), "content-type": "application/json" };
		const check = { method: "POST", headers, body: "{}" };
		const preflight = {
			method: "OPTIONS",
			headers: { origin: "https://a.example", "access-control-request-method": "GET" },
		};
		for (let call = 0; call < 5; call++) {
			const answers = await Promise.all([
				fetch(`${url}/grpc.health.v1.Health/Check`, check),
				fetch(`${url}/livez`, { headers }),
				fetch(`${url}/readyz`, { headers }),
				fetch(`${url}/api/v1/wukongs`, preflight),
			]);
			expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 204]);
		}
		for (const path of ["/api/v1/wukongs/livez", "/api/v1/namespaces/healthz/wukongs"]) {
			expect((await fetch(`${url}${path}`, { headers: by("ann") })).status).toBe(429);
		}
	});
});

describe("open streams of one caller", () => {
	test("watches, waits and subscriptions count together, on whatever connection", async () => {
		const url = await start("--max-streams-per-caller=3", "--max-calls-per-second-per-caller=0");
		const client = clientOf(url);
		const leave = new AbortController();
		const options = { headers: by("ann.1"), signal: leave.signal };
		const watch = client.watchWukong({}, options)[Symbol.asyncIterator]();
		await watch.next();
		const wait = client.waitWukong(
			{ name: "vm-0", state: WukongStatus_PowerState.STOPPED },
			options,
		);
		wait.catch(() => {});
		const socket = await openRawWebSocket(
			...([Number(new URL(url).port), "/api/v1/ws", "authorization: Bearer ann.2"] as const),
		);
		await socket.send({ type: "subscribe", id: "1", query: {} });
		await socket.expectSaid(({ id }) => id === "1");
		await eventually(
			"the wait is open",
			async () => (await metricOf(url, "wukong_watch_streams")) === "3",
		);
		await socket.send({ type: "subscribe", id: "2", query: {} });
		const refused = await socket.expectSaid(({ id }) => id === "2");
		expect(refused).toMatchObject({ type: "status", status: { reason: "TOO_MANY_REQUESTS" } });
		const another = await eightForms.NDJSON?.(url, by("ann.3"));
		expect([another?.status, another?.reason]).toEqual([429, "TOO_MANY_REQUESTS"]);
		expect(another?.text).toContain('"retry-after","5"');
		expect((await eightForms.NDJSON?.(url, by("bob")))?.code).toBe("ok");
		expect((await list(url, "ann.1")).status).toBe(200);
		expect(await metricOf(url, 'wukong_limited_total{limit="streams"}')).toBe("2");
		leave.abort();
		await socket.close();
		await eventually("all places are free", async () => {
			const answers = [];
			for (let at = 0; at < 3; at++) answers.push((await eightForms.SSE?.(url, by("ann")))?.code);
			return answers.every((code) => code === "ok");
		});
	});

	test("a stream that fails before it opens, or whose caller leaves, gives its place back", async () => {
		const url = await start("--max-streams-per-caller=1", "--max-calls-per-second-per-caller=0");
		for (let at = 0; at < 3; at++) {
			const wrong = await fetch(`${url}/api/v1/wukongs:watch?labelSelector=%3D%3D`, {
				headers: { ...by("ann"), accept: "text/event-stream" },
			});
			expect(wrong.status).toBe(400);
			await wrong.text();
		}
		const raw = await openRaw(Number(new URL(url).port));
		const head =
			"GET /api/v1/wukongs:watch HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n";
		await raw.send(`${head}authorization: Bearer ann\r\n\r\n`);
		await until("the stream is open", () => raw.received().includes("data: "));
		expect((await eightForms.SSE?.(url, by("ann")))?.reason).toBe("TOO_MANY_REQUESTS");
		raw.socket.destroy();
		await eventually(
			"its place is free",
			async () => (await eightForms.SSE?.(url, by("ann")))?.code === "ok",
		);
	});
});
