import {
	Code,
	ConnectError,
	createClient,
	createRouterTransport,
	type Interceptor,
} from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import type { Authorizer } from "../../../../server/src/auth/authorizer.ts";
import { createRightsGuards } from "../../../../server/src/auth/rights-guards.ts";
import type { Principal } from "../../../../server/src/caller.ts";
import { optionsTable } from "../../../../server/src/config/options-table.ts";
import { principalKey } from "../../../../server/src/rpc/call/call-context.ts";
import { reasonIn } from "../../../../server/src/service/errors/connect-error.ts";
import { createAuthorizeInterceptor } from "../../../../server/src/service/interceptors/authorize.ts";
import { createCallInterceptor } from "../../../../server/src/service/interceptors/calls.ts";
import { createValidateInterceptor } from "../../../../server/src/service/interceptors/validate.ts";
import { createWukongEvents } from "../../../../server/src/service/wukong/wukong-events.ts";
import { wukongRules } from "../../../../server/src/service/wukong/wukong-rights.ts";
import { createWukongService } from "../../../../server/src/service/wukong/wukong-service.ts";
import { createEmbeddedStore } from "../../../../server/src/store/embedded/embedded-store.ts";
import { createAccessLog } from "../../../../server/src/telemetry/access-log.ts";
import { createLogger } from "../../../../server/src/telemetry/logger.ts";
import { silentObserver } from "../../../../server/src/watch/observer.ts";
import { createReplica } from "../../../../server/src/watch/replica.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";

/** Longer than all of the operator's steps together. */
const settleMs = 10_000;
const dayMs = 24 * 60 * 60 * 1_000;

/** The whole service over an embedded store in memory, called without any network. */
export async function startService({
	defaultNamespace = "default",
	maxStreams = 100,
	maxWaitMs = optionsTable.maxWaitMs.defaultValue,
	rights = undefined as
		| { readonly authorizer: Authorizer; readonly principal: () => Principal }
		| undefined,
} = {}) {
	const clock = createFakeClock();
	const historyLimits = { maxChanges: 1_000, maxAgeMs: dayMs, maxBytes: 64 * 1024 * 1024 };
	const store = createEmbeddedStore({
		dataPath: ":memory:",
		seedCount: 0,
		history: historyLimits,
		operator: { pendingMs: 300, creatingMs: 1_000, stoppingMs: 500, deletingMs: 300 },
		clock,
		onFault: (fault) => {
			throw fault;
		},
	});
	/** Calls of the store and of the replica. */
	const lookUps: string[] = [];
	const replica = createReplica({
		feed: store,
		events: createWukongEvents(),
		clock,
		historyLimits,
		maxStreams,
		observer: silentObserver,
	});
	await replica.start();

	const logLines: string[] = [];
	const logger = createLogger("trace", { write: (line) => void logLines.push(line) });
	const { methods } = createWukongService({
		...{ store: counted(store, lookUps), replica: counted(replica, lookUps), defaultNamespace },
		heartbeatIntervalMs: optionsTable.heartbeatIntervalMs.defaultValue,
		maxWaitMs,
	});
	const implementation = Object.fromEntries(
		Object.entries(methods).map(([name, { impl }]) => [name, impl]),
	);
	const transport = createRouterTransport(
		(router) => router.service<typeof WukongService>(WukongService, implementation),
		{
			router: {
				interceptors: [
					createCallInterceptor({
						observers: [createAccessLog(logger)],
						contextOf: () => ({ requestId: "r1", protocol: "connect" }),
						clock,
					}),
					createValidateInterceptor(defaultNamespace),
					...(rights === undefined ? [] : rightsInterceptors(rights, defaultNamespace)),
				],
			},
		},
	);
	return {
		client: createClient(WukongService, transport),
		clock,
		replica,
		logLines,
		lookUps,
		/** Lets the operator finish what it is at, so that nothing but calls changes a VM. */
		settle: () => clock.advance(settleMs),
		close: () => store.close(),
	};
}

/** Tells a list of each call of a method, but of those that look nothing up. */
function counted<T extends object>(target: T, calls: string[]): T {
	return new Proxy(target, {
		get(of, key) {
			const value: unknown = Reflect.get(of, key);
			if (typeof value !== "function" || key === "onSuperseded") return value;
			return (...given: unknown[]) => {
				calls.push(String(key));
				return value.apply(of, given) as unknown;
			};
		},
	});
}

function rightsInterceptors(
	{ authorizer, principal }: { authorizer: Authorizer; principal: () => Principal },
	defaultNamespace: string,
): Interceptor[] {
	return [
		(next) => (request) => {
			request.contextValues.set(principalKey, principal());
			return next(request);
		},
		createAuthorizeInterceptor({
			...{ authorizer, guards: createRightsGuards(authorizer), defaultNamespace },
			rules: new Map([[WukongService, wukongRules]]),
		}),
	];
}

export type Service = Awaited<ReturnType<typeof startService>>;

/** What a failed call told. */
export interface Told {
	readonly code: string | undefined;
	readonly reason: string | undefined;
	/** The VM in the metadata, as namespace/name. */
	readonly wukong: string | undefined;
	readonly fields: readonly string[];
}

/** Waits for a call that has to fail. */
export async function failureOf(call: Promise<unknown>): Promise<Told> {
	const error = await call.then(
		(answer) => new Error(`did not fail: ${answer}`),
		(reason: unknown) => reason,
	);
	if (!(error instanceof ConnectError)) throw error;
	const [info] = error.findDetails(ErrorInfoSchema);
	const { namespace, name } = info?.metadata ?? {};
	return {
		code: Code[error.code],
		reason: reasonIn(error),
		wukong: name === undefined ? undefined : `${namespace}/${name}`,
		fields: error
			.findDetails(BadRequestSchema)
			.flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field)),
	};
}

/** The least spec that is complete. */
export const smallSpec = {
	cpu: 2,
	memory: "4Gi",
	disks: [{ name: "root", size: "20Gi", boot: true }],
};
