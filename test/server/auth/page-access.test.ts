import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
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

const ann: Principal = { name: "ann", groups: [], method: "test", credentialId: "ann's" };
const authenticator: Authenticator = {
	authenticate({ token }) {
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

let app: App | undefined;
let folder = "";
const log: string[] = [];
beforeEach(async () => {
	log.length = 0;
	folder = await mkdtemp(join(tmpdir(), "wukong-pages-"));
});
afterEach(async () => {
	await app?.close();
	app = undefined;
	await rm(folder, { recursive: true });
});

/** Starts the service. @returns its URL */
async function start(
	flags: readonly string[],
	authenticators: readonly Authenticator[] = [authenticator],
): Promise<string> {
	const result = parseConfig(["--port=0", "--data=:memory:", "--seed=1", ...flags], {});
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	const logger = createLogger("trace", { write: (line) => void log.push(line) });
	app = createApp(result.config, { authenticators, logger });
	return (await app.listen()).url;
}

interface PageAnswer {
	readonly status: number;
	readonly challenge: string | undefined;
	readonly body: string;
}
type Ask = (url: string, fields?: Record<string, string>, method?: string) => Promise<PageAnswer>;

const overHttp1: Ask = (url, headers = {}, method = "GET") =>
	new Promise((resolve, reject) => {
		request(url, { headers, method, agent: false }, (response) => {
			const { statusCode: status = 0, headers } = response;
			const challenge = headers["www-authenticate"];
			text(response).then((body) => resolve({ status, challenge, body }), reject);
		})
			.on("error", reject)
			.end();
	});

const overHttp2: Ask = async (url, headers = {}, method = "GET") => {
	const { origin, pathname, search } = new URL(url);
	const session = connect(origin);
	try {
		const stream = session.request({
			...{ ":path": pathname + search, ":method": method },
			...headers,
		});
		const head = new Promise<Record<string, unknown>>((resolve, reject) => {
			stream.on("response", resolve).on("error", reject);
			session.on("error", reject);
		});
		stream.end();
		const [fields, body] = await Promise.all([head, text(stream)]);
		const challenge = fields["www-authenticate"] as string | undefined;
		return { status: Number(fields[":status"]), challenge, body };
	} finally {
		session.close();
	}
};

const docs = ["/docs", "/docs/start.js", "/docs/swagger-ui.css", "/openapi.json"];
const open = ["/", "/client.js", "/livez", "/readyz"];
const statusesOf = async (ask: Ask, url: string, paths: readonly string[]) =>
	Promise.all(paths.map(async (path) => (await ask(url + path)).status));
const all = (paths: readonly string[], status: number) => paths.map(() => status);
const realm = 'Bearer realm="wukong-server"';

describe.each([
	["HTTP/1.1", overHttp1],
	["HTTP/2", overHttp2],
] as const)("over %s", (_, ask) => {
	test("metrics and docs are public where callers sign in, unless it is asked otherwise", async () => {
		const url = await start([]);
		expect(await statusesOf(ask, url, ["/metrics", ...docs, ...open])).toEqual(
			all(["/metrics", ...docs, ...open], 200),
		);
	});

	test.each([
		["--metrics-access=authenticated", ["/metrics"], docs],
		["--docs-access=authenticated", docs, ["/metrics"]],
	])(
		"%s closes its pages and no other, with a challenge (RFC 9110, 15.5.2)",
		async (flag, closed, others) => {
			const url = await start([flag]);
			expect(await statusesOf(ask, url, closed)).toEqual(all(closed, 401));
			expect(await statusesOf(ask, url, [...others, ...open])).toEqual(
				all([...others, ...open], 200),
			);
			for (const path of closed) {
				for (const fields of [{ authorization: "Bearer good" }, { "x-api-key": "late" }]) {
					expect((await ask(url + path, fields)).status).toBe(200);
					expect((await ask(url + path, fields, "HEAD")).status).toBe(200);
				}
				const none = await ask(url + path);
				expect(none.challenge).toBe(realm);
				expect(JSON.parse(none.body)).toMatchObject({ reason: "UNAUTHENTICATED" });
				expect(await ask(url + path, {}, "HEAD")).toEqual({
					status: 401,
					challenge: realm,
					body: "",
				});
			}
		},
	);

	test.each([
		["an unknown credential", "planted-5ecret", 401, "UNAUTHENTICATED", "invalid_token"],
		["one that has expired", "expired", 401, "TOKEN_EXPIRED", "invalid_token"],
		["one that nobody can tell of now", "down", 503, "UPSTREAM_UNAVAILABLE", undefined],
	])("%s opens no page", async (_, token, status, reason, error) => {
		const url = await start(["--metrics-access=authenticated"]);
		const answer = await ask(`${url}/metrics`, { authorization: `Bearer ${token}` });
		expect(answer.status).toBe(status);
		expect(answer.challenge).toBe(error && `${realm}, error="${error}"`);
		expect(JSON.parse(answer.body)).toMatchObject({ reason });
		expect(answer.body).not.toContain("wukong_");
		expect(answer.body + log.join("")).not.toContain("planted-5ecret");
	});

	test("what is shown wrongly opens no page: two credentials, another scheme, one in the URL", async () => {
		const url = await start(["--metrics-access=authenticated"]);
		const good = { authorization: "Bearer good" };
		for (const [path, fields] of [
			["/metrics", { ...good, "x-api-key": "late" }],
			["/metrics", { authorization: "Basic Z29vZDo=" }],
			["/metrics?access_token=good", {}],
			["/metrics?token=x", good],
		] as const) {
			const { status, challenge } = await ask(url + path, fields);
			expect([status, challenge]).toEqual([401, `${realm}, error="invalid_request"`]);
		}
	});

	test("an ETag that is known tells nothing to who may not read the page", async () => {
		const url = await start(["--docs-access=authenticated"]);
		expect((await ask(`${url}/openapi.json`, { "if-none-match": "*" })).status).toBe(401);
		const good = { authorization: "Bearer good", "if-none-match": "*" };
		expect((await ask(`${url}/openapi.json`, good)).status).toBe(304);
	});

	test("OPTIONS and wrong methods are answered as before: they show nothing of a page", async () => {
		const url = await start(["--metrics-access=authenticated"]);
		expect((await ask(`${url}/metrics`, {}, "OPTIONS")).status).toBe(204);
		expect((await ask(`${url}/metrics`, {}, "POST")).status).toBe(405);
	});

	test("under a base path the same pages are closed, with the prefix and without", async () => {
		const url = await start(["--metrics-access=authenticated", "--base-path=/wukong"]);
		expect(await statusesOf(ask, url, ["/metrics", "/wukong/metrics"])).toEqual([401, 401]);
	});

	test("where nobody signs in the choices change nothing", async () => {
		const closed = ["metrics", "docs", "reflection"].map(
			(what) => `--${what}-access=authenticated`,
		);
		const url = await start(closed, []);
		expect(await statusesOf(ask, url, ["/metrics", ...docs])).toEqual(
			all(["/metrics", ...docs], 200),
		);
		expect(await reflect(url)).toBe("answered");
	});
});

test("a refused page is counted, and a line of log and audit log", async () => {
	const auditLog = join(folder, "audit");
	const url = await start(["--metrics-access=authenticated", `--audit-log=${auditLog}`]);
	await overHttp1(`${url}/metrics?x=1`);
	await overHttp1(`${url}/metrics`, { authorization: "Bearer down" });
	const { body } = await overHttp1(`${url}/metrics`, { "x-api-key": "good" });
	expect(body).toContain('wukong_requests_refused_total{cause="credential"} 2');
	expect(log.filter((line) => line.includes('"cause":"credential"'))).toHaveLength(2);
	await app?.close();
	const lines = (await readFile(auditLog, "utf8")).trim().split("\n");
	expect(lines.map((line) => JSON.parse(line))).toMatchObject([
		{
			...{ method: "GET /metrics", outcome: "refused", address: "127.0.0.1" },
			...{ code: "Unauthenticated", reason: "UNAUTHENTICATED" },
		},
	]);
});

/** Asks for the services, by gRPC. */
async function reflect(url: string, headers: Record<string, string> = {}): Promise<string> {
	const client = createClient(ServerReflection, createGrpcTransport({ baseUrl: url }));
	async function* questions() {
		yield create(ServerReflectionRequestSchema, {
			messageRequest: { case: "listServices", value: "" },
		});
	}
	try {
		for await (const _ of client.serverReflectionInfo(questions(), { headers })) return "answered";
	} catch (error) {
		return Code[(error as { code: Code }).code] ?? "";
	}
	return "";
}

test.each([
	[[], "Unauthenticated"],
	[["--reflection-access=authenticated"], "Unauthenticated"],
	[["--reflection-access=public"], "answered"],
])(
	"reflection is for those who sign in, unless it is asked otherwise: %j",
	async (flags, outcome) => {
		const url = await start(flags);
		expect(await reflect(url)).toBe(outcome);
		expect(await reflect(url, { authorization: "Bearer good" })).toBe("answered");
		const call = await overHttp1(`${url}/api/v1/wukongs`);
		expect(call.status).toBe(401);
	},
);
