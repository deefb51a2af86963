import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Store } from "../../store/store.ts";
import type { Replica } from "../../watch/replica.ts";

/** What the methods of the service stand on. */
export interface ServiceContext {
	/** Takes the writes. */
	readonly store: Store;
	/** Answers the reads. */
	readonly replica: Replica;
	/** Stands in for an empty namespace wherever one VM is meant. */
	readonly defaultNamespace: string;
	/** Longest silence of a watch whose request asks for none, in milliseconds. */
	readonly heartbeatIntervalMs: number;
}

/** The `stale_since` of an answer: set while upstream is silent. */
export function staleSince(replica: Replica): Timestamp | undefined {
	const { staleSinceMs } = replica.freshness();
	return staleSinceMs === undefined ? undefined : timestampFromMs(staleSinceMs);
}
