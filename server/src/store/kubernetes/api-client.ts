import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Clock } from "../../clock.ts";
import type { ObjectRef } from "../../resource/object.ts";
import type { ClusterAccess, OperatorApi } from "./api.ts";
import { type HttpCall, readBytes, readText, sendCall } from "./http-call.ts";
import { parseLosslessJson } from "./lossless-json.ts";
import { apiVersionOf, type GroupVersionResource } from "./resource-kind.ts";
import { isJsonObject, objectAt, parseUnstructured, versionOf } from "./unstructured.ts";
import { UpstreamError } from "./upstream-error.ts";

export interface ApiTimings {
	/** Time for a connection to come about, in milliseconds. Default 1,000. */
	readonly connectTimeoutMs: number;
	/** Time for one answer, in milliseconds; a watch has its own. Default 10,000. */
	readonly answerTimeoutMs: number;
	/** Time for one page of a list, in milliseconds; one object is no page. Default 30,000. */
	readonly listTimeoutMs: number;
}

export const defaultApiTimings: ApiTimings = {
	connectTimeoutMs: 1_000,
	answerTimeoutMs: 10_000,
	listTimeoutMs: 30_000,
};

/** The program that calls the API server, as audit logs and `managedFields` name it. */
export interface Product {
	/**
	 * `fieldManager` of every write.
	 * Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers
	 */
	readonly name: string;
	/** User-Agent (RFC 9110, section 10.1.5) of every call, as in `wukong-api/0.1.0`. */
	readonly userAgent: string;
}

export interface ApiClientOptions {
	readonly access: ClusterAccess;
	/** The resource that the calls are about. */
	readonly resource: GroupVersionResource;
	/** The one namespace to list and watch; empty: all. */
	readonly namespace: string;
	readonly timings: ApiTimings;
	readonly clock: Clock;
	/** Name and version of the caller. Default: `wukong-api`, in this package's version. */
	readonly product?: Product;
}

interface Call extends Pick<HttpCall, "method"> {
	/** Below the resource's API group. */
	readonly path: string;
	readonly query?: Readonly<Record<string, string>>;
	readonly body?: JsonObject;
	readonly signal?: AbortSignal;
}

const never = new AbortController().signal;

/** Creates the calls to the API server: HTTP/1.1, on connections that are kept open. */
export function createApiClient(options: ApiClientOptions): OperatorApi {
	const { access, resource, namespace, timings, clock } = options;
	const { product = createProduct("wukong-api") } = options;
	const { connectTimeoutMs } = timings;

	const send = async ({ method, path, query = {}, body, signal = never }: Call) => {
		const url = new URL(access.server);
		url.pathname = `${url.pathname.replace(/\/$/, "")}/apis/${apiVersionOf(resource)}${path}`;
		url.search = new URLSearchParams(query).toString();
		return sendCall({
			method,
			url,
			credentials: await access.credentials(),
			userAgent: product.userAgent,
			...(body && { body: JSON.stringify(body) }),
			connectTimeoutMs,
			clock,
			signal,
		});
	};

	/** Sends a call. @returns the answer; it is no refusal */
	const open = async (call: Call): Promise<IncomingMessage> => {
		let response = await send(call);
		if (response.statusCode === 401) {
			// Tokens are rotated: those on disk may be newer than those in use.
			response.resume();
			await access.renew();
			response = await send(call);
		}
		const { statusCode = 0 } = response;
		if (statusCode >= 200 && statusCode < 300) return response;
		throw refusal(statusCode, response, await readText(response, call.signal ?? never));
	};

	const fetchJson = async (call: Call, timeoutMs: number): Promise<JsonObject> => {
		const late = new AbortController();
		const timer = clock.setTimer(timeoutMs, () =>
			late.abort(new UpstreamError({ kind: "lost" }, "no answer came in time")),
		);
		try {
			const signal = AbortSignal.any([call.signal ?? never, late.signal]);
			const response = await open({ ...call, signal });
			const json = parseObject(await readText(response, signal));
			if (json !== undefined) return json;
			throw new UpstreamError({ kind: "garbled" }, "an answer is no JSON object");
		} finally {
			timer.cancel();
		}
	};
	const fetchOne = (call: Call) => fetchJson(call, timings.answerTimeoutMs);
	const pathIn = (inNamespace: string) =>
		`/namespaces/${encodeURIComponent(inNamespace)}/${resource.plural}`;
	const pathOf = (ref: ObjectRef) => `${pathIn(ref.namespace)}/${encodeURIComponent(ref.name)}`;
	const all = namespace === "" ? `/${resource.plural}` : pathIn(namespace);
	const writeQuery = (dryRun = false) => ({
		fieldManager: product.name,
		...(dryRun && { dryRun: "All" }),
	});

	return {
		async list({ limit, continueToken, exactVersion, signal }) {
			const query = {
				limit: String(limit),
				...(continueToken !== "" && { continue: continueToken }),
				...(exactVersion !== undefined && {
					resourceVersion: String(exactVersion),
					resourceVersionMatch: "Exact",
				}),
			};
			const call: Call = { method: "GET", path: all, query, signal };
			const isPage = limit > 1;
			const list = await fetchJson(call, isPage ? timings.listTimeoutMs : timings.answerTimeoutMs);
			const metadata = objectAt(list, "metadata");
			return {
				items: (Array.isArray(list.items) ? list.items : []).map(parseUnstructured),
				version: versionOf(metadata.resourceVersion),
				continueToken: typeof metadata.continue === "string" ? metadata.continue : "",
			};
		},
		async watch({ fromVersion, timeoutMs, signal }) {
			const query = {
				watch: "1",
				allowWatchBookmarks: "true",
				resourceVersion: String(fromVersion),
				timeoutSeconds: String(Math.ceil(timeoutMs / 1_000)),
			};
			const response = await open({ method: "GET", path: all, query, signal });
			return readBytes(response, signal);
		},
		get: async (ref, signal) =>
			parseUnstructured(await fetchOne({ method: "GET", path: pathOf(ref), signal })),
		async create(body, { namespace, dryRun }) {
			const path = pathIn(namespace);
			const made = await fetchOne({ method: "POST", path, query: writeQuery(dryRun), body });
			return parseUnstructured(dryRun ? withVersion(made) : made);
		},
		replace: async (body, { dryRun }) =>
			parseUnstructured(
				await fetchOne({
					method: "PUT",
					path: pathOf(body.metadata),
					query: writeQuery(dryRun),
					body,
				}),
			),
		replaceStatus: async (body) =>
			parseUnstructured(
				await fetchOne({
					method: "PUT",
					path: `${pathOf(body.metadata)}/status`,
					query: writeQuery(),
					body,
				}),
			),
		async remove(ref, { uid, resourceVersion, dryRun }) {
			const body = {
				apiVersion: "v1",
				kind: "DeleteOptions",
				preconditions: { uid, resourceVersion },
				...(dryRun && { dryRun: ["All"] }),
			};
			const answer = await fetchOne({ method: "DELETE", path: pathOf(ref), body });
			return answer.kind === "Status" ? undefined : parseUnstructured(answer);
		},
		close: () => access.close(),
	};
}

/** Adds version 0 to an object that was not stored, as a dry run's: it has none. */
function withVersion(made: JsonObject): JsonObject {
	return { ...made, metadata: { resourceVersion: "0", ...objectAt(made, "metadata") } };
}

function parseObject(text: string): JsonObject | undefined {
	try {
		const value = parseLosslessJson(text);
		return isJsonObject(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

function refusal(code: number, { headers }: IncomingMessage, text: string): UpstreamError {
	const status = parseObject(text) ?? {};
	const asked = Number(headers["retry-after"] ?? objectAt(status, "details").retryAfterSeconds);
	const retryAfterMs = Number.isFinite(asked) ? asked * 1_000 : undefined;
	const message = `HTTP ${code}: ${String(status.message ?? "").slice(0, 1_024)}`;
	return new UpstreamError({ kind: "refused", code, status, retryAfterMs }, message);
}

/** Creates the name of a program. @param name a token of RFC 9110 */
export function createProduct(name: string): Product {
	return { name, userAgent: `${name}/${packageVersion()}` };
}

/** Reads the version of this package; the sources and the built files lie at the same depth. */
function packageVersion(): string {
	const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
	return JSON.parse(text).version;
}
