import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, createApp } from "../../../server/src/app/app.ts";
import { createApiKey, hashApiKey } from "../../../server/src/auth/api-keys/api-key.ts";
import { formatKeyLine } from "../../../server/src/auth/api-keys/key-file.ts";
import { parseConfig } from "../../../server/src/config/config.ts";
import { createLogger } from "../../../server/src/telemetry/logger.ts";
import { eightForms } from "../../support/eight-forms.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { type FakeIssuer, startFakeIssuer } from "../../support/fake-issuer.ts";
import { until } from "../../support/until.ts";

const clock = createFakeClock();
const [good, expires, revoked] = [createApiKey(), createApiKey(), createApiKey()];
const log: string[] = [];

let folder = "";
let issuer: FakeIssuer;
let app: App;
let url = "";

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-table-"));
	issuer = await startFakeIssuer(clock);
	const file = join(folder, "keys");
	const lineOf = (key: string, expireTimeMs?: number) =>
		formatKeyLine({ name: "ci", groups: ["ops"], expireTimeMs, sha256: hashApiKey(key) });
	const kept = [lineOf(good), lineOf(expires, clock.nowMs() + 1_000)];
	await writeFile(file, [...kept, lineOf(revoked)].join("\n"));
	const result = parseConfig(
		[
			...["--port=0", "--data=:memory:", "--seed=1", `--auth-tokens-file=${file}`],
			...[`--oidc-issuer=${issuer.url}`, "--oidc-audience=web"],
		],
		{},
	);
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	const logger = createLogger("trace", { write: (line) => void log.push(line) });
	app = createApp(result.config, { clock, logger });
	({ url } = await app.listen());
	const loads = () => log.filter((line) => line.includes("API keys loaded")).length;
	await writeFile(file, kept.join("\n"));
	await clock.advance(1_000);
	await until("the file is read again", () => loads() === 2);
});
afterAll(async () => {
	await app.close();
	await issuer[Symbol.asyncDispose]();
	await rm(folder, { recursive: true });
});

const nowS = () => Math.floor(clock.nowMs() / 1_000);

/** What is shown, and the reason that the answer has; "": it is good. */
type Row = readonly [
	source: string,
	what: string,
	show: () => string | Promise<string>,
	reason: string,
];

const rows: readonly Row[] = [
	["API key", "good", () => good as string, ""],
	["API key", "unknown", () => createApiKey(), "UNAUTHENTICATED"],
	["API key", "expired", () => expires as string, "TOKEN_EXPIRED"],
	["API key", "revoked", () => revoked as string, "UNAUTHENTICATED"],
	["API key", "its hash", () => hashApiKey(good as string), "UNAUTHENTICATED"],
	["JWT", "good", () => issuer.sign(), ""],
	["JWT", "expired", () => issuer.sign({ exp: nowS() - 31 }), "TOKEN_EXPIRED"],
	["JWT", "not valid yet", () => issuer.sign({ nbf: nowS() + 60 }), "UNAUTHENTICATED"],
	["JWT", "for another audience", () => issuer.sign({ aud: "other" }), "UNAUTHENTICATED"],
	["JWT", "of another issuer", () => issuer.sign({ iss: "https://a.example" }), "UNAUTHENTICATED"],
	["JWT", "alg: none", () => issuer.unsigned(), "UNAUTHENTICATED"],
	["JWT", "HS256 with the public key", () => issuer.signWithPublicKey(), "UNAUTHENTICATED"],
	["JWT", "of a foreign key", () => issuer.signForeign(), "UNAUTHENTICATED"],
	["JWT", "of an unknown kid", () => issuer.sign({}, { kid: "x" }), "UNAUTHENTICATED"],
	["JWT", "system: as its name", () => issuer.sign({ sub: "system:admin" }), "UNAUTHENTICATED"],
	[
		"JWT",
		"system: as a group",
		() => issuer.sign({ groups: ["system:masters"] }),
		"UNAUTHENTICATED",
	],
	["no source", "unknown", () => "planted-s3cret", "UNAUTHENTICATED"],
];

/** Parts of a credential, each of which gives it away. */
const partsOf = (token: string) => token.split(".").filter((part) => part.length > 10);

/** Expects that nothing of a credential is in an answer, in the log and in the metrics. */
async function expectSecret(token: string, answer: string): Promise<void> {
	const metrics = await (await fetch(`${url}/metrics`)).text();
	for (const part of [token, ...partsOf(token)]) {
		for (const told of [answer, log.join(""), metrics]) expect(told).not.toContain(part);
	}
}

describe.each(Object.entries(eightForms))("by %s", (form, call) => {
	/** A message of a WebSocket has no place for a challenge. */
	const hasChallenge = form !== "WebSocket";

	test.each(rows)("%s, %s", async (_source, _what, show, reason) => {
		const token = await show();
		const answer = await call(url, { authorization: `Bearer ${token}` });
		const code = reason === "" ? "ok" : "unauthenticated";
		expect([answer.code, answer.reason]).toEqual([code, reason]);
		const isRefused = reason !== "";
		if (isRefused) expect(answer.status ?? 401).toBe(401);
		const challenge = 'Bearer realm="wukong-server", error="invalid_token"';
		expect(answer.challenge).toBe(isRefused && hasChallenge ? challenge : undefined);
		await expectSecret(token, answer.text);
	});

	test("two carriers: the same credential is one, another is refused though both are good", async () => {
		const [key, jwt] = [good as string, await issuer.sign()];
		const same = await call(url, { authorization: `Bearer ${key}`, "x-api-key": key });
		expect(same.code).toBe("ok");
		const two = await call(url, { authorization: `Bearer ${jwt}`, "x-api-key": key });
		expect([two.code, two.reason]).toEqual(["unauthenticated", "UNAUTHENTICATED"]);
		await expectSecret(key, two.text);
		await expectSecret(jwt, two.text);
	});

	test("no credential", async () => {
		const { code, reason, challenge } = await call(url, {});
		expect([code, reason]).toEqual(["unauthenticated", "UNAUTHENTICATED"]);
		expect(challenge).toBe(hasChallenge ? 'Bearer realm="wukong-server"' : undefined);
	});
});
