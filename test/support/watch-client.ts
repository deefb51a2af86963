import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { parseVersion } from "../../server/src/resource/version.ts";
import { type Filter, shows } from "../../server/src/watch/filter.ts";
import { createWatchState, keyOf, type WatchState } from "../../web-client/src/live/watch-state.ts";

/**
 * The web client's own state, and a judge before it that holds the server to its promises: any
 * message that breaks one is an error.
 */
export interface WatchClient extends WatchState {
	/** @throws where the message breaks a promise */
	receive(event: WukongEvent): void;
}

/** Returns how far a version is in each of its kinds; undefined: the text is none. */
function positionsOf(text: string): readonly bigint[] | undefined {
	return parseVersion(text)?.places.map(({ position }) => position);
}

/** Checks whether any kind is further back; versions of different modes cannot be compared. */
function goesBack(from: readonly bigint[], to: readonly bigint[]): boolean {
	return from.length === to.length && to.some((position, kind) => position < (from[kind] ?? 0n));
}

/**
 * Checks whether a resume from here is told the newest state of what changed, and not each change: with
 * several kinds, and after what was withheld (docs/watch.md).
 */
function resumesByState(token: string): boolean {
	const { places = [] } = parseVersion(token) ?? {};
	return places.length > 1 || places.some(({ replayAfter }) => replayAfter !== undefined);
}

export function createWatchClient(filter: Filter): WatchClient {
	const state = createWatchState();
	const { held, unseen } = state;
	let inSnapshot = false;
	/** Until SYNCED, what was told before may be told again, and the end of who came and went meanwhile. */
	let isReplay = false;
	/** What it holds may be told by more than one replica. */
	let hasResumed = false;
	let newest = positionsOf("0") ?? [];

	const fail = (event: WukongEvent, why: string): never => {
		throw new Error(`${EventType[event.type]} ${event.wukong?.name ?? ""}: ${why}`);
	};
	const checkOrder = (event: WukongEvent) => {
		const version = positionsOf(event.resourceVersion);
		if (inSnapshot && event.type !== EventType.SYNCED) {
			if (version !== undefined) fail(event, "a live token inside a snapshot");
			return;
		}
		if (version === undefined) return fail(event, "no live token outside of a snapshot");
		// The changes of one relist share a token: whether one came twice, its object tells.
		if (goesBack(newest, version)) fail(event, "not in order");
		newest = version;
	};
	/** One VM's states rise; a deletion may tell the last one again. */
	const checkState = (event: WukongEvent, before: Wukong, next: Wukong) => {
		if (before.uid !== next.uid) fail(event, "of a namesake");
		const from = positionsOf(before.resourceVersion) ?? [];
		const to = positionsOf(next.resourceVersion) ?? [];
		// Since when there is none of another kind is known to each replica by itself.
		const kinds = hasResumed ? 1 : Math.max(from.length, to.length);
		if (goesBack(from.slice(0, kinds), to.slice(0, kinds))) fail(event, "older");
		// With several kinds a resume may repeat a state.
		const isRepeated = to.length === 1 && from[0] === to[0];
		if (event.type !== EventType.DELETED && isRepeated) fail(event, "not newer");
	};

	const checkVm = (event: WukongEvent, wukong: Wukong) => {
		const key = keyOf(wukong);
		const known = inSnapshot && unseen.has(key) ? undefined : held.get(key);
		if (!shows(filter, wukong)) fail(event, "not of this view");
		if (event.type === EventType.ADDED) {
			if (known === undefined) return;
			if (!isReplay) fail(event, "already there");
			return checkState(event, known, wukong);
		}
		if (inSnapshot) fail(event, "in a snapshot");
		if (event.type === EventType.DELETED && isReplay && known?.uid !== wukong.uid) return;
		if (known === undefined) return fail(event, "of a VM that is not there");
		checkState(event, known, wukong);
	};
	const apply = (event: WukongEvent) => {
		if (event.type === EventType.RESET) {
			inSnapshot = true;
			isReplay = false;
		}
		checkOrder(event);
		if (event.wukong !== undefined) checkVm(event, event.wukong);
		if (event.type === EventType.SYNCED) {
			inSnapshot = false;
			isReplay = false;
		}
		return state.apply(event);
	};

	return {
		held,
		unseen,
		get token() {
			return state.token;
		},
		get synced() {
			return state.synced;
		},
		get wasSynced() {
			return state.wasSynced;
		},
		get isPartial() {
			return state.isPartial;
		},
		connect() {
			state.connect();
			newest = positionsOf(state.token) ?? [];
			// One that was cut off is still under way: RESET is yet to come, a HEARTBEAT may come before it.
			inSnapshot = positionsOf(state.token) === undefined;
			isReplay = !inSnapshot && resumesByState(state.token);
			hasResumed ||= isReplay;
		},
		apply,
		receive: (event) => void apply(event),
	};
}
