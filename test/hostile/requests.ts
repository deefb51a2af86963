import { pathOf } from "../support/path-of.ts";
import type { Fields, HostileRequest } from "./row.ts";
import { envelope } from "./wire-bytes.ts";

/** A POST of one content type. */
export function post(
	method: string,
	contentType: string,
	options: {
		readonly body: string | Uint8Array;
		readonly headers?: Fields;
		readonly open?: boolean;
	},
): HostileRequest {
	return {
		method: "POST",
		target: pathOf(method),
		headers: [["content-type", contentType], ...(options.headers ?? [])],
		body: Buffer.from(options.body as string),
		open: options.open ?? false,
	};
}

/** Connect's unary form, JSON. */
export function json(
	method: string,
	body: string | Uint8Array,
	...headers: Fields
): HostileRequest {
	return post(method, "application/json", { body, headers });
}

/** Connect's unary form, binary. */
export function proto(
	method: string,
	body: string | Uint8Array,
	...headers: Fields
): HostileRequest {
	return post(method, "application/proto", { body, headers });
}

/** Connect's stream form, JSON; the body lies in envelopes already. */
export function watchJson(body: string | Uint8Array, ...headers: Fields): HostileRequest {
	return post("WatchWukong", "application/connect+json", { body, headers });
}

/** One message of a watch in JSON. */
export function watchMessage(message: string): HostileRequest {
	return watchJson(envelope(message));
}

/** Connect's GET. `query` stands as it is sent. */
export function get(method: string, query: string, ...headers: Fields): HostileRequest {
	return { method: "GET", target: `${pathOf(method)}?${query}`, headers, body: Buffer.alloc(0) };
}

/** A call by REST; `body` undefined: it has none. */
export function rest(
	method: string,
	target: string,
	body?: string | Uint8Array,
	...headers: Fields
): HostileRequest {
	const typed = headers.some(([name]) => name === "content-type");
	const type: Fields = body === undefined || typed ? [] : [["content-type", "application/json"]];
	return {
		method,
		target: `/api/v1${target}`,
		headers: [...type, ...headers],
		body: Buffer.from((body ?? "") as string),
	};
}

/** A gRPC call; the body lies in envelopes already. */
export function grpc(
	method: string,
	body: string | Uint8Array,
	...headers: Fields
): HostileRequest {
	return post(method, "application/grpc", { body, headers: [["te", "trailers"], ...headers] });
}

/** A Connect request in JSON as a gRPC call in gRPC's JSON form: rules judge both alike. */
export function asGrpc(request: HostileRequest): HostileRequest {
	const isEnveloped = request.headers.some(([, value]) => value.startsWith("application/connect+"));
	return {
		...request,
		headers: [
			["content-type", "application/grpc+json"],
			["te", "trailers"],
		],
		body: isEnveloped ? request.body : envelope(request.body),
	};
}
