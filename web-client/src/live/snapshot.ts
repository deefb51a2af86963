import type { Wukong } from "../../gen/novasphere/v1/wukong_pb.js";
import { compareWukongs } from "./query.ts";
import { conditionOf, type LiveCondition } from "./status.ts";
import { keyOf } from "./watch-state.ts";

/**
 * A list at one moment. It never changes: the next state is another object, and a VM that has not
 * changed is the same object in both.
 */
export interface LiveSnapshot extends LiveCondition {
	/** In the order of namespace and name. Empty until `synced`. */
	readonly items: readonly Wukong[];
	/** The same by `namespace/name`. */
	readonly byKey: ReadonlyMap<string, Wukong>;
	/** The list was complete at some time; false: it is still on its way. */
	readonly synced: boolean;
	/** Keys of the VMs that show what a call of an `optimistic` client has not been confirmed in yet. */
	readonly pending: ReadonlySet<string>;
}

/** What a list is before anything has come, and on a server that renders. */
export const emptySnapshot: LiveSnapshot = {
	...conditionOf("connecting"),
	items: [],
	byKey: new Map(),
	synced: false,
	pending: new Set(),
};

/** The list once `held` is what there is. */
export function withItems(before: LiveSnapshot, held: ReadonlyMap<string, Wukong>): LiveSnapshot {
	let items = before.items.flatMap((item) => held.get(keyOf(item)) ?? []);
	// Most changes add nothing, and keep the order.
	if (items.length < held.size) items = [...held.values()].sort(compareWukongs);
	return { ...before, items, byKey: new Map(held), synced: true };
}
