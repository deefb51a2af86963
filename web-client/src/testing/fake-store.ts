import { clone, create, equals, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
	WukongStatus_PowerState as PowerState,
	type Wukong,
	WukongSchema,
	WukongSpecSchema,
	WukongStatusSchema,
} from "../../gen/novasphere/v1/wukong_pb.js";
import type { Clock } from "../live/environment.ts";
import { keyOf } from "../live/watch-state.ts";

/** One change, in the order of versions. */
export interface FakeChange {
	readonly version: number;
	/** Absent: it did not exist before. */
	readonly previous: Wukong | undefined;
	/** Absent: it is gone. */
	readonly next: Wukong | undefined;
}

/** VMs and their history, in memory. */
export interface FakeStore {
	/** By `namespace/name`, in the service's order. Each VM is immutable. */
	readonly wukongs: ReadonlyMap<string, Wukong>;
	/** The newest version. */
	readonly version: number;
	/** Changes after `version`, oldest first; undefined where the history does not reach back so far. */
	changesAfter(version: number): readonly FakeChange[] | undefined;
	/** Creates or replaces a VM. @returns it as it is stored */
	put(wukong: MessageInitShape<typeof WukongSchema>): Wukong;
	/** Removes a VM at once. @returns its last state; undefined where there was none */
	remove(ref: { readonly namespace?: string; readonly name: string }): Wukong | undefined;
	/** Forgets all history, so that every older place is RESET. */
	forgetHistory(): void;
	/** Calls back after each change. @returns how to stop */
	onChange(listener: () => void): () => void;
}

/** @param maxHistory changes that are kept */
export function createFakeStore(clock: Clock, maxHistory: number): FakeStore {
	let wukongs = new Map<string, Wukong>();
	let history: FakeChange[] = [];
	let version = 0;
	let uids = 0;
	const listeners = new Set<() => void>();

	const commit = (previous: Wukong | undefined, next: Wukong | undefined) => {
		history.push({ version, previous, next });
		if (history.length > maxHistory) history = history.slice(-maxHistory);
		for (const listener of [...listeners]) listener();
	};

	return {
		get wukongs() {
			return wukongs;
		},
		get version() {
			return version;
		},
		changesAfter(after) {
			const base = history[0]?.version ?? version + 1;
			if (after > version || after < base - 1) return undefined;
			return history.slice(after - base + 1);
		},
		put(init) {
			const next = clone(WukongSchema, create(WukongSchema, init));
			next.namespace ||= "default";
			const previous = wukongs.get(keyOf(next));
			version++;
			next.uid = previous?.uid ?? `uid-${++uids}`;
			next.resourceVersion = String(version);
			next.generation = (previous?.generation ?? 0n) + (raisesGeneration(previous, next) ? 1n : 0n);
			next.createTime = previous?.createTime ?? timestampFromMs(clock.nowMs());
			next.status ??= create(WukongStatusSchema, {
				phase: "Running",
				powerState: PowerState.RUNNING,
			});
			const isNew = previous === undefined;
			wukongs.set(keyOf(next), next);
			if (isNew) wukongs = new Map([...wukongs].sort(([a], [b]) => (order(a) < order(b) ? -1 : 1)));
			commit(previous, next);
			return next;
		},
		remove({ namespace = "default", name }) {
			const key = keyOf({ namespace, name });
			const previous = wukongs.get(key);
			if (previous === undefined) return undefined;
			version++;
			wukongs.delete(key);
			commit(previous, undefined);
			return previous;
		},
		forgetHistory() {
			history = [];
		},
		onChange(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
	};
}

/** As the contract has it: with each change of the spec, and when deletion begins. */
function raisesGeneration(previous: Wukong | undefined, next: Wukong): boolean {
	if (previous === undefined) return true;
	if (next.deleteTime !== undefined && previous.deleteTime === undefined) return true;
	const none = create(WukongSpecSchema);
	return !equals(WukongSpecSchema, previous.spec ?? none, next.spec ?? none);
}

/** By namespace, then name: the slash between them would sort after "-" and ".". */
function order(key: string): string {
	return key.replace("/", "\0");
}
