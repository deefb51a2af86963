import {
	Agent,
	createServer,
	type IncomingMessage,
	type Server,
	type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Clock } from "../../server/src/clock.ts";
import type { ClusterAccess } from "../../server/src/store/kubernetes/api.ts";
import {
	objectAt,
	parseUnstructured,
	type Unstructured,
} from "../../server/src/store/kubernetes/unstructured.ts";
import {
	createFakeApiStore,
	type FakeApiStore,
	type FakeEvent,
	FakeRefusal,
} from "./fake-api-store.ts";

/** A request that a test may answer itself. */
export interface FakeRequest {
	readonly method: string;
	readonly path: string;
	/** Path with its query. */
	readonly url: string;
	readonly token: string;
	readonly userAgent: string;
}

/** Answers in place of the fake; true where it did. */
export type FakeAnswer = (request: FakeRequest, response: ServerResponse) => boolean;

/** Answers a request that is about another API group than the Wukongs'. */
export type FakeForeign = (
	request: { readonly method: string; readonly path: string; readonly body: JsonObject },
	response: ServerResponse,
) => Promise<void>;

/** Sends a line of a watch in place of the fake, or something else; true where it did. */
export type FakeLine = (line: string, response: ServerResponse) => boolean;

/** An API server over HTTP that knows one resource, and fails as a test tells it. */
export interface FakeApiServer {
	readonly store: FakeApiStore;
	/** The way in, for the client under test. */
	readonly access: ClusterAccess;
	/** How often `access` was asked to renew its credentials. */
	readonly renewals: number;
	/** All requests so far, as in `GET /wukongs?limit=1`. */
	readonly requests: string[];
	/** Looks at each request first; back to nothing with undefined. */
	intercept(answer: FakeAnswer | undefined): void;
	/** Looks at each line of a watch first; back to nothing with undefined. */
	interceptLines(send: FakeLine | undefined): void;
	/** Answers what is about another API group; without it that is 404. */
	foreign: FakeForeign | undefined;
	/** Number of watches that are open. */
	readonly watching: number;
	/** Breaks all watches off. */
	cutWatches(): void;
	/** Compacts, and ends all watches with ERROR 410. */
	expire(): void;
	/** Tells all watches the version. */
	bookmark(): void;
	close(): Promise<void>;
}

const root = "/apis/vm.novasphere.dev/v1alpha1";
const pathPattern = /^(?:\/namespaces\/([^/]+))?\/wukongs(?:\/([^/]+))?(\/status)?$/;

export async function startFakeApiServer(
	clock: Pick<Clock, "nowMs">,
	finalizers: readonly string[] = [],
): Promise<FakeApiServer> {
	const store = createFakeApiStore(clock, finalizers);
	const requests: string[] = [];
	const watches = new Set<{ response: ServerResponse; from: number; namespace: string }>();
	const snapshots = new Map<string, { items: Unstructured[]; version: number }>();
	let intercepting: FakeAnswer | undefined;
	let interceptingLines: FakeLine | undefined;
	let token = 1;

	const tell = (response: ServerResponse, type: string, object: JsonObject) => {
		const line = `${JSON.stringify({ type, object })}\n`;
		if (response.writableEnded || response.destroyed) return;
		if (interceptingLines?.(line, response) !== true) response.write(line);
	};
	const bookmark = (response: ServerResponse) =>
		tell(response, "BOOKMARK", { metadata: { resourceVersion: String(store.version) } });
	const shows = (namespace: string, { raw }: FakeEvent) =>
		namespace === "" || raw.metadata.namespace === namespace;
	const expired = (response: ServerResponse) => {
		tell(response, "ERROR", { kind: "Status", code: 410, reason: "Expired" });
		response.end();
	};
	store.onEvent((event) => {
		for (const { response, from, namespace } of watches) {
			if (event.version > from && shows(namespace, event)) tell(response, event.type, event.raw);
		}
	});

	const watch = (response: ServerResponse, namespace: string, query: URLSearchParams) => {
		const from = Number(query.get("resourceVersion"));
		response.writeHead(200, { "content-type": "application/json" });
		response.flushHeaders();
		// As measured: the answer is 200, and says so only then.
		if (from < store.compacted) return expired(response);
		for (const event of store.events) {
			if (event.version > from && shows(namespace, event)) tell(response, event.type, event.raw);
		}
		const open = { response, from, namespace };
		watches.add(open);
		const timer = setTimeout(
			() => {
				bookmark(response);
				response.end();
			},
			Number(query.get("timeoutSeconds")) * 1_000,
		);
		response.on("close", () => {
			clearTimeout(timer);
			watches.delete(open);
		});
	};

	const list = (namespace: string, query: URLSearchParams): JsonObject => {
		const exact = query.get("resourceVersion");
		const version = exact === null ? store.version : Number(exact);
		const [id = "", skip = "0"] = (query.get("continue") ?? "").split(".");
		const snapshot =
			id === ""
				? {
						version,
						items: store
							.list(version)
							.filter(({ metadata }) => namespace === "" || metadata.namespace === namespace),
					}
				: snapshots.get(id);
		if (snapshot === undefined) throw new FakeRefusal(410, "Expired", "the continue token expired");
		const end = Number(skip) + Number(query.get("limit") ?? Number.POSITIVE_INFINITY);
		const next = `${snapshot.version}x${namespace}`;
		const more = end < snapshot.items.length;
		if (more) snapshots.set(next, snapshot);
		return {
			kind: "WukongList",
			metadata: {
				resourceVersion: String(snapshot.version),
				...(more && { continue: `${next}.${end}` }),
			},
			items: snapshot.items.slice(Number(skip), end),
		};
	};

	const write = (
		{ method = "" }: IncomingMessage,
		target: { namespace: string; name: string; part: "spec" | "status" },
		{ body, dryRun }: { body: JsonObject; dryRun: boolean },
	): JsonObject => {
		const { namespace, name, part } = target;
		switch (method) {
			case "POST":
				return store.create(body, namespace, dryRun);
			case "PUT":
				return store.replace(parseUnstructured(body), part, dryRun);
			case "PATCH":
				return store.patch({ namespace, name }, body as never, dryRun);
			case "DELETE": {
				const preconditions = objectAt(body, "preconditions");
				const options = { preconditions, dryRun: dryRun || body.dryRun !== undefined };
				return (
					store.remove({ namespace, name }, options) ?? {
						kind: "Status",
						status: "Success",
						code: 200,
					}
				);
			}
			default:
				throw new FakeRefusal(405, "MethodNotAllowed", "not here");
		}
	};

	let foreign: FakeForeign | undefined;
	const handle = async (request: IncomingMessage, response: ServerResponse) => {
		const url = new URL(request.url ?? "", "http://fake");
		if (!url.pathname.startsWith(root)) {
			const { method = "" } = request;
			const body = await readJson(request);
			if (foreign === undefined) answerJson(response, 404, {});
			else await foreign({ method, path: url.pathname, body }, response);
			return;
		}
		const path = url.pathname.slice(root.length);
		requests.push(`${request.method} ${path}${url.search}`);
		const body = await readJson(request);
		const seen = {
			method: request.method ?? "",
			path,
			url: `${path}${url.search}`,
			token: request.headers.authorization ?? "",
			userAgent: request.headers["user-agent"] ?? "",
		};
		if (intercepting?.(seen, response) === true) return;
		const [, namespace = "", name = "", status] = pathPattern.exec(path) ?? [];
		if (request.method === "GET" && url.searchParams.has("watch")) {
			watch(response, namespace, url.searchParams);
			return;
		}
		const dryRun = url.searchParams.get("dryRun") === "All";
		const target = { namespace, name, part: status === undefined ? "spec" : "status" } as const;
		let answer: JsonObject;
		if (request.method !== "GET") answer = write(request, target, { body, dryRun });
		else answer = name === "" ? list(namespace, url.searchParams) : store.get(namespace, name);
		answerJson(response, request.method === "POST" ? 201 : 200, answer);
	};

	const server = createServer((request, response) => {
		handle(request, response).catch((error) => {
			if (error instanceof FakeRefusal)
				answerJson(response, Number(error.status.code), error.status);
			else answerJson(response, 500, { kind: "Status", message: String(error) });
		});
	});
	const port = await listen(server);
	const agent = new Agent({ keepAlive: true });

	return {
		store,
		requests,
		access: {
			server: new URL(`http://127.0.0.1:${port}`),
			credentials: async () => ({ agent, headers: { authorization: `Bearer token-${token}` } }),
			async renew() {
				token++;
			},
			close: () => agent.destroy(),
		},
		get renewals() {
			return token - 1;
		},
		get foreign() {
			return foreign;
		},
		set foreign(answer) {
			foreign = answer;
		},
		get watching() {
			return watches.size;
		},
		intercept(answer) {
			intercepting = answer;
		},
		interceptLines(send) {
			interceptingLines = send;
		},
		cutWatches() {
			for (const { response } of watches) response.destroy();
			watches.clear();
		},
		expire() {
			store.compact();
			for (const { response } of watches) expired(response);
			watches.clear();
		},
		bookmark() {
			for (const { response } of watches) bookmark(response);
		},
		async close() {
			agent.destroy();
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

/** Answers with JSON. */
export function answerJson(
	response: ServerResponse,
	code: number,
	body: JsonObject,
	headers: Record<string, string> = {},
): void {
	response.writeHead(code, { "content-type": "application/json", ...headers });
	response.end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<JsonObject> {
	const parts: Buffer[] = [];
	for await (const part of request) parts.push(part);
	const text = Buffer.concat(parts).toString();
	return text === "" ? {} : JSON.parse(text);
}

function listen(server: Server): Promise<number> {
	return new Promise((resolve) => {
		server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
	});
}
