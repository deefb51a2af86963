import type { Transport } from "@connectrpc/connect";
import type { FeedContext } from "./live/feed.ts";
import type { LiveListOptions } from "./live/live-list.ts";
import type { Place } from "./place.ts";

/** What a client gives to the parts that are imported on their own. */
export interface ClientContext
	extends Omit<FeedContext, "call" | "wrap">,
		Pick<LiveListOptions, "lingerMs"> {
	/** Carries calls of other services too, with the token on them. */
	readonly transport: Transport;
	/** Tries in all of a call that may be repeated. */
	readonly attempts: number;
	/** Connections are few. */
	readonly isCramped: boolean;
	/** Puts what is asked for where the client is. */
	readonly place: Place;
}
