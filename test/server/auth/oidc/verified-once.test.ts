import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type App, createApp } from "../../../../server/src/app/app.ts";
import { parseConfig } from "../../../../server/src/config/config.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { type FakeIssuer, startFakeIssuer } from "../../../support/fake-issuer.ts";
import { until } from "../../../support/until.ts";

const verify = vi.spyOn(crypto.subtle, "verify");

let clock: FakeClock;
let issuer: FakeIssuer;
let app: App;
let calls: readonly Call[] = [];

/** Makes one call with a token. @returns "ok" or what came instead */
type Call = (token: string) => Promise<string>;

beforeEach(async () => {
	clock = createFakeClock();
	issuer = await startFakeIssuer(clock);
	const flags = [
		...["--port=0", "--data=:memory:", "--seed=1", "--metrics-access=authenticated"],
		...[`--oidc-issuer=${issuer.url}`, "--oidc-audience=web"],
	];
	const result = parseConfig(flags, {});
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	app = createApp(result.config, { clock });
	const { url } = await app.listen();
	await until("the issuer's keys are read", () => issuer.keyRequests === 1);
	calls = callsTo(url);
	verify.mockClear();
});
afterEach(async () => {
	await app.close();
	await issuer[Symbol.asyncDispose]();
});

/** One way for each protocol, and one to a page that is for those who have signed in. */
function callsTo(baseUrl: string): readonly Call[] {
	const transports = [
		createConnectTransport({ baseUrl, httpVersion: "1.1" }),
		createGrpcTransport({ baseUrl }),
	];
	const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
	const rpcs = transports.map((transport): Call => {
		const { listWukongs } = createClient(WukongService, transport);
		return (token) =>
			listWukongs({}, { headers: bearer(token) }).then(
				() => "ok",
				(error: unknown) => String(error),
			);
	});
	const gets = ["/api/v1/wukongs", "/metrics"].map(
		(path): Call =>
			async (token) => {
				const response = await fetch(baseUrl + path, { headers: bearer(token) });
				await response.arrayBuffer();
				return response.ok ? "ok" : String(response.status);
			},
	);
	return [...rpcs, ...gets];
}

/** Makes a hundred calls, in turns by each way: at once, or one after the other. */
async function callHundredTimes(token: string, manner: "at once" | "in turn"): Promise<void> {
	const told: string[] = [];
	const one = async (at: number) => void told.push((await calls[at % calls.length]?.(token)) ?? "");
	const turns = Array.from({ length: 100 }, (_, at) => at);
	if (manner === "at once") await Promise.all(turns.map(one));
	else for (const at of turns) await one(at);
	expect(told).toEqual(turns.map(() => "ok"));
}

const longLived = () => issuer.sign({ exp: Math.floor(clock.nowMs() / 1_000) + 3_600 });

test.each(["at once", "in turn"] as const)(
	"a JWT is verified once, not for each of a hundred calls over Connect, gRPC, REST and a page: %s",
	async (manner) => {
		const token = await issuer.sign();
		await callHundredTimes(token, manner);
		expect([verify.mock.calls.length, issuer.keyRequests]).toEqual([1, 1]);
		await callHundredTimes(await issuer.sign({ jti: "another" }), manner);
		expect([verify.mock.calls.length, issuer.keyRequests]).toEqual([2, 1]);
		await callHundredTimes(token, manner);
		expect(verify).toHaveBeenCalledTimes(2);
	},
);

/** Calls until that succeeds: what an issuer has answered is known to the service some turns later. */
async function callUntilAccepted(token: string): Promise<void> {
	let told: string | undefined;
	let isAsked = false;
	const ask = async () => {
		told = await calls[0]?.(token);
		isAsked = false;
	};
	await until("the new key is known", () => {
		if (!isAsked && told !== "ok") {
			isAsked = true;
			void ask();
		}
		return told === "ok";
	});
}

test("a JWT by a new key is verified once, and one by the old key not again before its ten minutes", async () => {
	const old = await longLived();
	await callHundredTimes(old, "at once");
	await issuer.rotate();
	await clock.advance(300_000);
	const renewed = await longLived();
	await callUntilAccepted(renewed);
	await callHundredTimes(renewed, "at once");
	await callHundredTimes(old, "at once");
	expect(verify).toHaveBeenCalledTimes(2);
	await callHundredTimes(await issuer.sign({ jti: "another" }), "at once");
	expect(verify).toHaveBeenCalledTimes(3);
	await clock.advance(300_000);
	expect(await calls[0]?.(old)).toContain("unauthenticated");
	await callHundredTimes(renewed, "at once");
	expect(verify).toHaveBeenCalledTimes(3);
});
