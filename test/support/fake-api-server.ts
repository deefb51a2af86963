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
import { createFakeApiStore, type FakeApiStore, FakeRefusal } from "./fake-api-store.ts";
import { createFakeResource, type FakeResource } from "./fake-resource.ts";

/** A request that a test may answer itself. */
export interface FakeRequest {
	readonly method: string;
	/** Behind group and version. */
	readonly path: string;
	/** Path with its query. */
	readonly url: string;
	readonly token: string;
	readonly userAgent: string;
}

/** A request that came, of whichever API group. */
export interface FakeReceived {
	readonly method: string;
	readonly path: string;
	/** Its `Impersonate-` fields by their names in lower case; a value for each field. */
	readonly impersonation: Readonly<Record<string, readonly string[]>>;
}

/** Answers in place of the fake; true where it did. */
export type FakeAnswer = (request: FakeRequest, response: ServerResponse) => boolean;

/** Answers a request that is about another API group than those that are served. */
export type FakeForeign = (
	request: { readonly method: string; readonly path: string; readonly body: JsonObject },
	response: ServerResponse,
) => Promise<void>;

/** Sends a line of a watch in place of the fake, or something else; true where it did. */
export type FakeLine = (line: string, response: ServerResponse, plural: FakePlural) => boolean;

/** Name of a kind that a fake API server may serve, as paths have it. */
export type FakePlural = "wukongs" | "virtualmachines" | "virtualmachineinstances";

/** An API server over HTTP that knows Wukongs, or KubeVirt's kinds too, and fails as a test tells it. */
export interface FakeApiServer {
	/** The Wukongs. */
	readonly store: FakeApiStore;
	/** The objects of each kind that is served; each has versions of its own. */
	readonly stores: ReadonlyMap<FakePlural, FakeApiStore>;
	/** The way in, for the client under test. */
	readonly access: ClusterAccess;
	/** How often `access` was asked to renew its credentials. */
	readonly renewals: number;
	/** All requests so far, as in `GET /wukongs?limit=1`. */
	readonly requests: string[];
	/** The same, those about other API groups too, and whom they impersonate. */
	readonly received: FakeReceived[];
	/** Looks at each request first; back to nothing with undefined. */
	intercept(answer: FakeAnswer | undefined): void;
	/** Looks at each line of a watch first; back to nothing with undefined. */
	interceptLines(send: FakeLine | undefined): void;
	/** Answers what is about another API group; without it that is 404. */
	foreign: FakeForeign | undefined;
	/** Number of watches that are open, of all kinds. */
	readonly watching: number;
	/** Number of those of one kind. */
	watchingOf(plural: FakePlural): number;
	/** Breaks all watches off. */
	cutWatches(): void;
	/** Compacts, and ends all watches with ERROR 410. */
	expire(): void;
	/** Tells all watches the version. */
	bookmark(): void;
	close(): Promise<void>;
}

export interface FakeApiOptions {
	/** What a webhook puts on each new Wukong. Default: none. */
	readonly finalizers?: readonly string[];
	/** It serves KubeVirt's kinds, too. Default: false. */
	readonly servesKubeVirt?: boolean;
}

/** Path of each group and version, and the kinds in it. */
const groups: ReadonlyMap<string, Partial<Record<FakePlural, string>>> = new Map([
	["/apis/vm.novasphere.dev/v1alpha1", { wukongs: "Wukong" }],
	[
		"/apis/kubevirt.io/v1",
		{
			virtualmachines: "VirtualMachine",
			virtualmachineinstances: "VirtualMachineInstance",
		},
	],
]);
const pathPattern = /^(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?(\/status)?$/;

export async function startFakeApiServer(
	clock: Pick<Clock, "nowMs">,
	options: FakeApiOptions = {},
): Promise<FakeApiServer> {
	const { finalizers = [], servesKubeVirt = false } = options;
	const requests: string[] = [];
	const received: FakeReceived[] = [];
	let intercepting: FakeAnswer | undefined;
	let interceptingLines: FakeLine | undefined;
	let foreign: FakeForeign | undefined;
	let token = 1;

	const resources = new Map<FakePlural, FakeResource>();
	const stores = new Map<FakePlural, FakeApiStore>();
	const add = (plural: FakePlural, kind: string, store: FakeApiStore) => {
		stores.set(plural, store);
		const send = (line: string, response: ServerResponse) => {
			if (interceptingLines?.(line, response, plural) !== true) response.write(line);
		};
		resources.set(plural, createFakeResource(kind, store, send));
	};
	const wukongs = createFakeApiStore(clock, { finalizers });
	add("wukongs", "Wukong", wukongs);
	if (servesKubeVirt) {
		// Far apart: a version that is taken for one of another kind shows.
		add("virtualmachines", "VirtualMachine", createFakeApiStore(clock, { version: 500_000 }));
		add(
			"virtualmachineinstances",
			"VirtualMachineInstance",
			createFakeApiStore(clock, { version: 9_000_000 }),
		);
	}
	const all = () => [...resources.values()];

	const handle = async (request: IncomingMessage, response: ServerResponse) => {
		const url = new URL(request.url ?? "", "http://fake");
		const { method = "" } = request;
		const fields = Object.entries(request.headersDistinct as Record<string, string[]>);
		const impersonation = Object.fromEntries(
			fields.filter(([field]) => field.startsWith("impersonate-")),
		);
		received.push({ method, path: url.pathname, impersonation });
		const body = await readJson(request);
		const root = [...groups.keys()].find((one) => `${url.pathname}/`.startsWith(`${one}/`)) ?? "";
		const served = Object.keys(groups.get(root) ?? {}).filter((one) =>
			stores.has(one as FakePlural),
		);
		if (served.length === 0) {
			if (foreign === undefined) answerJson(response, 404, {});
			else await foreign({ method, path: url.pathname, body }, response);
			return;
		}
		const path = url.pathname.slice(root.length);
		requests.push(`${method} ${path}${url.search}`);
		const seen = {
			method,
			path,
			url: `${path}${url.search}`,
			token: request.headers.authorization ?? "",
			userAgent: request.headers["user-agent"] ?? "",
		};
		if (intercepting?.(seen, response) === true) return;
		if (path === "") {
			answerJson(response, 200, { resources: served.map((name) => ({ name })) });
			return;
		}
		const [, namespace = "", plural = "", name = "", status] = pathPattern.exec(path) ?? [];
		const resource = resources.get(plural as FakePlural);
		if (resource === undefined) throw new FakeRefusal(404, "NotFound", "no such resource");
		if (method === "GET" && url.searchParams.has("watch")) {
			resource.watch(response, namespace, url.searchParams);
			return;
		}
		const dryRun = url.searchParams.get("dryRun") === "All";
		const target = { namespace, name, part: status === undefined ? "spec" : "status" } as const;
		let answer: JsonObject;
		if (method !== "GET") answer = resource.write(method, target, { body, dryRun });
		else if (name === "") answer = resource.list(namespace, url.searchParams);
		else answer = resource.store.get(namespace, name);
		answerJson(response, method === "POST" ? 201 : 200, answer);
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
		store: wukongs,
		stores,
		requests,
		received,
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
			return all().reduce((sum, { watching }) => sum + watching, 0);
		},
		watchingOf: (plural) => resources.get(plural)?.watching ?? 0,
		intercept(answer) {
			intercepting = answer;
		},
		interceptLines(line) {
			interceptingLines = line;
		},
		cutWatches() {
			for (const resource of all()) resource.cutWatches();
		},
		expire() {
			for (const resource of all()) resource.expire();
		},
		bookmark() {
			for (const resource of all()) resource.bookmark();
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
