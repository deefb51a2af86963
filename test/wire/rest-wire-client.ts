import { Agent as HttpAgent, request as requestHttp } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import {
	create,
	type DescMethod,
	fromJson,
	getOption,
	type JsonObject,
	type JsonValue,
	toJson,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { http } from "@novasphere/wukong-gen/annotations";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import { errorOf, type Status } from "../support/plain-watch.ts";
import { queryOf } from "../support/query-of.ts";
import type { WireCallOptions, WireClient } from "./wire-client.ts";
import type { WireServer } from "./wires.ts";

/** A request as HTTP has it. */
interface RestRequest {
	readonly method: string;
	readonly target: string;
	readonly headers: Readonly<Record<string, string>>;
	/** undefined: there is no body. */
	readonly body: string | undefined;
	readonly signal: AbortSignal | undefined;
}

interface RestAnswer {
	readonly status: number;
	readonly body: Readable;
}

type Send = (request: RestRequest) => Promise<RestAnswer>;

/** REST as the contract's HTTP rules have it, spoken by hand. */
export function createRestWireClient(server: WireServer, isHttp2: boolean): WireClient {
	const { send, close } = isHttp2 ? createHttp2Send(server) : createHttp1Send(server);

	const call = async (method: DescMethod, request: never, options: WireCallOptions) => {
		const asked = requestOf(method, toJson(method.input, create(method.input, request)), options);
		try {
			return await send(asked);
		} catch (error) {
			throw leftOr(error, options);
		}
	};
	return {
		async unary(name, request, options = {}) {
			const method: DescMethod = WukongService.method[name];
			const { status, body } = await call(method, request as never, options);
			const json = JSON.parse(await text(body)) as JsonValue;
			if (status >= 400) throw errorOf(json as unknown as Status);
			return fromJson(method.output, json) as never;
		},
		watch() {
			throw new Error("streams of plain HTTP are wires of their own");
		},
		close,
	};
}

function leftOr(error: unknown, { signal }: WireCallOptions): unknown {
	return signal?.aborted === true ? new ConnectError("left", Code.Canceled) : error;
}

/** Writes a message as the main rule of its method has it. */
function requestOf(
	method: DescMethod,
	message: JsonValue,
	{ timeoutMs, signal }: WireCallOptions,
): RestRequest {
	const { pattern, body } = getOption(method, http);
	const rest = message as JsonObject;
	const target = String(pattern.value).replaceAll(/\{([\w.]+)\}/g, (_, name: string) => {
		return encodeURIComponent(String(take(rest, name.split(".").map(jsonName)) ?? ""));
	});
	const content = body === "*" ? rest : body === "" ? undefined : (take(rest, [body]) ?? {});
	const query = body === "*" ? "" : queryOf(rest);
	const headers: Record<string, string> = {};
	if (content !== undefined) headers["content-type"] = "application/json";
	if (timeoutMs !== undefined) headers["connect-timeout-ms"] = String(timeoutMs);
	return {
		method: String(pattern.case).toUpperCase(),
		target: query === "" ? target : `${target}?${query}`,
		headers,
		body: content === undefined ? undefined : JSON.stringify(content),
		signal,
	};
}

function jsonName(name: string): string {
	return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Takes a value out of an object; undefined: it is not there. */
function take(json: JsonObject, [name = "", ...names]: readonly string[]): JsonValue | undefined {
	if (names.length > 0) return take((json[name] ?? {}) as JsonObject, names);
	const value = json[name];
	delete json[name];
	return value;
}

function createHttp1Send({ url, certificate }: WireServer): { send: Send; close(): void } {
	const isTls = url.startsWith("https:");
	const options = { keepAlive: true, ...(certificate === undefined ? {} : { ca: certificate }) };
	const agent = isTls ? new HttpsAgent(options) : new HttpAgent(options);
	const request = isTls ? requestHttps : requestHttp;
	return {
		send: ({ method, target, headers, body, signal }) =>
			new Promise((resolve, reject) => {
				const options = { method, headers, agent, ...(signal === undefined ? {} : { signal }) };
				request(url + target, options, (answer) => {
					resolve({ status: answer.statusCode ?? 0, body: answer });
				})
					.on("error", reject)
					.end(body);
			}),
		close: () => agent.destroy(),
	};
}

function createHttp2Send({ url, certificate }: WireServer): { send: Send; close(): void } {
	let session: ClientHttp2Session | undefined;
	const open = () => {
		if (session === undefined || session.destroyed || session.closed) {
			session = connectHttp2(url, certificate === undefined ? {} : { ca: certificate });
			session.on("error", () => {});
		}
		return session;
	};
	return {
		send: ({ method, target, headers, body, signal }) =>
			new Promise((resolve, reject) => {
				const stream = open().request(
					{ ":method": method, ":path": target, ...headers },
					signal === undefined ? {} : { signal },
				);
				stream.on("error", reject);
				stream.on("response", (fields) =>
					resolve({ status: fields[":status"] ?? 0, body: stream }),
				);
				stream.end(body);
			}),
		close: () => session?.destroy(),
	};
}
