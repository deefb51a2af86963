import { create, toJson } from "@bufbuild/protobuf";
import {
	type WatchWukongRequest,
	WatchWukongRequestSchema,
} from "@novasphere/wukong-gen/wukong-service";
import { encode, type Form } from "../payload/form.ts";
import type { Payload } from "../payload/payload.ts";
import { procedure } from "../payload/procedure.ts";
import type { Addresses } from "../servers/server-spec.ts";
import { envelope } from "./envelope.ts";
import { createGrpcStreams } from "./grpc-streams.ts";
import { http1Get } from "./http1-get.ts";
import { http1Post } from "./http1-post.ts";
import { createHttp1Streams } from "./http1-streams.ts";
import type { StreamOpener } from "./stream-opener.ts";
import type { Tally } from "./tally.ts";
import type { TextFrames } from "./text-frames.ts";
import { createWatchReader } from "./watch-reader.ts";
import { createWebSocketStreams } from "./websocket-streams.ts";

export type WatchWire =
	| "connect-json"
	| "grpc"
	| "sse"
	| "ndjson"
	/** A WebSocket for each subscription. */
	| "websocket"
	/** Ten subscriptions on each WebSocket. */
	| "websocket-shared";

const frames: Readonly<Record<WatchWire, TextFrames | "messages" | undefined>> = {
	"connect-json": undefined,
	grpc: undefined,
	sse: "events",
	ndjson: "lines",
	websocket: "messages",
	"websocket-shared": "messages",
};

/** Subscriptions on each socket. */
const perSocket = { websocket: 1, "websocket-shared": 10 } as const;

/** One stream of so many is decoded event by event. */
export const sampleEvery = 100;
/** Streams that are being opened at one time. */
const openAtOnce = 50;
/** Longer than any run: heartbeats would be deliveries that nobody counts. */
const heartbeatSeconds = 300n;

/** Many watches of all VMs. */
export interface Watches {
	/** Opens so many more; resolves when all have said SYNCED. @throws Error where one ends */
	open(streams: number): Promise<void>;
	close(): void;
}

/** What each stream watches. */
export type WatchScope = "all" | "one VM each" | "one namespace each";

/** Watches that are live from the payload's version on. */
export function createWatches(options: {
	readonly server: Addresses;
	readonly wire: WatchWire;
	readonly payload: Payload;
	readonly tally: Tally;
	/** Default: all. Else stream n watches VM n modulo all, or the namespace of that VM. */
	readonly scope?: WatchScope | undefined;
	onFault(text: string): void;
}): Watches {
	const { server, wire, payload, tally, scope = "all", onFault } = options;
	const form: Form = wire === "grpc" ? "binary" : "json";
	const { wukongs, resourceVersion } = payload.list;
	const watched =
		scope === "all"
			? [{}]
			: wukongs.map(({ namespace, name }) =>
					scope === "one VM each" ? { namespace, name } : { namespace },
				);
	const requests = watched.map((reference) =>
		create(WatchWukongRequestSchema, {
			...{ ...reference, resourceVersion },
			heartbeatInterval: { seconds: heartbeatSeconds },
		}),
	);
	const opener = createOpener(server, wire, requests);
	const openOne = (place: number) =>
		new Promise<void>((onSynced, reject) => {
			const sampled = place % sampleEvery === 0;
			const bytes = createWatchReader({
				...{ form, frames: frames[wire], sampled, tally, onSynced, onFault },
			});
			const ended = (why: string) => {
				onFault(why);
				reject(new Error(why));
			};
			opener.open({ bytes, ended });
		});
	let opened = 0;
	return {
		async open(streams) {
			const goal = opened + streams;
			while (opened < goal) {
				const count = Math.min(openAtOnce, goal - opened);
				await Promise.all(Array.from({ length: count }, (_, i) => openOne(opened + i)));
				opened += count;
			}
		},
		close: opener.close,
	};
}

function createOpener(
	server: Addresses,
	wire: WatchWire,
	requests: readonly WatchWukongRequest[],
): StreamOpener {
	const encodeAll = (form: Form) =>
		requests.map((request) => encode(WatchWukongRequestSchema, request, form));
	switch (wire) {
		case "grpc":
			return createGrpcStreams(server.http2, encodeAll("binary"));
		case "connect-json":
			return createHttp1Streams(
				server.http1,
				encodeAll("json").map((body) => watchPost(server.http1, body)),
			);
		case "websocket":
		case "websocket-shared":
			return createWebSocketStreams(
				server.http1,
				encodeAll("json").map((query) => query.toString()),
				perSocket[wire],
			);
		default:
			return createHttp1Streams(
				server.http1,
				requests.map((request) => watchGet(server.http1, wire, request)),
			);
	}
}

/** A watch in Connect's JSON form. */
function watchPost(server: URL, body: Uint8Array): Buffer {
	const contentType = "application/connect+json";
	const path = procedure("WatchWukong");
	return http1Post({ server, path, contentType, body: envelope(body) });
}

/** A watch as a browser's EventSource and curl open one. */
function watchGet(server: URL, wire: "sse" | "ndjson", request: WatchWukongRequest): Buffer {
	const query = new URLSearchParams(
		Object.entries(toJson(WatchWukongRequestSchema, request) as object),
	);
	const accept = wire === "sse" ? "text/event-stream" : "application/x-ndjson";
	return http1Get({ server, path: `/api/v1/wukongs:watch?${query}`, accept });
}
