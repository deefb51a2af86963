import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { type WukongEvent, WukongService } from "../gen/novasphere/v1/wukong_service_pb.js";
import { createReachingFetch } from "./reach.ts";
import { createTellingTransport } from "./transport.ts";
import { openWatch, type WatchOptions, type WatchQuery } from "./watch.ts";

/** How to reach the service over Connect and fetch. */
export interface ConnectionOptions {
	/** Where the service is, as in `https://vm.example.com`. Default: the page's own origin. */
	readonly baseUrl?: string;
	/** Form of the messages on the wire. Default: `json`, which the network tab can show. */
	readonly format?: "json" | "binary";
	/** Send reads as GET: linkable, and without a preflight. Default: false. */
	readonly useHttpGet?: boolean;
	/** Called around each call and stream, the first one outermost. Default: none. */
	readonly interceptors?: readonly Interceptor[];
	/** Replaces the global fetch, as for `credentials: "include"`. */
	readonly fetch?: typeof globalThis.fetch;
	/** Deadline of each call but watches, in milliseconds; 0: none. Default: 15,000. */
	readonly timeoutMs?: number;
}

/** Reaches the service through a transport of the caller's: gRPC-Web, gRPC in Node, a fake. */
export interface TransportOptions {
	readonly transport: Transport;
}

/**
 * The calls of WukongService, and `watch` in place of its plain stream, whose loop cannot be
 * left without leaving the call open. Failures are ConnectErrors; see `reasonOf` and the
 * guards beside it.
 */
export interface WukongClient extends Omit<Client<typeof WukongService>, "watchWukong"> {
	/**
	 * Streams VMs and their changes: a snapshot (ADDED), SYNCED, then live. Each loop over the
	 * result opens a stream of its own. Leaving the loop ends the stream on the server; an
	 * abort of `signal` ends the loop without an error. Any other end throws.
	 *
	 * @example
	 * for await (const event of client.watch({ namespace: "default" })) show(event);
	 */
	watch(query?: WatchQuery, options?: WatchOptions): AsyncIterable<WukongEvent>;
}

/** Makes a client. Without options it speaks JSON to the page's own origin. */
export function createWukongClient(
	options: ConnectionOptions | TransportOptions = {},
): WukongClient {
	const transport =
		"transport" in options
			? createTellingTransport(options.transport, false)
			: createTellingTransport(connect(options), true);
	const { watchWukong, ...calls } = createClient(WukongService, transport);
	return {
		...calls,
		watch: (query = {}, watchOptions = {}) => openWatch(watchWukong, query, watchOptions),
	};
}

function connect(options: ConnectionOptions): Transport {
	const timeoutMs = options.timeoutMs ?? 15_000;
	const baseUrl = options.baseUrl ?? "/";
	const probeUrl = `${baseUrl.replace(/\/$/, "")}/${WukongService.typeName}/GetWukong`;
	return createConnectTransport({
		baseUrl,
		useBinaryFormat: options.format === "binary",
		useHttpGet: options.useHttpGet ?? false,
		interceptors: [...(options.interceptors ?? [])],
		// A default of 0 would be a deadline that has passed.
		...(timeoutMs > 0 ? { defaultTimeoutMs: timeoutMs } : {}),
		fetch: createReachingFetch({ fetch: options.fetch, probeUrl }),
	});
}
