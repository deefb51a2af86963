import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import { create, fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { endStreamFromJson } from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import {
	WatchWukongRequestSchema,
	type WukongEvent,
	WukongEventSchema,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import type { WukongClient } from "../../../web-client/src/client.ts";
import type { WatchQuery } from "../../../web-client/src/watch.ts";
import { createEnvelopeReader, envelope } from "../../bench/load/envelope.ts";

/** A client that can only watch. */
export type Watcher = Pick<WukongClient, "watch">;

/**
 * Watches as the client libraries do, at a tenth of their cost: hundreds of streams in one
 * process leave the machine to the service. Bytes that came before are not decoded again.
 */
export const leanClients = {
	connect: (baseUrl: string) =>
		leanClient(async function* (query, signal) {
			const body = Buffer.from(JSON.stringify(toJson(WatchWukongRequestSchema, messageOf(query))));
			const call = { contentType: "application/connect+json", body, signal };
			const readEnd = (bytes: Buffer) => endStreamFromJson(bytes).error;
			const response = await postHttp1(baseUrl, call);
			yield* readEvents(response, { decode: decodeJson, readEnd });
		}),
	grpcWeb: (baseUrl: string) =>
		leanClient(async function* (query, signal) {
			const body = toBinary(WatchWukongRequestSchema, messageOf(query));
			const call = { contentType: "application/grpc-web+proto", body, signal };
			const readEnd = (bytes: Buffer) => findTrailerError(trailerParse(bytes));
			const response = await postHttp1(baseUrl, call);
			yield* readEvents(response, { decode: decodeBinary, readEnd });
		}),
	grpc: (baseUrl: string) => {
		let session: ClientHttp2Session | undefined;
		return leanClient(async function* (query, signal) {
			// One that was told to go away is closed, and lives on for its streams.
			if (session === undefined || session.closed || session.destroyed) {
				session = connect(baseUrl).on("error", () => {});
			}
			const stream = session.request(
				{
					":method": "POST",
					":path": path,
					"content-type": "application/grpc+proto",
					te: "trailers",
				},
				{ signal },
			);
			const trailers = new Headers();
			stream.once("trailers", (fields) => {
				for (const [name, value] of Object.entries(fields)) trailers.set(name, String(value));
			});
			stream.end(envelope(toBinary(WatchWukongRequestSchema, messageOf(query))));
			yield* readEvents(stream, {
				decode: decodeBinary,
				readEnd: () => findTrailerError(trailers),
			});
		});
	},
} as const;

const path = `/${WukongService.typeName}/${WukongService.method.watchWukong.name}`;

function leanClient(
	watch: (query: WatchQuery, signal: AbortSignal) => AsyncGenerator<WukongEvent>,
): Watcher {
	const never = new AbortController().signal;
	return {
		watch: async function* (query = {}, { signal = never } = {}) {
			try {
				yield* watch(query, signal);
			} catch (error) {
				// An abort ends the loop without an error, as in the web client.
				if (!signal.aborted) throw error;
			}
		},
	};
}

function messageOf(query: WatchQuery) {
	return create(WatchWukongRequestSchema, query);
}

async function postHttp1(
	baseUrl: string,
	call: { readonly contentType: string; readonly body: Uint8Array; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
	const sent = request(new URL(path, baseUrl), {
		method: "POST",
		agent: false,
		headers: { "content-type": call.contentType },
		signal: call.signal,
	});
	sent.end(envelope(call.body));
	const [response] = (await once(sent, "response")) as [IncomingMessage];
	return response;
}

/** The events of a body, then the error that ends each watch. */
async function* readEvents(
	body: AsyncIterable<Buffer>,
	form: {
		readonly decode: (bytes: Buffer) => WukongEvent;
		/** @param bytes the last envelope, where the protocol has one */
		readonly readEnd: (bytes: Buffer) => ConnectError | undefined;
	},
): AsyncGenerator<WukongEvent> {
	let events: WukongEvent[] = [];
	let last: Buffer = Buffer.alloc(0);
	const read = createEnvelopeReader({
		collects: () => true,
		message(flags, bytes = Buffer.alloc(0)) {
			if (flags === 0) events.push(form.decode(bytes));
			else last = bytes;
		},
	});
	for await (const chunk of body) {
		read(chunk);
		yield* events;
		events = [];
	}
	throw form.readEnd(last) ?? new ConnectError("the stream broke off", Code.Unknown);
}

const decodeJson = remembering((bytes) =>
	fromJson(WukongEventSchema, JSON.parse(bytes.toString("utf8"))),
);
const decodeBinary = remembering((bytes) => fromBinary(WukongEventSchema, bytes));

/** Messages that are remembered at most. */
const maxRemembered = 1_000;

function remembering(decode: (bytes: Buffer) => WukongEvent): (bytes: Buffer) => WukongEvent {
	const known = new Map<string, WukongEvent>();
	return (bytes) => {
		const key = bytes.toString("latin1");
		let event = known.get(key);
		if (event === undefined) {
			event = decode(bytes);
			if (known.size === maxRemembered) known.clear();
			known.set(key, event);
		}
		return event;
	};
}
