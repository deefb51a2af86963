import type { Writable } from "node:stream";
import { AccessService } from "@novasphere/wukong-gen/access-service";
import { Health } from "@novasphere/wukong-gen/health";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import type { Authenticator } from "../auth/authenticator.ts";
import type { Authorizer } from "../auth/authorizer.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { limitsFrom } from "../config/port-options.ts";
import type { TlsFileNames } from "../http/tls-files.ts";
import { createEncodings, createPort } from "../port/port.ts";
import { callContextKey } from "../rpc/call/call-context.ts";
import { listForms } from "../rpc/protocol/ndjson/list-forms.ts";
import { ndjson } from "../rpc/protocol/ndjson/ndjson.ts";
import { defaultProtocols } from "../rpc/protocol/protocols.ts";
import { createRest } from "../rpc/protocol/rest/rest.ts";
import { createSse } from "../rpc/protocol/sse/sse.ts";
import { accessEventLabels, createAccess } from "../service/access/access-service.ts";
import { refusalDetails } from "../service/errors/error-details.ts";
import { describeError } from "../service/errors/http-status.ts";
import { createCallInterceptor } from "../service/interceptors/calls.ts";
import { createCallerLimits } from "../service/interceptors/limit-callers.ts";
import { createValidateInterceptor } from "../service/interceptors/validate.ts";
import { createEntityTags } from "../service/wukong/entity-tags.ts";
import { createWukongEvents, wukongEventLabels } from "../service/wukong/wukong-events.ts";
import { createWukongPacing } from "../service/wukong/wukong-pacing.ts";
import { cacheableTypes, createWukongService, wukongIn } from "../service/wukong/wukong-service.ts";
import type { Store } from "../store/store.ts";
import { createAccessLog } from "../telemetry/access-log.ts";
import { createSilentLogger, type Logger } from "../telemetry/logger.ts";
import { createMetrics, type Metrics } from "../telemetry/metrics.ts";
import { createPortObserver, createWatchLog } from "../telemetry/observers.ts";
import { createRefusalLines } from "../telemetry/refusal-lines.ts";
import { createReplica } from "../watch/replica.ts";
import { createAudit } from "./audit.ts";
import { createStore } from "./create-store.ts";
import { createGrpcServices } from "./grpc-services.ts";
import { createIdentities } from "./identities.ts";
import { createLifecycle } from "./lifecycle.ts";
import { createPages } from "./pages.ts";
import { readinessAnswer } from "./readiness.ts";
import { createRights } from "./rights.ts";

/** What an app takes from its process. */
export interface Surroundings {
	/** Default: a logger that writes nothing. */
	readonly logger?: Logger;
	/** Default: the clock of the machine. */
	readonly clock?: Clock;
	/** Adds memory, CPU and event-loop lag of the process to the metrics. Default: false. */
	readonly processMetrics?: boolean;
	/** Called when the store has failed for good: no write will succeed. Default: nothing. */
	readonly onFault?: (fault: unknown) => void;
	/** Metrics of the service. Default: a registry of its own. */
	readonly metrics?: Metrics;
	/** `KUBECONFIG` of the environment. Default: unset. */
	readonly kubeconfigPath?: string | undefined;
	/** Sources of identities besides those that are configured. Default: none. */
	readonly authenticators?: readonly Authenticator[];
	/** Says what callers may do where no policy file does; needs a source of identities. Default: everything. */
	readonly authorizer?: Authorizer;
	/** Standard output, for an audit log. Default: there is none. */
	readonly output?: Writable;
	/** A store to serve; the app starts and closes it. Default: the one that is configured. */
	readonly store?: Store;
}

/** One running service. */
export interface App {
	/**
	 * Listens, then loads the store; resolves when calls are answered. Call it once.
	 * @throws what the store or the system says, SHUTTING_DOWN where the app is closed before it
	 * is ready; nothing is left open then
	 */
	listen(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
	/**
	 * Ends in order: not ready, the configured delay in which calls are served as before, streams end with a last HEARTBEAT and SHUTTING_DOWN, calls in
	 * flight finish within the grace time, the store closes. Repeating it waits for the same end;
	 * a `listen` that is under way is waited for.
	 * @param graceMs Default: the configured one.
	 */
	close(graceMs?: number): Promise<void>;
	/** Ends the delay of a `close` now. @returns false: there is none, or it is over */
	skipDelay(): boolean;
}

/** Time for the answer of a wait that has lasted as long as it may, in milliseconds. */
const waitAnswerMs = 1_000;

/** Part of the history's bytes that its encoded forms may take. */
const encodedShare = 1 / 4;

/** Creates an app from its parts. Nothing is opened before `listen`. */
export function createApp(config: Config, surroundings: Surroundings = {}): App {
	const {
		logger = createSilentLogger(),
		clock = systemClock,
		processMetrics = false,
		onFault = () => {},
	} = surroundings;

	const further = surroundings.authenticators ?? [];
	const identities = createIdentities(config, {
		...{ clock, logger, further },
		kubeconfigPath: surroundings.kubeconfigPath,
		onPageRefused: (request, refusal) => audit.pageRefused(request, refusal),
	});
	const metrics = surroundings.metrics ?? createMetrics({ processMetrics });
	// The same on disk and in memory.
	const history = {
		maxChanges: config.historyChanges,
		maxAgeMs: config.historyAgeMs,
		maxBytes: config.historyBytes,
	};
	const store =
		surroundings.store ??
		createStore(config, {
			...{ history, clock, logger, onFault, kubeconfigPath: surroundings.kubeconfigPath },
			...{ upstream: metrics.upstream, store: metrics.store },
			onWritability: () => grpcServices.readinessChanged(),
		});
	const replica = createReplica({
		feed: store,
		events: createWukongEvents(),
		clock,
		historyLimits: { ...history, maxBytes: config.historyBytes * (1 - encodedShare) },
		maxStreams: config.maxWatchStreams,
		openElsewhere: () => access.openStreams,
		observer: { ...metrics.watch, ...createWatchLog(logger) },
		pacing: pacingFrom(config),
	});
	const encodings = createEncodings({
		maxBytes: config.encodingCacheBytes,
		maxPastBytes: config.historyBytes * encodedShare,
		isPast: (message) => {
			const wukong = wukongIn(message);
			return wukong !== undefined && !replica.isNewest(wukong);
		},
	});
	replica.onSuperseded(encodings.forget);
	const grpcServices = createGrpcServices({
		config,
		served: [WukongService, AccessService],
		isReady: () => readinessAnswer(lifecycle.readiness(), replica.freshness()).status === 200,
	});
	const { defaultNamespace, heartbeatIntervalMs, maxWaitMs } = config;
	const audit = createAudit(config, {
		...{ clock, logger, counters: metrics.audit, output: surroundings.output },
	});
	const { authorizer, kubeconfigPath } = surroundings;
	const { namespaces } = replica;
	const rights = createRights(config, { clock, logger, kubeconfigPath, namespaces, authorizer });
	const access = createAccess({
		...{ defaultNamespace, heartbeatIntervalMs, clock, authorizer: rights.authorizer },
		...{ createTicket: identities.createTicket, guardOf: identities.guardOf },
		...{ requireRoom: replica.requireRoom, observer: metrics.watch },
	});
	const refusalLines = createRefusalLines({
		clock,
		summarize: (address, unwritten) =>
			logger.info({ address: address || "others", unwritten }, "refusals not written"),
	});
	const port = createPort({
		host: config.host,
		port: config.port,
		services: [
			createWukongService({
				...{ store, replica, defaultNamespace, heartbeatIntervalMs, maxWaitMs },
				guardOf: identities.guardOf,
			}),
			access.service,
			...grpcServices.services,
		],
		interceptors: [
			createCallInterceptor({
				observers: [metrics.calls, createAccessLog(logger, refusalLines)],
				contextOf: ({ contextValues }) => {
					const context = contextValues.get(callContextKey);
					if (context === undefined) throw new Error("a call came past the port");
					return context;
				},
				clock,
			}),
			...audit.interceptors,
			...identities.interceptors,
			createCallerLimits({
				callsPerSecond: config.maxCallsPerSecondPerCaller,
				maxStreams: config.maxStreamsPerCaller,
				waits: [WukongService.method.waitWukong],
				exempt: [Health],
				clock,
				onLimited: metrics.limits.limited,
			}),
			createValidateInterceptor(defaultNamespace),
			...rights.interceptors,
		],
		maxTimeoutsMs: new Map([[WukongService.method.waitWukong, maxWaitMs + waitAnswerMs]]),
		basePath: config.basePath,
		protocols: [
			...defaultProtocols,
			createRest({
				describeError,
				entityTags: createEntityTags(),
				basePath: config.basePath,
				streamForms: [ndjson, createSse([wukongEventLabels, accessEventLabels])],
				listForms,
			}),
		],
		cacheableTypes,
		encodings,
		refusalDetails,
		watchSockets: [
			{
				paths: ["/api/v1/ws", "/ws"],
				subprotocol: "wukong.v1",
				method: WukongService.method.watchWukong,
				describeError,
			},
		],
		limits: limitsFrom(config),
		tls: tlsFilesFrom(config),
		allowedHosts: config.allowedHosts,
		trustedProxies: config.trustedProxies,
		allowedOrigins: config.corsOrigins,
		allowedHeaders: config.corsHeaders,
		assets: createPages({
			readiness: () => lifecycle.readiness(),
			freshness: replica.freshness,
			troubles: () => [...identities.troubles(), ...rights.troubles(), ...audit.troubles()],
			notes: rights.notes,
			metrics,
			guards: identities.pageGuards,
			basePath: config.basePath,
		}),
		clock,
		observer: createPortObserver(metrics.port, logger, refusalLines),
	});

	const lifecycle = createLifecycle({
		supports: [
			identities,
			rights,
			{ start: audit.start, stop: audit.close },
			{ start: async () => {}, stop: refusalLines.close },
		],
		...{ port, replica, store, clock, shutdownDelayMs: config.shutdownDelayMs },
		streaming: [replica, access, grpcServices],
		onReadiness: grpcServices.readinessChanged,
	});

	return {
		listen: lifecycle.listen,
		close: (graceMs = config.shutdownGraceMs) => lifecycle.close(graceMs),
		skipDelay: lifecycle.skipDelay,
	};
}

/** Of the embedded store each change is told: its operator has no noise. */
function pacingFrom({ store, minChangeIntervalMs }: Config) {
	const isPaced = store === "kubernetes" && minChangeIntervalMs > 0;
	return isPaced ? createWukongPacing(minChangeIntervalMs) : undefined;
}

function tlsFilesFrom({ tlsCert, tlsKey, tlsClientCa }: Config): TlsFileNames | undefined {
	if (tlsCert === "") return undefined;
	return { certFile: tlsCert, keyFile: tlsKey, clientCaFile: tlsClientCa || undefined };
}
