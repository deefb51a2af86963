import type { Wukong } from "../../gen/novasphere/v1/wukong_pb.js";

/** Which VMs to watch; empty: all that the caller may read. */
export interface WatchQuery {
	/** Empty: every namespace, or the default one where a name is given. */
	readonly namespace?: string;
	/** One VM, existing or not; empty: all. */
	readonly name?: string;
	/** Each must be equal. */
	readonly labels?: Readonly<Record<string, string>>;
	/** Kubernetes grammar, as in `tier in (web,api),!legacy`; joined with `labels` by AND. */
	readonly labelSelector?: string;
}

/** The same text for queries that ask the same. */
export function keyOfQuery({
	namespace = "",
	name = "",
	labels = {},
	labelSelector = "",
}: WatchQuery): string {
	const sorted = Object.entries(labels).sort(([a], [b]) => compare(a, b));
	return JSON.stringify([namespace, name, sorted, labelSelector]);
}

/** The service's order: by namespace, then name, bytewise. Both are ASCII. */
export function compareWukongs(a: Wukong, b: Wukong): number {
	return compare(a.namespace, b.namespace) || compare(a.name, b.name);
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
