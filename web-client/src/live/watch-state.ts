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
	/** A snapshot is under way, or nothing has come yet: what is held may be half a list. */
	readonly isPartial: boolean;
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
	let isPartial = true;

	const startOver = () => {
		for (const key of held.keys()) unseen.add(key);
		synced = false;
		isPartial = true;
		return nothing;
	};
	const store = (wukong: Wukong): readonly Change[] => {
		const key = keyOf(wukong);
		const previous = held.get(key);
		unseen.delete(key);
		const isSame = previous?.uid === wukong.uid;
		// A snapshot and a resume may tell a state again. Versions are compared for equality only.
		if (isSame && previous.resourceVersion === wukong.resourceVersion) return nothing;
		held.set(key, wukong);
		if (isSame) return [{ type: "MODIFIED", wukong, previous }];
		const added = { type: "ADDED", wukong } as const;
		return previous === undefined ? [added] : [{ type: "DELETED", wukong: previous }, added];
	};
	const remove = (wukong: Wukong): readonly Change[] => {
		const key = keyOf(wukong);
		// A namesake that was made since is another VM.
		if (held.get(key)?.uid !== wukong.uid) return nothing;
		held.delete(key);
		unseen.delete(key);
		return [{ type: "DELETED", wukong }];
	};
	const sweep = () => {
		const gone = [...unseen].flatMap((key) => held.get(key) ?? []);
		synced = true;
		wasSynced = true;
		isPartial = false;
		return gone.flatMap(remove);
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
		get isPartial() {
			return isPartial;
		},
		connect() {
			synced = false;
			if (token === "") startOver();
		},
		apply({ type, wukong, resourceVersion }) {
			token = resourceVersion;
			if (type === Type.RESET) return startOver();
			if (type === Type.SYNCED) return sweep();
			if (wukong === undefined) return nothing;
			if (type === Type.DELETED) return remove(wukong);
			// Else a type that a newer service has: its token counts.
			return type === Type.ADDED || type === Type.MODIFIED ? store(wukong) : nothing;
		},
	};
}
