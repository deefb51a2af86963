import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Clock } from "../../clock.ts";
import type { Credentials, HeaderFields } from "./api.ts";
import { UpstreamError } from "./upstream-error.ts";

/** One HTTP request to the API server. */
export interface HttpCall {
	readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	readonly url: URL;
	readonly credentials: Credentials;
	readonly userAgent: string;
	/** JSON; undefined: no body. */
	readonly body?: string;
	/** Media type of the body. Default: `application/json`. */
	readonly contentType?: string;
	/** Media type that is asked for. Default: `application/json`. */
	readonly accept?: string;
	/** Further header fields, which win over those of the credentials. Default: none. */
	readonly headers?: HeaderFields;
	/** Time for a connection to come about, waiting for a free one included. */
	readonly connectTimeoutMs: number;
	readonly clock: Clock;
	/** Aborts the call at any time, the reading of its body included. */
	readonly signal: AbortSignal;
}

/**
 * Sends one request; resolves when the answer's head is there. @throws UpstreamError
 * "unreachable" as long as nothing can have been sent, then "lost"; the signal's reason
 */
export function sendCall(call: HttpCall): Promise<IncomingMessage> {
	const { method, url, credentials, userAgent, body, signal } = call;
	const { contentType = "application/json", accept = "application/json" } = call;
	const secure = url.protocol === "https:";
	return new Promise((resolve, reject) => {
		if (signal.aborted) return reject(signal.reason);
		let sent = false;
		const request = (secure ? requestHttps : requestHttp)(url, {
			method,
			agent: credentials.agent,
			headers: {
				...credentials.headers,
				// A kubeconfig may impersonate somebody by itself.
				...(call.headers as Record<string, string | string[]> | undefined),
				accept,
				"user-agent": userAgent,
				...(body !== undefined && {
					"content-type": contentType,
					"content-length": Buffer.byteLength(body),
				}),
			},
			signal,
		});
		let isOver = false;
		const settle = () => {
			isOver = true;
			timer.cancel();
			signal.removeEventListener("abort", onAbort);
		};
		const fail = (error: Error) => {
			settle();
			reject(new UpstreamError({ kind: sent ? "lost" : "unreachable" }, error.message, error));
		};
		// A request that still waits for a connection emits no event when it is aborted.
		const onAbort = () => {
			settle();
			reject(signal.reason);
		};
		const timer = call.clock.setTimer(call.connectTimeoutMs, () => {
			// After a blocked event loop the timers run before the event of the connection.
			setImmediate(() => {
				if (sent || isOver) return;
				fail(new Error("no connection came about in time"));
				request.destroy();
			});
		});
		const onConnected = () => {
			sent = true;
			timer.cancel();
		};
		signal.addEventListener("abort", onAbort, { once: true });
		request.on("socket", (socket) => {
			if (request.reusedSocket) onConnected();
			else socket.once(secure ? "secureConnect" : "connect", onConnected);
		});
		request.on("error", fail);
		request.on("response", (response) => {
			settle();
			resolve(response);
		});
		request.end(body);
	});
}

/** Yields the bytes of an answer. @throws UpstreamError "lost", the signal's reason */
export async function* readBytes(
	response: IncomingMessage,
	signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
	try {
		yield* response;
	} catch (error) {
		signal.throwIfAborted();
		throw new UpstreamError({ kind: "lost" }, "the answer broke off", error);
	}
}

/** Reads the whole answer as text. @throws as `readBytes` */
export async function readText(response: IncomingMessage, signal: AbortSignal): Promise<string> {
	const parts: Uint8Array[] = [];
	for await (const part of readBytes(response, signal)) parts.push(part);
	return Buffer.concat(parts).toString("utf8");
}
