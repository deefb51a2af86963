import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type App, createApp } from "../../server/src/app/app.ts";
import { createApiKey, hashApiKey } from "../../server/src/auth/api-keys/api-key.ts";
import { formatKeyLine } from "../../server/src/auth/api-keys/key-file.ts";
import { parseConfig } from "../../server/src/config/config.ts";
import { accessVerbs, createAccess } from "../../web-client/src/access/index.ts";
import { createWukongClient, type WukongClient } from "../../web-client/src/index.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { until } from "../support/until.ts";

const key = createApiKey();
let folder: string;
let clock: FakeClock;
let app: App;
let url: string;
let client: WukongClient;

async function replace(name: string, text: string): Promise<void> {
	await writeFile(join(folder, "new"), text);
	await rename(join(folder, "new"), join(folder, name));
}

const policyOf = (role: string) =>
	`bindings:\n  - {role: ${role}, names: [ann], namespaces: [team-a]}\n`;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-access-client-"));
	clock = createFakeClock();
	const line = { name: "ann", groups: ["dev"], expireTimeMs: undefined, sha256: hashApiKey(key) };
	await replace("keys", formatKeyLine(line));
	await replace("policy", policyOf("viewer"));
	const flags = [`--auth-tokens-file=${folder}/keys`, `--policy-file=${folder}/policy`];
	const result = parseConfig(["--port=0", "--data=:memory:", ...flags], {});
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	app = createApp(result.config, { clock });
	({ url } = await app.listen());
	client = createWukongClient({ baseUrl: url, token: key, lingerMs: 0 });
});
afterEach(async () => {
	client.close();
	await app.close(0);
	await rm(folder, { recursive: true });
});

test("the service answers a page's questions, tells it of a new policy, and lets it in by a ticket", async () => {
	const access = createAccess(client);
	expect(await access.getCaller()).toMatchObject({ name: "ann", groups: ["dev"] });
	const answers = await access.check([
		{ verb: "get", namespace: "team-a" },
		{ verb: "stop", namespace: "team-a" },
	]);
	expect(answers.map(({ allowed }) => allowed)).toEqual([true, false]);
	expect(answers[1]?.reason).not.toBe("");

	const shown: string[] = [];
	const leave = access
		.watch([{ verb: "stop", namespace: "team-a" }])
		.subscribe(({ status, answers: [stop] }) => shown.push(`${status} ${stop?.allowed}`));
	await until("the first answer is shown", () => shown.includes("live false"));
	await replace("policy", policyOf("power"));
	await clock.advance(1_000);
	await until("the new right is shown", () => shown.includes("live true"));
	leave();

	const target = "/api/v1/wukongs?namespace=team-a";
	const { ticket } = await access.createStreamTicket(target);
	expect((await fetch(`${url}${target}&ticket=${ticket}`)).status).toBe(200);
});

test("each verb that the client names is one of the service, and there is no other", async () => {
	const access = createAccess(client);
	const named = await access.check(accessVerbs.map((verb) => ({ verb, namespace: "team-a" })));
	const all = await fetch(`${url}/api/v1/access/check?namespace=team-a`, {
		headers: { "x-api-key": key },
	});
	const verbs = ((await all.json()) as { answers: { question: { verb: string } }[] }).answers.map(
		({ question }) => question.verb,
	);
	expect(named.map(({ question }) => question?.verb)).toEqual(verbs);
});
