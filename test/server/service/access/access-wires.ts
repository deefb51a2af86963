import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import {
	type Client,
	Code,
	ConnectError,
	createClient,
	type Interceptor,
	type Transport,
} from "@connectrpc/connect";
import {
	createConnectTransport,
	createGrpcTransport,
	createGrpcWebTransport,
} from "@connectrpc/connect-node";
import {
	AccessService,
	CheckAccessResponseSchema,
	CreateStreamTicketResponseSchema,
	GetCallerResponseSchema,
	type WatchAccessResponse,
	WatchAccessResponseSchema,
} from "@novasphere/wukong-gen/access-service";
import { reasonIn } from "../../../../server/src/service/errors/connect-error.ts";

/** AccessService as one protocol has it. Failures are thrown as their reasons. */
export interface AccessWire {
	getCaller: Client<typeof AccessService>["getCaller"];
	checkAccess: Client<typeof AccessService>["checkAccess"];
	createStreamTicket: Client<typeof AccessService>["createStreamTicket"];
	watchAccess: Client<typeof AccessService>["watchAccess"];
}

export type ConnectAccess = (url: string, key: string | undefined) => AccessWire;

const withKey =
	(key: string | undefined): Interceptor =>
	(next) =>
	(request) => {
		if (key !== undefined) request.header.set("x-api-key", key);
		return next(request);
	};

const rpc =
	(make: (options: { baseUrl: string; interceptors: Interceptor[] }) => Transport): ConnectAccess =>
	(url, key) =>
		createClient(AccessService, make({ baseUrl: url, interceptors: [withKey(key)] }));

/** The calls by their HTTP rules. @param isGet asks by GET what may be asked by GET */
const rest =
	(accept: string, isGet: boolean): ConnectAccess =>
	(url, key) => {
		const headers = { ...(key === undefined ? {} : { "x-api-key": key }) };
		const ask = async (path: string, init: RequestInit): Promise<Response> => {
			const answer = await fetch(`${url}/api/v1/access/${path}`, {
				...init,
				headers: { ...headers, ...init.headers },
			});
			if (answer.status === 200) return answer;
			const status = (await answer.json()) as { reason: string };
			throw new ConnectError(status.reason, Code.Unknown);
		};
		const send = (path: string, body: unknown, init: RequestInit = {}) =>
			ask(path, {
				...init,
				method: "POST",
				headers: { ...init.headers, "content-type": "application/json" },
				body: JSON.stringify(body),
			});
		/** Questions that GET can say, else by POST. */
		const question = (path: string, body: object, init: RequestInit = {}) => {
			if (!isGet || "questions" in body) return send(path, body, init);
			const query = new URLSearchParams();
			for (const [name, value] of Object.entries(body)) {
				for (const one of [value].flat()) query.append(name, String(one));
			}
			return ask(`${path}?${query}`, init);
		};
		const json = async (answer: Promise<Response>) => (await (await answer).json()) as JsonValue;
		return {
			getCaller: async () => fromJson(GetCallerResponseSchema, await json(ask("caller", {}))),
			checkAccess: async (request) =>
				fromJson(CheckAccessResponseSchema, await json(question("check", request))),
			createStreamTicket: async (request) =>
				fromJson(CreateStreamTicketResponseSchema, await json(send("tickets", request))),
			async *watchAccess(request, options = {}) {
				const { signal = null } = options;
				const answer = await question("watch", request, { signal, headers: { accept } });
				const lines = answer.body?.pipeThrough(new TextDecoderStream());
				yield* messagesIn(lines as ReadableStream<string>);
			},
		};
	};

/** Reads NDJSON and server-sent events alike: each message is one line of JSON, behind `data: ` or not. */
async function* messagesIn(lines: ReadableStream<string>): AsyncIterable<WatchAccessResponse> {
	let rest = "";
	for await (const chunk of lines) {
		rest += chunk;
		const whole = rest.split("\n");
		rest = whole.pop() as string;
		for (const line of whole.map((text) => text.replace(/^data: /, ""))) {
			if (!line.startsWith("{")) continue;
			const value = JSON.parse(line) as { status?: { reason: string }; reason?: string };
			const reason = value.status?.reason ?? value.reason;
			if (reason !== undefined) throw new ConnectError(reason, Code.Unknown);
			yield fromJson(WatchAccessResponseSchema, value as JsonValue);
		}
	}
}

/** Every form that the service's calls have. */
export const accessWires: Readonly<Record<string, ConnectAccess>> = {
	gRPC: rpc(createGrpcTransport),
	"gRPC-Web": rpc((options) => createGrpcWebTransport({ ...options, httpVersion: "1.1" })),
	"Connect, binary": rpc((options) => createConnectTransport({ ...options, httpVersion: "2" })),
	"Connect, JSON": rpc((options) =>
		createConnectTransport({ ...options, httpVersion: "1.1", useBinaryFormat: false }),
	),
	"Connect GET": rpc((options) =>
		createConnectTransport({ ...options, httpVersion: "1.1", useHttpGet: true }),
	),
	"REST by GET, NDJSON": rest("application/x-ndjson", true),
	"REST by POST, NDJSON": rest("application/x-ndjson", false),
	"REST by GET, SSE": rest("text/event-stream", true),
	"REST by POST, SSE": rest("text/event-stream", false),
};

/** Reason of a failure, by whichever wire it came. */
export function reasonOf(error: unknown): string {
	const failure = ConnectError.from(error);
	return reasonIn(failure) ?? failure.rawMessage;
}
