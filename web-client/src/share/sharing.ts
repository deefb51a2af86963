/**
 * What pages load that share streams with other tabs, or have few connections: see `lazily.ts`.
 *
 * @module
 */
import type { WrapFeed } from "../live/feed.ts";
import { keyOfQuery } from "../live/query.ts";
import { createSharedStream } from "./shared-stream.ts";
import type { SharingOptions } from "./sharing-options.ts";
import { createSlots } from "./slots.ts";
import { pageTabs } from "./tabs.ts";
import { findNarrowStream } from "./wider.ts";

/**
 * Wraps what opens streams: lists share theirs with the other tabs of the origin, where these can
 * agree; and there are no more of them than cleartext HTTP/1.1 has room for, beyond which a list is
 * fed from one that shows more, if there is one.
 */
export function createSharing(options: SharingOptions): WrapFeed {
	const { environment, serviceUrl, caller } = options;
	const tabs = pageTabs();
	// Connections belong to the origin of the service, whoever calls it.
	const limit = createSlots(`wukong:${serviceUrl?.origin}`, tabs);
	return (open, query, state) => {
		const limited = options.isCramped ? limit(open, () => findNarrowStream(query, options)) : open;
		if (tabs === undefined || caller === undefined || state === undefined) {
			return { open: limited, leave() {} };
		}
		const name = `wukong:${serviceUrl?.href}:${caller}:${keyOfQuery(query)}`;
		return createSharedStream(limited, state, { tabs, name, environment });
	};
}
