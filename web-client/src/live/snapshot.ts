import type { Wukong } from "../../gen/novasphere/v1/wukong_pb.js";
import { compareWukongs } from "./query.ts";
import type { LiveCondition } from "./status.ts";
import { type Change, keyOf } from "./watch-state.ts";

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
}

/** What a list is before anything has come, and on a server that renders. */
export const emptySnapshot: LiveSnapshot = {
	items: [],
	byKey: new Map(),
	synced: false,
	status: "connecting",
	error: undefined,
	staleSince: undefined,
};

/** The list after `changes`, which may tell one VM several times. */
export function withChanges(
	before: LiveSnapshot,
	changes: readonly Change[],
	held: ReadonlyMap<string, Wukong>,
): LiveSnapshot {
	const touched = new Set(changes.map(({ wukong }) => keyOf(wukong)));
	let items: Wukong[] = [];
	for (const item of before.items) {
		const key = keyOf(item);
		const now = held.get(key);
		if (now !== undefined) items.push(now);
		touched.delete(key);
	}
	const added = [...touched].map((key) => held.get(key)).filter((vm) => vm !== undefined);
	if (added.length > 0) items = [...items, ...added].sort(compareWukongs);
	return { ...before, items, byKey: new Map(items.map((vm) => [keyOf(vm), vm])), synced: true };
}
