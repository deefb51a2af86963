import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";

/** A JSON document whose shape a test knows. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many kinds.
export type Document = any;

/** What an API server said. */
export interface KubeAnswer {
	/** HTTP status. */
	readonly status: number;
	/** The document, or a text where it is none. */
	readonly body: Document;
	/** Texts of the `Warning` headers: what was accepted but is not right. */
	readonly warnings: readonly string[];
}

/** One call of a Kubernetes API. */
export interface KubeCall {
	readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	/** With its query. */
	readonly path: string;
	/** A string is YAML, everything else goes as JSON; default none. */
	readonly body?: unknown;
	/** Default: merge patch for PATCH, else by the kind of body. */
	readonly contentType?: string;
	/** Default: JSON. */
	readonly accept?: string;
}

/** The bare API of an API server, as one caller sees it. */
export interface KubeApi {
	/** Whatever the answer is. Rejects where there is none. */
	send(call: KubeCall): Promise<KubeAnswer>;
	/** The document of a successful call. @throws naming the call and the answer */
	expect(call: KubeCall): Promise<Document>;
	/** Closes idle connections. */
	close(): void;
}

/** Where an API server is and who calls. */
export interface KubeAccess {
	readonly url: string;
	/** Certificates to trust, in PEM. */
	readonly ca: string;
	/** Bearer token. */
	readonly token: string;
}

/** A caller of an API server. */
export function createKubeApi({ url, ca, token }: KubeAccess): KubeApi {
	const agent = new Agent({ keepAlive: true, ca });
	const send = async (call: KubeCall): Promise<KubeAnswer> => {
		const response = await exchange(new URL(call.path, url), call, { agent, token });
		const content = await text(response);
		return {
			status: response.statusCode ?? 0,
			body: parse(content),
			warnings: [response.headers.warning ?? []].flat(),
		};
	};
	return {
		send,
		async expect(call) {
			const { status, body } = await send(call);
			if (status < 300) return body;
			throw new Error(`${call.method} ${call.path}: ${status} ${JSON.stringify(body)}`);
		},
		close: () => agent.destroy(),
	};
}

function exchange(
	url: URL,
	{
		method,
		body,
		contentType = contentTypeOf(method, body),
		accept = "application/json",
	}: KubeCall,
	{ agent, token }: { readonly agent: Agent; readonly token: string },
): Promise<IncomingMessage> {
	const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
	const headers = { authorization: `Bearer ${token}`, "content-type": contentType, accept };
	request(url, { method, agent, headers })
		.on("response", resolve)
		.on("error", reject)
		.end(typeof body === "string" ? body : body && JSON.stringify(body));
	return promise;
}

function contentTypeOf(method: string, body: unknown): string {
	if (method === "PATCH") return "application/merge-patch+json";
	return typeof body === "string" ? "application/yaml" : "application/json";
}

function parse(content: string): Document {
	try {
		return JSON.parse(content);
	} catch {
		return content;
	}
}
