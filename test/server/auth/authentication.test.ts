import { create } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ServerReflection, ServerReflectionRequestSchema } from "@novasphere/wukong-gen/reflection";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type App, createApp } from "../../../server/src/app/app.ts";
import type { Authenticator } from "../../../server/src/auth/authenticator.ts";
import { expired } from "../../../server/src/auth/failures.ts";
import type { Principal } from "../../../server/src/caller.ts";
import { parseConfig } from "../../../server/src/config/config.ts";
import { ErrorReason, Failure } from "../../../server/src/failure.ts";
import { createLogger } from "../../../server/src/telemetry/logger.ts";
import { eightForms } from "../../support/eight-forms.ts";

const ann: Principal = { name: "ann", groups: [], method: "test", credentialId: "ann's" };

/** Answers as its token says; the calls that it was asked for. */
let asked: (string | undefined)[] = [];
const authenticator: Authenticator = {
	authenticate({ token }) {
		asked.push(token);
		if (token === "good") return ann;
		if (token === "late") return Promise.resolve(ann);
		if (token === "expired") throw expired();
		if (token === "down") {
			const message = "the issuer does not answer";
			throw new Failure(ErrorReason.UPSTREAM_UNAVAILABLE, message, { retryAfterMs: 1_000 });
		}
		return undefined;
	},
};

let app: App;
let url = "";
const log: string[] = [];

beforeEach(async () => {
	asked = [];
	log.length = 0;
	const result = parseConfig(["--port=0", "--data=:memory:", "--seed=1"], {});
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	const logger = createLogger("trace", { write: (line) => void log.push(line) });
	app = createApp(result.config, { authenticators: [authenticator], logger });
	({ url } = await app.listen());
});

afterEach(() => app.close());

/** Forms whose answers have a place for WWW-Authenticate: a message of a WebSocket has none. */
const hasChallenge = (form: string) => form !== "WebSocket";

describe.each(Object.entries(eightForms))("by %s", (form, call) => {
	const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

	test("each call is asked once for its caller, and goes on where that is known", async () => {
		expect((await call(url, bearer("good"))).code).toBe("ok");
		expect((await call(url, { "x-api-key": "late" })).code).toBe("ok");
		expect(asked).toEqual(["good", "late"]);
	});

	test("no credential is UNAUTHENTICATED with a challenge (RFC 9110, 15.5.2)", async () => {
		const { code, reason, challenge, status = 401 } = await call(url, {});
		expect([code, reason, status]).toEqual(["unauthenticated", "UNAUTHENTICATED", 401]);
		const wanted = 'Bearer realm="wukong-server"';
		expect(challenge).toBe(hasChallenge(form) ? wanted : undefined);
	});

	test("an unknown or expired credential is told of, and never repeated", async () => {
		const planted = "planted-5ecret";
		for (const [fields, reason] of [
			[bearer(planted), "UNAUTHENTICATED"],
			[bearer("expired"), "TOKEN_EXPIRED"],
			[{ ...bearer(planted), "x-api-key": `${planted}2` }, "UNAUTHENTICATED"],
		] as const) {
			const answer = await call(url, fields);
			expect([answer.code, answer.reason]).toEqual(["unauthenticated", reason]);
			if (hasChallenge(form)) expect(answer.challenge).toMatch(/error="invalid_(token|request)"$/);
			expect(answer.text).not.toContain(planted);
		}
		expect(log.join("")).not.toContain(planted);
		expect(await (await fetch(`${url}/metrics`)).text()).not.toContain(planted);
	});

	test("a source that cannot tell is UNAVAILABLE, never a yes", async () => {
		const { code, reason } = await call(url, bearer("down"));
		expect([code, reason]).toEqual(["unavailable", "UPSTREAM_UNAVAILABLE"]);
	});
});

test("the subprotocol that carries a token is never selected", async () => {
	const token = Buffer.from("good").toString("base64url");
	const offered = `base64url.bearer.authorization.k8s.io.${token}, wukong.v1`;
	const answer = await eightForms.WebSocket?.(url, { "Sec-WebSocket-Protocol": offered });
	expect(answer?.code).toBe("ok");
	expect(answer?.text).toContain("Sec-WebSocket-Protocol: wukong.v1\r\n");
	expect(answer?.text).not.toContain(token);
	const alone = { "Sec-WebSocket-Protocol": offered.split(",", 1)[0] as string };
	const refused = await eightForms.WebSocket?.(url, alone);
	expect([refused?.status, refused?.text.includes(token)]).toEqual([400, false]);
});

test("health, /livez, /readyz and preflights answer everybody", async () => {
	const health = await fetch(`${url}/grpc.health.v1.Health/Check`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: "{}",
	});
	const pages = await Promise.all(["livez", "readyz"].map((page) => fetch(`${url}/${page}`)));
	const preflight = await fetch(`${url}/api/v1/wukongs`, {
		method: "OPTIONS",
		headers: { origin: "https://a.example", "access-control-request-method": "GET" },
	});
	expect([health, ...pages, preflight].map(({ status }) => status)).toEqual([200, 200, 200, 204]);
	expect(asked).toEqual([]);
});

test("reflection is asked for its caller: what is exempt is exempt by its service, not by its path", async () => {
	const client = createClient(ServerReflection, createGrpcTransport({ baseUrl: url }));
	async function* questions() {
		yield create(ServerReflectionRequestSchema);
	}
	const ask = async () => {
		for await (const _ of client.serverReflectionInfo(questions())) return;
	};
	await expect(ask()).rejects.toMatchObject({ code: Code.Unauthenticated });
});
