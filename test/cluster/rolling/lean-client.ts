import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import { create, type MessageInitShape, toBinary, toJson } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { endStreamFromJson } from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import {
	WatchWukongRequestSchema,
	type WukongEvent,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import { envelope } from "../../bench/load/envelope.ts";
import { decodeBinary, decodeJson, readEvents } from "./event-body.ts";

/** A client that can only watch. */
export interface Watcher {
	readonly rpc: Pick<Client<typeof WukongService>, "watchWukong">;
}

type WatchQuery = MessageInitShape<typeof WatchWukongRequestSchema>;

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
		rpc: {
			async *watchWukong(query, { signal = never } = {}) {
				try {
					yield* watch(query, signal);
				} catch (error) {
					// An abort ends the loop without an error, as in the web client.
					if (!signal.aborted) throw error;
				}
			},
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
