import type { Interceptor } from "@connectrpc/connect";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import type { Authorizer } from "../auth/authorizer.ts";
import type { KnownNamespaces } from "../auth/kubernetes/cluster-authorizer.ts";
import { createPolicyFile } from "../auth/policy/policy-file.ts";
import { createRightsGuards } from "../auth/rights-guards.ts";
import type { Clock } from "../clock.ts";
import { authorizationOf, type Config } from "../config/config.ts";
import { createAuthorizeInterceptor } from "../service/interceptors/authorize.ts";
import { wukongRules } from "../service/wukong/wukong-rights.ts";
import type { Logger } from "../telemetry/logger.ts";
import { createClusterRights } from "./cluster-rights.ts";

/** What the callers of one service may do. */
export interface Rights {
	/** Says who may do what; undefined: whoever calls may do everything. */
	readonly authorizer: Authorizer | undefined;
	/** Asks for the right of each call; none where whoever calls may do everything. */
	readonly interceptors: readonly Interceptor[];
	/** Loads what has to be there before the first call. @throws what the one who starts the service is told */
	start(): Promise<void>;
	stop(): Promise<void>;
	/** Returns what else operators may want to know, a line each. */
	notes(): readonly string[];
	/** Returns why rights may not be what they should be now, a line each. */
	troubles(): readonly string[];
}

/** Creates the rights that the configuration names. */
export function createRights(
	config: Config,
	parts: {
		readonly clock: Clock;
		readonly logger: Logger;
		/** `KUBECONFIG` of the environment; undefined: unset. */
		readonly kubeconfigPath: string | undefined;
		readonly namespaces: KnownNamespaces;
		/** Decides in place of a policy file. */
		readonly authorizer: Authorizer | undefined;
	},
): Rights {
	const { clock, logger } = parts;
	const { policyFile, defaultNamespace } = config;
	const source = authorizationOf(config);
	const policy =
		source !== "policy"
			? undefined
			: createPolicyFile({
					file: policyFile,
					clock,
					observer: {
						policyReloaded: () => logger.info("policy reloaded"),
						policyNotReloaded: (err) => logger.error({ err }, "policy not reloaded"),
					},
				});
	const cluster =
		source === "kubernetes" && parts.authorizer === undefined
			? createClusterRights(config, parts)
			: undefined;
	const authorizer = policy ?? parts.authorizer ?? cluster?.authorizer;
	return {
		authorizer,
		interceptors: authorizer === undefined ? [] : [createInterceptor(authorizer, defaultNamespace)],
		async start() {
			await policy?.start();
			await cluster?.start();
		},
		async stop() {
			policy?.stop();
			await cluster?.stop();
		},
		notes: () => cluster?.notes() ?? [],
		troubles: () => [policy?.trouble() ?? [], cluster?.authorizer.trouble() ?? []].flat(),
	};
}

function createInterceptor(authorizer: Authorizer, defaultNamespace: string): Interceptor {
	const guards = createRightsGuards(authorizer);
	const rules = new Map([[WukongService, wukongRules]]);
	return createAuthorizeInterceptor({ authorizer, guards, rules, defaultNamespace });
}
