import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Clock } from "../../clock.ts";
import type { ApiCall, ApiCalls, ClusterAccess, Product } from "./api.ts";
import { readText, sendCall } from "./http-call.ts";
import { parseLosslessJson } from "./lossless-json.ts";
import { isJsonObject, objectAt, textAt } from "./unstructured.ts";
import { UpstreamError } from "./upstream-error.ts";

/** Options of the calls to an API server. */
export interface ApiCallsOptions {
	readonly access: ClusterAccess;
	/** Time for a connection to come about, in milliseconds. */
	readonly connectTimeoutMs: number;
	readonly clock: Clock;
	/** Default: `wukong-api`, in this package's version. */
	readonly product?: Product;
}

const never = new AbortController().signal;

/** Creates the calls with the credentials of one access, which are renewed where they are refused. */
export function createApiCalls(options: ApiCallsOptions): ApiCalls {
	const { access, clock, connectTimeoutMs } = options;
	const { product = createProduct("wukong-api") } = options;

	const send = async (call: ApiCall) => {
		const { method, path, query = {}, body, accept, headers, signal = never } = call;
		const url = new URL(access.server);
		url.pathname = `${url.pathname.replace(/\/$/, "")}${path}`;
		url.search = new URLSearchParams(query).toString();
		return sendCall({
			method,
			url,
			credentials: await access.credentials(),
			userAgent: product.userAgent,
			...(body && { body: JSON.stringify(body) }),
			...(accept !== undefined && { accept }),
			...(headers && { headers }),
			...(Array.isArray(body) && { contentType: "application/json-patch+json" }),
			connectTimeoutMs,
			clock,
			signal,
		});
	};

	const open = async (call: ApiCall): Promise<IncomingMessage> => {
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

	const fetchText = async (call: ApiCall, timeoutMs: number): Promise<string> => {
		const late = new AbortController();
		const timer = clock.setTimer(timeoutMs, () =>
			late.abort(new UpstreamError({ kind: "lost" }, "no answer came in time")),
		);
		try {
			const signal = AbortSignal.any([call.signal ?? never, late.signal]);
			const response = await open({ ...call, signal });
			return await readText(response, signal);
		} finally {
			timer.cancel();
		}
	};

	return {
		product,
		open,
		fetchText,
		async fetchJson(call, timeoutMs) {
			const json = parseObject(await fetchText(call, timeoutMs));
			if (json !== undefined) return json;
			throw new UpstreamError({ kind: "garbled" }, "an answer is no JSON object");
		},
	};
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
	const named = headers["retry-after"];
	const { retryAfterSeconds } = objectAt(status, "details");
	const asked = named === undefined ? retryAfterSeconds : Number(named);
	const isAsked = typeof asked === "number" && Number.isFinite(asked) && asked >= 0;
	const retryAfterMs = isAsked ? asked * 1_000 : undefined;
	const message = `HTTP ${code}: ${textAt(status, "message").slice(0, 1_024)}`;
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
