/**
 * What pages load that share streams with other tabs, or have few connections: see `lazily.ts`.
 *
 * @module
 */
import type { WrapFeed } from "../live/feed.ts";
import { keyOfQuery } from "../live/query.ts";
import { createSharedStream } from "./shared-stream.ts";
import type { CallerOptions, SharingOptions } from "./sharing-options.ts";
import { createSlots } from "./slots.ts";
import { pageTabs } from "./tabs.ts";
import { findNarrowStream } from "./wider.ts";

/**
 * Wraps what opens streams: lists share theirs with the other tabs of the origin, where these can
 * agree; and there are no more of them than cleartext HTTP/1.1 has room for, beyond which a list is
 * fed from one that shows more, if there is one.
 */
export function createSharing(options: SharingOptions): WrapFeed {
	const { environment, pageUrl, given } = options;
	const tabs = pageTabs();
	const caller = given && callerOf(given);
	// Connections belong to the origin of the service, whoever calls it.
	const limit = options.isCramped ? createSlots(`wukong:${pageUrl?.origin}`, tabs) : undefined;
	return (open, query, state) => {
		const limited = limit?.(open, () => findNarrowStream(query, options)) ?? open;
		if (tabs === undefined || caller === undefined || state === undefined) {
			return { open: limited, leave() {} };
		}
		const name = `wukong:${pageUrl?.href ?? given?.baseUrl}:${caller}:${keyOfQuery(query)}`;
		return createSharedStream(limited, state, { tabs, name, environment });
	};
}

/** Tabs of different callers share nothing. Undefined: nobody but the caller knows who calls. */
function callerOf(given: CallerOptions): string | undefined {
	const { identity = "", token, interceptors, fetch, transport } = given;
	const isNobody = [token, interceptors, fetch, transport].every((one) => one === undefined);
	return identity !== "" || isNobody ? identity : undefined;
}
