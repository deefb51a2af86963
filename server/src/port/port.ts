import { isIPv6 } from "node:net";
import { createRegistry, type DescMessage, type DescMethod } from "@bufbuild/protobuf";
import type { Interceptor, ServiceImplSpec } from "@connectrpc/connect";
import type { Clock } from "../clock.ts";
import { createAddressRanges } from "../http/addresses.ts";
import { type TransportLimits, validateLimits } from "../http/limits.ts";
import { createListener } from "../http/listener.ts";
import { createStreamScheduler } from "../http/scheduler.ts";
import type { TlsFileNames } from "../http/tls-files.ts";
import { createRequestIds } from "../rpc/call/call-context.ts";
import { createDecoder } from "../rpc/codec/decoder.ts";
import { createEncoder } from "../rpc/codec/encoder.ts";
import { createEncodings, type Encodings } from "../rpc/codec/encodings.ts";
import { jsonTypesOf } from "../rpc/codec/json-types.ts";
import { createCompressions } from "../rpc/compression.ts";
import { createProcedures } from "../rpc/procedures.ts";
import type { Protocol } from "../rpc/protocol/protocol.ts";
import { createProtocols } from "../rpc/protocol/protocols.ts";
import type { RefusalDetails } from "../rpc/refusals.ts";
import { createRoutes } from "../rpc/routes.ts";
import type { AssetMount } from "./assets.ts";
import { createCallerAddress } from "./caller-address.ts";
import { createDispatch } from "./dispatch.ts";
import { createSafeObserver, type PortObserver } from "./observer.ts";
import { createUnreadableAnswers } from "./unreadable-answers.ts";
import type { UpgradeHandler } from "./upgrades.ts";
import { createWatchSockets, type WatchSocket } from "./watch-sockets.ts";

export { createEncodings, type Encodings } from "../rpc/codec/encodings.ts";

/** Options of a port. */
export interface PortOptions {
	/** Address or name to listen on. */
	readonly host: string;
	/** TCP port; 0 for any that is free. */
	readonly port: number;
	/** Services as connect's `createServiceImplSpec` makes them. */
	readonly services: readonly ServiceImplSpec[];
	/** The first one is the outermost. */
	readonly interceptors: readonly Interceptor[];
	/**
	 * Longest deadlines of single unary methods, in milliseconds, in place of `maxUnaryTimeoutMs`: of
	 * those that wait for something. Default: none.
	 */
	readonly maxTimeoutsMs?: ReadonlyMap<DescMethod, number>;
	/**
	 * Types whose frozen messages are immutable throughout: they are encoded once for all readers.
	 * Default: none.
	 */
	readonly cacheableTypes?: readonly DescMessage[];
	/** Cache of these bytes. Default: 128 MiB. */
	readonly encodings?: Encodings;
	/**
	 * "universal": connect's own handlers answer everything, several times slower: the reference
	 * that the direct way is compared with. Default: "direct", for procedures with one request message.
	 */
	readonly way?: "direct" | "universal";
	/** Prefix of every path, which a request may have or lack: "" or as in `/wukong`. Default: "". */
	readonly basePath?: string;
	/**
	 * Protocols of the services. Default: Connect, gRPC-Web, gRPC-Web-text and gRPC
	 * (`defaultProtocols`).
	 */
	readonly protocols?: readonly Protocol[];
	/**
	 * Error details of refusals, as the contract of the services wants them; the port has none of its
	 * own.
	 */
	readonly refusalDetails: RefusalDetails;
	/** See `defaultLimits`. */
	readonly limits: TransportLimits;
	/** Undefined: cleartext. */
	readonly tls: TlsFileNames | undefined;
	/**
	 * Host names, without port, that are answered besides loopback names and the bound host; "*":
	 * all.
	 */
	readonly allowedHosts: readonly string[];
	/** Origins, as in `https://console.example.org`, whose pages may call. */
	readonly allowedOrigins: readonly string[];
	/**
	 * Header fields that those pages may send, besides what the protocols and tracing need. Default:
	 * none.
	 */
	readonly allowedHeaders?: readonly string[];
	/**
	 * Ranges of the proxies whose X-Forwarded-For is believed, as in `10.0.0.0/8`, and of nobody else.
	 * Default: none.
	 */
	readonly trustedProxies?: readonly string[];
	/** Plain resources beside the procedures. */
	readonly assets: readonly AssetMount[];
	/** Methods that WebSockets subscribe to. Default: none. */
	readonly watchSockets?: readonly WatchSocket[];
	/** Other subprotocols of WebSocket, by path. Default: none. */
	readonly upgrades?: readonly UpgradeHandler[];
	readonly clock: Clock;
	readonly observer: PortObserver;
}

/** One TCP port that speaks HTTP/1.1 and HTTP/2, and on them Connect, gRPC and gRPC-Web. */
export interface Port {
	/** @throws the system's error, as in EADDRINUSE, or a TlsFileError */
	listen(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
	/**
	 * Refuses new connections and ends idle ones immediately; calls in flight finish. What is left
	 * after `graceMs` is cut off. Resolves when no socket is left. A second call waits for the same
	 * end; a `listen` that is under way is waited for.
	 */
	close(graceMs: number): Promise<void>;
}

/**
 * Creates a port; nothing is opened before `listen`.
 *
 * @throws RangeError when a limit is out of range, or a proxy is no range of addresses
 */
export function createPort(options: PortOptions): Port {
	const { limits, clock } = options;
	const observer = createSafeObserver(options.observer);
	validateLimits(limits);
	const compressions = createCompressions(limits);
	const registry = createRegistry(
		...options.services.map(({ service }) => jsonTypesOf(service.file)),
	);
	const { services, interceptors, maxTimeoutsMs, way = "direct" } = options;
	const { cacheableTypes = [], encodings = createEncodings() } = options;
	const protocols = createProtocols(options.protocols);
	const handlers = {
		...{ services, interceptors, maxTimeoutsMs, limits, compressions, registry, observer, way },
	};
	const scheduler = createStreamScheduler({
		sliceBytes: limits.streamSliceBytes,
		sliceMs: limits.streamSliceMs,
		clock,
	});
	const createRequestId = createRequestIds();
	const encoder = createEncoder({ cacheableTypes, encodings, registry, observer });
	const decoder = createDecoder({ registry });
	const { refusalDetails, watchSockets = [] } = options;
	const upgrades = [
		...createWatchSockets(watchSockets, {
			...{ services, interceptors, limits, clock, scheduler, observer },
			...{ encoder, decoder, refusalDetails, createRequestId },
		}),
		...(options.upgrades ?? []),
	];
	const dispatch = createDispatch({
		hosts: { boundHost: options.host, allowedHosts: options.allowedHosts },
		origins: {
			allowedOrigins: options.allowedOrigins,
			allowedHeaders: options.allowedHeaders ?? [],
		},
		callerAddress: createCallerAddress(createAddressRanges(options.trustedProxies ?? [])),
		assets: options.assets,
		basePath: options.basePath ?? "",
		upgrades,
		createRequestId,
		routes: createRoutes(createProcedures(handlers), protocols),
		protocols,
		compressions,
		encoder,
		decoder,
		refusalDetails,
		limits,
		clock,
		scheduler,
		observer,
	});
	const listener = createListener(dispatch.serve, {
		...options,
		observer,
		answerUnreadable: createUnreadableAnswers(protocols, { refusalDetails, limits }),
		onUpgrade: upgrades.length === 0 ? undefined : dispatch.upgrade,
	});
	return {
		async listen() {
			const { host, port } = await listener.listen();
			const scheme = options.tls === undefined ? "http" : "https";
			return { host, port, url: `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}` };
		},
		close: (graceMs) => listener.close(graceMs),
	};
}
