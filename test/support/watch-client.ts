import type { Wukong } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { parseVersion } from "../../server/src/resource/version.ts";
import { keyOf } from "../../server/src/resource/wukong-ref.ts";
import { type Filter, shows } from "../../server/src/watch/filter.ts";

/**
 * A client that does exactly what the contract tells clients to do, and holds
 * the server to its promises: any message that breaks one is an error.
 */
export interface WatchClient {
	readonly held: ReadonlyMap<string, Wukong>;
	/** Token to resume from; empty: none yet. */
	readonly token: string;
	/** SYNCED has closed the newest start or RESET. */
	readonly synced: boolean;
	/** A new stream begins, with `token`. */
	connect(): void;
	/** @throws where the message breaks a promise */
	receive(event: WukongEvent): void;
}

export function createWatchClient(filter: Filter): WatchClient {
	const held = new Map<string, Wukong>();
	const unseen = new Set<string>();
	let token = "";
	let inSnapshot = false;
	let synced = false;
	let newest = 0n;

	const startOver = () => {
		for (const key of held.keys()) unseen.add(key);
		inSnapshot = true;
		synced = false;
	};
	const fail = (event: WukongEvent, why: string): never => {
		throw new Error(`${EventType[event.type]} ${event.wukong?.name ?? ""}: ${why}`);
	};
	const checkOrder = (event: WukongEvent) => {
		const version = parseVersion(event.resourceVersion);
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
			(parseVersion(next.resourceVersion) ?? 0n) - (parseVersion(before.resourceVersion) ?? 0n);
		if (event.type === EventType.DELETED ? rise < 0n : rise <= 0n) fail(event, "not newer");
	};

	return {
		held,
		get token() {
			return token;
		},
		get synced() {
			return synced;
		},
		connect() {
			synced = false;
			newest = parseVersion(token) ?? 0n;
			// One that was cut off is still under way: RESET is yet to come, a HEARTBEAT may come before it.
			inSnapshot = parseVersion(token) === undefined;
			if (token === "") startOver();
		},
		receive(event) {
			const { type, wukong } = event;
			if (type === EventType.RESET) startOver();
			checkOrder(event);
			token = event.resourceVersion;
			if (type === EventType.SYNCED) {
				for (const key of unseen) held.delete(key);
				unseen.clear();
				inSnapshot = false;
				synced = true;
			}
			if (wukong === undefined) return;
			const key = keyOf(wukong);
			const known = inSnapshot && unseen.has(key) ? undefined : held.get(key);
			if (!shows(filter, wukong)) fail(event, "not of this view");
			if (type === EventType.ADDED) {
				if (known !== undefined) fail(event, "already there");
				held.set(key, wukong);
				unseen.delete(key);
				return;
			}
			if (inSnapshot) fail(event, "in a snapshot");
			if (known === undefined) return fail(event, "of a VM that is not there");
			checkState(event, known, wukong);
			if (type === EventType.DELETED) held.delete(key);
			else held.set(key, wukong);
		},
	};
}
