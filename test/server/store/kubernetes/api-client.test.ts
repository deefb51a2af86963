import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import packageJson from "../../../../server/package.json" with { type: "json" };
import { systemClock } from "../../../../server/src/clock.ts";
import type { Api } from "../../../../server/src/store/kubernetes/api.ts";
import { createProduct } from "../../../../server/src/store/kubernetes/api-calls.ts";
import {
	createApiClient,
	defaultApiTimings,
} from "../../../../server/src/store/kubernetes/api-client.ts";
import { wukongKind } from "../../../../server/src/store/kubernetes/kinds/wukong.ts";
import {
	answerJson,
	type FakeApiServer,
	startFakeApiServer,
} from "../../../support/fake-api-server.ts";
import { wukongNamed } from "../write.ts";

const { signal } = new AbortController();
const resource = wukongKind.toResource(wukongNamed("a"), { requestId: "", fingerprint: "" });
const ref = { namespace: "default", name: "a" };
const newest = { limit: 500, continueToken: "", exactVersion: undefined, signal };

let fake: FakeApiServer;
let api: Api;

beforeEach(async () => {
	fake = await startFakeApiServer(systemClock);
	api = client();
});
afterEach(() => fake.close());

function client(timings: Partial<typeof defaultApiTimings> = {}, namespace = ""): Api {
	return createApiClient({
		resource: wukongKind,
		access: fake.access,
		namespace,
		timings: { ...defaultApiTimings, ...timings },
		clock: systemClock,
	});
}

const create = (from = api) => from.create(resource, { namespace: "default", dryRun: false });
const problemOf = (call: Promise<unknown>) =>
	call.then(
		() => "none",
		(error) => error.problem,
	);

describe("calls", () => {
	test("a list is asked for in pages, at a version, and in one namespace", async () => {
		await create();
		const one = client({}, "default");
		const page = await one.list({ ...newest, limit: 7, exactVersion: 1_001n });
		expect(page).toMatchObject({ version: 1_001n, continueToken: "" });
		expect(page.items.map(({ metadata }) => metadata.name)).toEqual(["a"]);
		await problemOf(one.list({ ...newest, continueToken: "next.5" }));
		expect(fake.requests.slice(1)).toEqual([
			"GET /namespaces/default/wukongs?limit=7&resourceVersion=1001&resourceVersionMatch=Exact",
			"GET /namespaces/default/wukongs?limit=500&continue=next.5",
		]);
	});

	test("a watch asks for bookmarks and its own end", async () => {
		const chunks = await api.watch({ fromVersion: 1_000n, timeoutMs: 1_000, signal });
		for await (const chunk of chunks) expect(String(chunk)).toContain("BOOKMARK");
		expect(fake.requests).toEqual([
			"GET /wukongs?watch=1&allowWatchBookmarks=true&resourceVersion=1000&timeoutSeconds=1",
		]);
	});

	test("a dry run is marked on every write", async () => {
		const raw = await create();
		const { uid, resourceVersion } = raw.metadata;
		await api.create(
			{ ...resource, metadata: { name: "b" } },
			{ namespace: "default", dryRun: true },
		);
		await api.replace(raw, { dryRun: true });
		expect(await api.remove(ref, { uid, resourceVersion, dryRun: true })).toBeUndefined();
		expect(fake.store.events).toHaveLength(1);
	});

	test("every call names its product in User-Agent (RFC 9110, 10.1.5), every write its field manager", async () => {
		const seen: { readonly call: string; readonly userAgent: string }[] = [];
		fake.intercept(({ method, url, userAgent }) => {
			seen.push({ call: `${method} ${url}`, userAgent });
			return false;
		});
		const full = createApiClient({
			resource: wukongKind,
			access: fake.access,
			namespace: "",
			timings: defaultApiTimings,
			clock: systemClock,
		});
		const raw = await create(full);
		await full.list(newest);
		await full.get(ref, signal);
		await full.replace(raw, { dryRun: true });
		const { uid, resourceVersion } = await full.replaceStatus(raw).then(({ metadata }) => metadata);
		await full.remove(ref, { uid, resourceVersion, dryRun: false });
		expect(new Set(seen.map(({ userAgent }) => userAgent))).toEqual(
			new Set([`wukong-api/${packageJson.version}`]),
		);
		const changing = seen.map(({ call }) => call).filter((call) => /^(POST|PUT|PATCH)/.test(call));
		expect(changing).toEqual([
			"POST /namespaces/default/wukongs?fieldManager=wukong-api",
			"PUT /namespaces/default/wukongs/a?fieldManager=wukong-api&dryRun=All",
			"PUT /namespaces/default/wukongs/a/status?fieldManager=wukong-api",
		]);
	});

	test("another program that uses the client is told apart by its product", async () => {
		const agents: string[] = [];
		fake.intercept(({ userAgent }) => {
			agents.push(userAgent);
			return false;
		});
		const other = createApiClient({
			resource: wukongKind,
			access: fake.access,
			namespace: "",
			timings: defaultApiTimings,
			clock: systemClock,
			product: createProduct("other"),
		});
		await create(other);
		expect(agents).toEqual([`other/${packageJson.version}`]);
		expect(fake.requests).toEqual(["POST /namespaces/default/wukongs?fieldManager=other"]);
	});

	test("a deletion that is over at once answers with nothing, one that waits with the object", async () => {
		const { uid, resourceVersion } = (await create()).metadata;
		expect(await api.remove(ref, { uid, resourceVersion, dryRun: false })).toBeUndefined();
		await fake.close();
		fake = await startFakeApiServer(systemClock, { finalizers: ["some/finalizer"] });
		const made = await create(client());
		const preconditions = {
			uid: made.metadata.uid,
			resourceVersion: made.metadata.resourceVersion,
		};
		const waiting = await client().remove(ref, { ...preconditions, dryRun: false });
		expect(waiting?.metadata.deletionTimestamp).toBeDefined();
	});
});

describe("a token that is not accepted", () => {
	const accept = (token: string) =>
		fake.intercept((request, response) => {
			if (request.token === `Bearer ${token}`) return false;
			answerJson(response, 401, { kind: "Status", code: 401 });
			return true;
		});

	test("is read anew, and the call goes through", async () => {
		accept("token-2");
		expect((await create()).metadata.name).toBe("a");
		expect(fake.renewals).toBe(1);
	});

	test("twice is a refusal", async () => {
		accept("token-9");
		expect(await problemOf(create())).toMatchObject({ kind: "refused", code: 401 });
		expect(fake.renewals).toBe(1);
	});
});

describe("failures", () => {
	const answer = (act: (response: ServerResponse) => void) =>
		fake.intercept((_, response) => {
			act(response);
			return true;
		});

	test("a refusal keeps its status and how long to wait", async () => {
		const status = { kind: "Status", code: 429, reason: "TooManyRequests" };
		answer((response) => answerJson(response, 429, status, { "retry-after": "7" }));
		expect(await problemOf(create())).toEqual({
			kind: "refused",
			code: 429,
			status,
			retryAfterMs: 7_000,
		});
	});

	test.each([
		["an HTML page", "<html>no</html>"],
		["an empty body", ""],
		["another kind of thing", '{"kind":"Pod"}'],
	])("a 200 with %s is garbled", async (_, body) => {
		answer((response) => response.writeHead(200).end(body));
		expect(await problemOf(create())).toEqual({ kind: "garbled" });
		expect(await problemOf(api.list(newest))).toEqual({ kind: "garbled" });
	});

	test("an error page of a proxy is a refusal", async () => {
		answer((response) => response.writeHead(502).end("<html>bad gateway</html>"));
		expect(await problemOf(create())).toMatchObject({ kind: "refused", code: 502, status: {} });
	});

	test("no one listening is unreachable", async () => {
		await fake.close();
		expect(await problemOf(create())).toEqual({ kind: "unreachable" });
		fake = await startFakeApiServer(systemClock);
	});

	test("a connection that never comes about is unreachable, in time", async () => {
		// The one connection is taken; the next call waits for it.
		const busy = await api.watch({ fromVersion: 1_000n, timeoutMs: 60_000, signal });
		const { agent } = await fake.access.credentials();
		agent.maxSockets = 1;
		expect(await problemOf(create(client({ connectTimeoutMs: 20 })))).toEqual({
			kind: "unreachable",
		});
		expect(busy).toBeDefined();
	});

	test("a reset after the request went out is lost", async () => {
		answer((response) => response.destroy());
		expect(await problemOf(create())).toEqual({ kind: "lost" });
	});

	test("an answer that breaks off is lost", async () => {
		answer((response) => {
			response.writeHead(200, { "content-length": 100 });
			response.write("{");
			setImmediate(() => response.destroy());
		});
		expect(await problemOf(create())).toEqual({ kind: "lost" });
	});

	test("an answer that does not come in time is lost", async () => {
		answer(() => {});
		expect(await problemOf(create(client({ answerTimeoutMs: 20 })))).toEqual({ kind: "lost" });
	});

	test("a caller who leaves ends a read with the caller's reason", async () => {
		const leaving = new AbortController();
		answer(() => leaving.abort("left"));
		await expect(api.get(ref, leaving.signal)).rejects.toBe("left");
	});

	test("a server that speaks another protocol is lost, not a crash", async () => {
		const odd = createServer().on("connection", (socket) => socket.end("SSH-2.0-x\r\n"));
		await new Promise<void>((resolve) => odd.listen(0, "127.0.0.1", resolve));
		const server = new URL(`http://127.0.0.1:${(odd.address() as AddressInfo).port}`);
		const other = createApiClient({
			resource: wukongKind,
			access: { ...fake.access, server },
			namespace: "",
			timings: defaultApiTimings,
			clock: systemClock,
		});
		expect(await problemOf(other.list(newest))).toEqual({ kind: "lost" });
		odd.close();
	});
});
