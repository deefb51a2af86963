import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createApiKey, hashApiKey } from "../../../server/src/auth/api-keys/api-key.ts";
import { formatKeyLine } from "../../../server/src/auth/api-keys/key-file.ts";
import { createWukongClient, type TokenSource } from "../../../web-client/src/index.ts";
import { createFakeClock } from "../../../web-client/src/testing/index.ts";
import { type RunningApp, startApp } from "../../support/running-app.ts";
import { until } from "../../support/until.ts";

let folder = "";
let app: RunningApp;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-dead-"));
	const sha256 = hashApiKey(createApiKey());
	const line = formatKeyLine({ name: "ci", groups: [], expireTimeMs: undefined, sha256 });
	await writeFile(join(folder, "keys"), line);
	app = await startApp(`--auth-tokens-file=${folder}/keys`);
});
afterEach(async () => {
	await app.close();
	await rm(folder, { recursive: true });
});

/** A page with a live list whose token this service does not take, for as long as the test wants. */
async function page(token: TokenSource) {
	const clock = createFakeClock();
	const requests = { begun: 0, over: 0 };
	const transport = createConnectTransport({
		...{ baseUrl: app.url, httpVersion: "1.1" },
		interceptors: [
			(next) => async (request) => {
				requests.begun++;
				const response = await next(request).catch((error) => {
					requests.over++;
					throw error;
				});
				// A stream is refused once it is read.
				if (!response.stream) throw new Error("a list asks by a stream");
				async function* read() {
					try {
						yield* response.message as AsyncIterable<never>;
					} finally {
						requests.over++;
					}
				}
				return { ...response, message: read() };
			},
		],
	});
	const environment = { clock, random: () => 0.5, onNetwork: () => () => {} };
	const client = createWukongClient({ transport, token, environment });
	const list = client.liveList();
	list.subscribe(() => {});
	let status = "";
	list.subscribe((now) => {
		status = now.status;
	});
	const pass = async (minutes: number) => {
		for (let minute = 0; minute < minutes; minute++) {
			await clock.advance(60_000);
			await until("no request is under way", () => requests.begun === requests.over);
		}
	};
	await until("it has asked", () => requests.begun > 0);
	await until("it is answered", () => requests.begun === requests.over);
	await pass(1);
	return { client, requests, pass, status: () => status };
}

test("a token that stays dead costs the service nothing more once it was refused", async () => {
	const dead = createApiKey();
	const { client, requests, pass, status } = await page(() => dead);
	await pass(6 * 60);
	expect(requests.begun).toBeLessThanOrEqual(2);
	expect(status()).toBe("failed");
	client.close();
});

test("a token that is another dead one each time costs the service at most two requests an hour", async () => {
	const { client, requests, pass, status } = await page(() => createApiKey());
	await pass(60);
	const before = requests.begun;
	await pass(6 * 60);
	expect(requests.begun - before).toBeLessThanOrEqual(12);
	expect(requests.begun).toBeGreaterThan(before);
	expect(status()).toBe("failed");
	client.close();
});
