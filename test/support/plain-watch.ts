import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as httpsRequest } from "node:https";
import type { Readable } from "node:stream";
import {
	create,
	createRegistry,
	fromJson,
	fromJsonString,
	type JsonObject,
	type JsonValue,
	type MessageInitShape,
	toJson,
} from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError } from "@connectrpc/connect";
import {
	BadRequestSchema,
	ErrorInfoSchema,
	RetryInfoSchema,
} from "@novasphere/wukong-gen/error-details";
import {
	WatchWukongRequestSchema,
	type WukongEvent,
	WukongEventSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { createEventStreamParser } from "./event-source.ts";
import { queryOf } from "./query-of.ts";

/** A form of streams in plain HTTP. */
export type PlainForm = "sse" | "ndjson";

/** How a watch is opened. */
export interface PlainWatch {
	/** `http://…` or `https://…`. */
	readonly url: string;
	readonly form: PlainForm;
	/** HTTP/1.1 unless it is "2". */
	readonly httpVersion?: "1.1" | "2";
	/** Certificate to trust, PEM. */
	readonly certificate?: string | undefined;
	readonly header?: Readonly<Record<string, string>>;
	readonly request: MessageInitShape<typeof WatchWukongRequestSchema>;
}

/** The head of an answer, and its body as it comes. */
export interface PlainAnswer {
	readonly status: number;
	readonly header: (name: string) => string | undefined;
	readonly body: Readable;
	/** Leaves, and takes the connection along. */
	cut(): void;
}

/** One message of a stream: an event, or how it has ended. */
export type PlainMessage =
	| { readonly event: WukongEvent; readonly name: string; readonly id: string }
	| { readonly end: Status };

/** JSON of the contract's Status. */
export interface Status {
	readonly code: number;
	readonly reason?: string;
	readonly message?: string;
	readonly details?: JsonValue[];
}

const acceptOf: Readonly<Record<PlainForm, string>> = {
	sse: "text/event-stream",
	ndjson: "application/x-ndjson",
};

const registry = createRegistry(BadRequestSchema, ErrorInfoSchema, RetryInfoSchema);

/** The path and query of a watch. */
export function watchPath(request: PlainWatch["request"]): string {
	const message = create(WatchWukongRequestSchema, request);
	const query = queryOf(toJson(WatchWukongRequestSchema, message) as JsonObject);
	return `/api/v1/wukongs:watch${query === "" ? "" : `?${query}`}`;
}

/** Asks for a path; resolves with the head of the answer. */
export async function getPlain(
	url: string,
	path: string,
	options: Pick<PlainWatch, "httpVersion" | "certificate" | "header"> = {},
): Promise<PlainAnswer> {
	const { header = {}, certificate, httpVersion = "1.1" } = options;
	if (httpVersion === "2") {
		const session = connectHttp2(url, { ca: certificate });
		session.on("error", () => {});
		const body = session.request({ ":path": path, ...header });
		body.on("error", () => {});
		const [fields] = (await once(body, "response")) as [Record<string, string>];
		return {
			status: Number(fields[":status"]),
			header: (name) => fields[name],
			body,
			cut: () => session.destroy(),
		};
	}
	const send = url.startsWith("https:") ? httpsRequest : httpRequest;
	const request = send(url + path, { agent: false, ca: certificate, headers: header });
	request.on("error", () => {});
	request.end();
	const [body] = (await once(request, "response")) as [IncomingMessage];
	body.on("error", () => {});
	return {
		status: body.statusCode ?? 0,
		header: (name) => body.headers[name]?.toString(),
		body,
		cut: () => void body.socket.destroy(),
	};
}

/** Opens a watch. @throws the ConnectError of a refusal */
export async function openPlainWatch(watch: PlainWatch): Promise<PlainAnswer> {
	const accept = { accept: acceptOf[watch.form] };
	const answer = await getPlain(watch.url, watchPath(watch.request), {
		...watch,
		header: { ...accept, ...watch.header },
	});
	if (answer.status === 200) return answer;
	let text = "";
	for await (const chunk of answer.body) text += chunk;
	answer.cut();
	throw errorOf(JSON.parse(text));
}

/** Reads the messages out of a body, chunk by chunk. */
export function createPlainReader(form: PlainForm): (chunk: Buffer) => PlainMessage[] {
	return form === "sse" ? createSseReader() : createLineReader();
}

function createSseReader(): (chunk: Buffer) => PlainMessage[] {
	const parser = createEventStreamParser();
	return (chunk) =>
		parser.push(chunk).map(({ type, data, lastEventId }) => {
			if (type === "status") return { end: JSON.parse(data) };
			const event = fromJsonString(WukongEventSchema, data);
			return { event, name: type, id: lastEventId };
		});
}

function createLineReader(): (chunk: Buffer) => PlainMessage[] {
	let rest = Buffer.alloc(0);
	return (chunk) => {
		rest = Buffer.concat([rest, chunk]);
		const end = rest.lastIndexOf("\n") + 1;
		const lines = rest.toString("utf8", 0, end).split("\n").slice(0, -1);
		rest = rest.subarray(end);
		return lines.map((line) => {
			const json = JSON.parse(line);
			if ("complete" in json) return { end: json.status ?? { code: 0 } };
			const event = fromJson(WukongEventSchema, json);
			return { event, name: "", id: event.resourceVersion };
		});
	};
}

/** The error that a Status tells. */
export function errorOf({ code, message = "", details = [] }: Status): ConnectError {
	const error = new ConnectError(message, code as Code);
	error.details = details.map((detail) => {
		const any = fromJson(AnySchema, detail, { registry });
		return { type: any.typeUrl.replace("type.googleapis.com/", ""), value: any.value };
	});
	return error;
}
