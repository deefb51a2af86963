import type { Wukong } from "../../gen/novasphere/v1/wukong_pb.js";
import {
	WukongEvent_Type as Type,
	type WukongEvent,
} from "../../gen/novasphere/v1/wukong_service_pb.js";

/** One difference between what a watcher held before a message and what it holds after it. */
export type Change =
	| { readonly type: "ADDED"; readonly wukong: Wukong }
	| { readonly type: "MODIFIED"; readonly wukong: Wukong; readonly previous: Wukong }
	| { readonly type: "DELETED"; readonly wukong: Wukong };

/**
 * What a watcher holds, and the client's rule of docs/watch.md, which turns messages into
 * differences. It knows no network and no clock: the same messages give the same state.
 */
export interface WatchState {
	/** VMs by `keyOf`. A VM that a message tells again unchanged keeps its identity. */
	readonly held: ReadonlyMap<string, Wukong>;
	/** Keys held from before the snapshot under way, which has not told them yet. */
	readonly unseen: ReadonlySet<string>;
	/** Where to resume; empty: nothing has come yet. */
	readonly token: string;
	/** SYNCED has closed the newest start or RESET. */
	readonly synced: boolean;
	/** SYNCED has come at some time: what is held was complete then. */
	readonly wasSynced: boolean;
	/** A new stream begins, with `token`. */
	connect(): void;
	/** Takes one message. @returns what it changes, in order */
	apply(event: WukongEvent): readonly Change[];
}

/** Tells a VM from all others that exist at one time. */
export function keyOf({ namespace, name }: { namespace: string; name: string }): string {
	return `${namespace}/${name}`;
}

const nothing: readonly Change[] = [];

export function createWatchState(): WatchState {
	const held = new Map<string, Wukong>();
	const unseen = new Set<string>();
	let token = "";
	let synced = false;
	let wasSynced = false;

	const startOver = () => {
		for (const key of held.keys()) unseen.add(key);
		synced = false;
	};
	const store = (next: Wukong): readonly Change[] => {
		const key = keyOf(next);
		const previous = held.get(key);
		unseen.delete(key);
		if (previous === undefined) {
			held.set(key, next);
			return [{ type: "ADDED", wukong: next }];
		}
		if (previous.uid !== next.uid) {
			held.set(key, next);
			return [
				{ type: "DELETED", wukong: previous },
				{ type: "ADDED", wukong: next },
			];
		}
		// A snapshot and a resume may tell a state again. Versions are compared for equality only.
		if (previous.resourceVersion === next.resourceVersion) return nothing;
		held.set(key, next);
		return [{ type: "MODIFIED", wukong: next, previous }];
	};
	const remove = (last: Wukong): readonly Change[] => {
		const key = keyOf(last);
		const previous = held.get(key);
		// A namesake that was made since is another VM.
		if (previous === undefined || previous.uid !== last.uid) return nothing;
		held.delete(key);
		unseen.delete(key);
		return [{ type: "DELETED", wukong: last }];
	};
	const sweep = (): readonly Change[] => {
		synced = true;
		wasSynced = true;
		if (unseen.size === 0) return nothing;
		const changes: Change[] = [];
		for (const key of unseen) {
			const wukong = held.get(key);
			if (wukong !== undefined) changes.push({ type: "DELETED", wukong });
			held.delete(key);
		}
		unseen.clear();
		return changes;
	};

	return {
		held,
		unseen,
		get token() {
			return token;
		},
		get synced() {
			return synced;
		},
		get wasSynced() {
			return wasSynced;
		},
		connect() {
			synced = false;
			if (token === "") startOver();
		},
		apply({ type, wukong, resourceVersion }) {
			token = resourceVersion;
			switch (type) {
				case Type.ADDED:
				case Type.MODIFIED:
					return wukong === undefined ? nothing : store(wukong);
				case Type.DELETED:
					return wukong === undefined ? nothing : remove(wukong);
				case Type.RESET:
					startOver();
					return nothing;
				case Type.SYNCED:
					return sweep();
				default:
					// A heartbeat, or a type that a newer service has: its token counts.
					return nothing;
			}
		},
	};
}
