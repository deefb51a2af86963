import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { WukongService } from "../gen/novasphere/v1/wukong_service_pb.js";
import { authorizeLazily } from "./authorize-lazily.ts";
import { type Calls, createCalls } from "./calls.ts";
import type { ClientContext } from "./client-context.ts";
import { createLeavableStream } from "./leavable-stream.ts";
import { type BackoffTimes, defaultBackoff } from "./live/backoff.ts";
import { createEnvironment, type Environment } from "./live/environment.ts";
import { openQuery } from "./live/feed.ts";
import type { OpenStream } from "./live/follow.ts";
import { createLists, type LiveList } from "./live/live-list.ts";
import type { WatchQuery } from "./live/query.ts";
import type { WatchState } from "./live/watch-state.ts";
import { loadParts } from "./on-demand.ts";
import { createPlace, type Place } from "./place.ts";
import { createReachingFetch } from "./reach.ts";
import { shareLazily } from "./share/lazily.ts";
import type { TokenSource } from "./token.ts";
import { createTellingTransport } from "./transport.ts";
import type { WaitCondition, WaitOptions, waitFor } from "./wait-for.ts";
import { createWatch, type Watch, type WatchOptions } from "./watch.ts";
import { type Ref, refOf } from "./wukong.ts";

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

/** What does not depend on the way to the service. */
export interface BehaviourOptions {
	/** Sent with each call and stream. Default: none. */
	readonly token?: TokenSource;
	/** Tries in all of a call that may be repeated; 1: none is. Default: 3. */
	readonly attempts?: number;
	/**
	 * `origin`: all tabs of the origin are fed from one stream for each list, where the browser lets
	 * them agree (Web Locks: TLS, or localhost). With a token, interceptors, a fetch or a transport it needs
	 * an `identity`. Default: `origin` over cleartext HTTP in a page, which has six connections for all its
	 * tabs; else `client`.
	 */
	readonly share?: "client" | "origin";
	/**
	 * Who the caller is, as a user's id: tabs of different callers share nothing. With a transport it says
	 * which service that reaches, too. Default, and where it is empty: nobody.
	 */
	readonly identity?: string;
	/** Waits between the tries of a watch. Default: 0.5 s doubling to 30 s, with full jitter. */
	readonly backoff?: Partial<BackoffTimes>;
	/** Longest silence of the service on a watch, in milliseconds, 1,000 to 300,000. Default: 10,000. */
	readonly heartbeatIntervalMs?: number;
	/** Time between two notifications of a live list at least, in milliseconds. Default: 20. */
	readonly throttleMs?: number;
	/** How long a live list's stream stays open without a subscriber, in milliseconds. Default: 5,000. */
	readonly lingerMs?: number;
	/** Clock, randomness and news of the network, for tests. Default: the machine's own. */
	readonly environment?: Partial<Environment>;
}

export type WukongClientOptions = (ConnectionOptions | TransportOptions) & BehaviourOptions;

/** Calls, watches and live lists of one service. Failures are ConnectErrors: see the guards. */
export interface WukongClient extends Calls {
	/**
	 * A list that is kept current through lost connections, restarts, sleep and expired places.
	 * Whoever asks for the same gets the same list, and one stream feeds it.
	 *
	 * @example
	 * const vms = client.liveList({ namespace: "default" });
	 * const unsubscribe = vms.subscribe(({ items, status }) => show(items, status));
	 */
	liveList(query?: WatchQuery): LiveList;
	/**
	 * The changes one by one. Leaving the loop ends the stream on the server.
	 *
	 * @throws ConnectError what no retry can cure; connections that break are opened again
	 * @example
	 * for await (const event of client.watch()) {
	 * 	if (event.type !== "SYNCED") console.log(event.type, event.wukong.name);
	 * }
	 */
	watch(query?: WatchQuery, options?: WatchOptions): Watch;
	/** Waits until a VM is as wanted. @example await client.waitFor("web-1", "RUNNING") */
	waitFor(ref: Ref, condition: WaitCondition, options?: WaitOptions): ReturnType<typeof waitFor>;
	/**
	 * The same client in one namespace: names, queries and new VMs are in it, and whatever is in another one
	 * is INVALID_ARGUMENT before it is sent. Lists are shared with the client that it comes from, and so is
	 * `close`; `rpc` is the same.
	 *
	 * @example const team = client.namespace("team-a"); await team.stop("web-1");
	 */
	namespace(namespace: string): WukongClient;
	/** The service's calls as the contract has them, without retries; its stream ends when its loop is left. */
	readonly rpc: Client<typeof WukongService>;
	/** What `createAccess` builds on. Nothing for pages, and it may change with any version. */
	readonly context: ClientContext;
	/** Ends all watches and lists. */
	close(): void;
}

/** Makes a client. Without options it speaks JSON to the page's own origin. */
export function createWukongClient(options: WukongClientOptions = {}): WukongClient {
	const closer = new AbortController();
	const { signal } = closer;
	const environment = createEnvironment(options.environment);
	const {
		token,
		heartbeatIntervalMs = 10_000,
		throttleMs = 20,
		lingerMs = 5_000,
		attempts = 3,
	} = options;
	const isOwn = !("transport" in options);
	const defaultTimeoutMs = isOwn ? (options.timeoutMs ?? 15_000) : undefined;
	const plain = createTellingTransport(isOwn ? connect(options) : options.transport, {
		tellsUnreached: isOwn,
		defaultTimeoutMs,
	});
	const authorized =
		token === undefined
			? undefined
			: authorizeLazily(plain, { ...environment, token, signal, defaultTimeoutMs });
	const transport = authorized ?? plain;
	const calls = createClient(WukongService, transport);
	const rpc = { ...calls, watchWukong: createLeavableStream(calls.watchWukong) };

	const pageUrl = pageUrlOf(options);
	const isCramped = pageUrl?.protocol === "http:";
	const { share = isCramped ? "origin" : "client" } = options;
	const context = {
		// Where there is a token: `renewal` and `handOver`.
		...authorized,
		call: rpc.watchWukong,
		transport,
		environment,
		attempts,
		isCramped,
		throttleMs,
		lingerMs,
		heartbeatIntervalMs,
		// Silence of one and a half heartbeats means that the connection is dead.
		silenceMs: heartbeatIntervalMs * 1.5,
		backoff: { ...defaultBackoff, ...options.backoff },
		wrap:
			share === "origin" || isCramped
				? shareLazily({
						environment,
						heartbeatIntervalMs,
						pageUrl,
						isCramped,
						given: share === "origin" ? options : undefined,
						lists: () => lists.all(),
					})
				: (open: OpenStream) => ({ open, leave() {} }),
		signal,
	};
	let written = "";
	const onWritten = (version: string) => {
		written = version;
	};
	const watch = (query: WatchQuery, watchOptions: WatchOptions = {}) =>
		createWatch(context, query, watchOptions);
	const lists = createLists((query) => ({
		...context,
		feed: (state: WatchState) => context.wrap(openQuery(context, query), query, state),
	}));

	const clientAt = (place: Place): WukongClient => ({
		...createCalls(rpc, { ...context, onWritten, place }),
		liveList: (query = {}) => lists.get(place(query)),
		watch: (query = {}, watchOptions) => watch(place(query), watchOptions),
		async waitFor(ref, condition, waitOptions = {}) {
			const { waitFor } = await loadParts();
			return waitFor(
				{ ...context, watch, rpc, written: () => written },
				{ ref: place(refOf(ref)), condition, options: waitOptions },
			);
		},
		namespace: (namespace) => clientAt(createPlace(place({ namespace }).namespace)),
		rpc,
		context: { ...context, place },
		close: () => closer.abort(),
	});
	return clientAt((given) => given);
}

/** Where a page's calls go; undefined outside of pages, and where a transport knows it alone. */
function pageUrlOf(options: ConnectionOptions | TransportOptions): URL | undefined {
	if ("transport" in options || globalThis.location === undefined) return undefined;
	return new URL(options.baseUrl ?? "/", globalThis.location.href);
}

function connect(options: ConnectionOptions): Transport {
	const { baseUrl = "/", format, useHttpGet = false } = options;
	return createConnectTransport({
		baseUrl,
		useBinaryFormat: format === "binary",
		useHttpGet,
		interceptors: [...(options.interceptors ?? [])],
		fetch: createReachingFetch(options.fetch, baseUrl),
	});
}
