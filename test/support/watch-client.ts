import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { parsePlainVersion, placesIn } from "../../server/src/resource/version.ts";
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

export function createWatchClient(filter: Filter): WatchClient {
	const state = createWatchState();
	const { held, unseen } = state;
	let inSnapshot = false;
	let newest = 0n;

	const fail = (event: WukongEvent, why: string): never => {
		throw new Error(`${EventType[event.type]} ${event.wukong?.name ?? ""}: ${why}`);
	};
	const checkOrder = (event: WukongEvent) => {
		const version = parsePlainVersion(event.resourceVersion);
		if (inSnapshot && event.type !== EventType.SYNCED) {
			if (version !== undefined) fail(event, "a live token inside a snapshot");
			return;
		}
		if (version === undefined) return fail(event, "no live token outside of a snapshot");
		// The changes of one relist share a token: whether one came twice, its object tells.
		if (version < newest) fail(event, "not in order");
		newest = version;
	};
	/** One VM's states rise; a deletion may tell the last one again. */
	const checkState = (event: WukongEvent, before: Wukong, next: Wukong) => {
		if (before.uid !== next.uid) fail(event, "of a namesake");
		const rise =
			(parsePlainVersion(placesIn(next.resourceVersion)) ?? 0n) -
			(parsePlainVersion(placesIn(before.resourceVersion)) ?? 0n);
		if (event.type === EventType.DELETED ? rise < 0n : rise <= 0n) fail(event, "not newer");
	};

	const checkVm = (event: WukongEvent, wukong: Wukong) => {
		const key = keyOf(wukong);
		const known = inSnapshot && unseen.has(key) ? undefined : held.get(key);
		if (!shows(filter, wukong)) fail(event, "not of this view");
		if (event.type === EventType.ADDED) {
			if (known !== undefined) fail(event, "already there");
			return;
		}
		if (inSnapshot) fail(event, "in a snapshot");
		if (known === undefined) return fail(event, "of a VM that is not there");
		checkState(event, known, wukong);
	};
	const apply = (event: WukongEvent) => {
		if (event.type === EventType.RESET) inSnapshot = true;
		checkOrder(event);
		if (event.wukong !== undefined) checkVm(event, event.wukong);
		if (event.type === EventType.SYNCED) inSnapshot = false;
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
			newest = parsePlainVersion(state.token) ?? 0n;
			// One that was cut off is still under way: RESET is yet to come, a HEARTBEAT may come before it.
			inSnapshot = parsePlainVersion(state.token) === undefined;
		},
		apply,
		receive: (event) => void apply(event),
	};
}
