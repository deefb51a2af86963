import { keyOf } from "../../../resource/object.ts";
import type { Change, Sink, StoreState } from "../../change-feed.ts";
import type { ClusterObject } from "../resource-kind.ts";

/** What is known of one kind before it is joined with the others, as a sink that remembers. */
export interface KindMemory<T extends ClusterObject> extends Sink<T> {
	/** Something was loaded. */
	readonly isLoaded: boolean;
	/** Everything since the last load, copied; undefined: nothing was loaded. */
	readonly known: StoreState<T> | undefined;
	/** Forgets everything. */
	forget(): void;
	/** Forgets what led to the present state. */
	forgetHistory(): void;
}

/** Creates a memory with nothing in it. */
export function createKindMemory<T extends ClusterObject>(): KindMemory<T> {
	let objects: Map<string, T> | undefined;
	let history: Change<T>[] = [];
	let head = 0n;
	let base = 0n;
	let keepsHistory = true;

	return {
		get isLoaded() {
			return objects !== undefined;
		},
		get known() {
			if (objects === undefined) return undefined;
			return { objects: [...objects.values()], history, head, base };
		},
		load(state) {
			objects = new Map(state.objects.map((object) => [keyOf(object), object]));
			history = keepsHistory ? [...state.history] : [];
			({ head } = state);
			base = keepsHistory ? state.base : head;
		},
		append(changes) {
			for (const { object, deleted, version } of changes) {
				if (deleted) objects?.delete(keyOf(object));
				else objects?.set(keyOf(object), object);
				head = version;
			}
			if (keepsHistory) history.push(...changes);
			else base = head;
		},
		advance(version) {
			head = version;
			if (!keepsHistory) base = head;
		},
		forget() {
			objects = undefined;
			history = [];
		},
		forgetHistory() {
			keepsHistory = false;
			history = [];
			base = head;
		},
	};
}

/** Returns the objects as they were at the base of a state: its history, undone. */
export function objectsAtBase<T extends ClusterObject>({ objects, history }: StoreState<T>): T[] {
	const before = new Map(objects.map((object) => [keyOf(object), object]));
	for (const { object, previous } of history.toReversed()) {
		if (previous === undefined) before.delete(keyOf(object));
		else before.set(keyOf(previous), previous);
	}
	return [...before.values()];
}
