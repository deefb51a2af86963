import type { Interceptor } from "@connectrpc/connect";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import type { Authorizer } from "../auth/authorizer.ts";
import { createRightsGuards } from "../auth/rights-guards.ts";
import type { Config } from "../config/config.ts";
import { createAuthorizeInterceptor } from "../service/interceptors/authorize.ts";
import { wukongRules } from "../service/wukong/wukong-rights.ts";

/** What the callers of one service may do. */
export interface Rights {
	/** Asks for the right of each call; none where whoever calls may do everything. */
	readonly interceptors: readonly Interceptor[];
}

/** Creates the rights that callers have. */
export function createRights(
	{ defaultNamespace }: Pick<Config, "defaultNamespace">,
	{ authorizer }: { readonly authorizer: Authorizer | undefined },
): Rights {
	if (authorizer === undefined) return { interceptors: [] };
	const guards = createRightsGuards(authorizer);
	const rules = new Map([[WukongService, wukongRules]]);
	return {
		interceptors: [createAuthorizeInterceptor({ authorizer, guards, rules, defaultNamespace })],
	};
}
