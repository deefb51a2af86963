import { equals } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import { keyOf } from "../../../server/src/resource/object.ts";
import type { Change, Sink, StoreState } from "../../../server/src/store/change-feed.ts";

/** A sink that keeps what it is told, and objects to whatever breaks the store's promises. */
export interface RecordingSink extends Sink {
	readonly state: StoreState;
	/** The changes since the load. */
	readonly changes: readonly Change[];
	/** How often changes were told; changes of one commit come together. */
	readonly appends: number;
	readonly head: bigint;
	/** The present state, by `namespace/name`. */
	readonly objects: ReadonlyMap<string, Wukong>;
}

export function createRecordingSink(): RecordingSink {
	let state: StoreState | undefined;
	/** One per kind. */
	let heads = [0n];
	let appends = 0;
	const changes: Change[] = [];
	const objects = new Map<string, Wukong>();

	const loaded = (): StoreState => {
		if (state === undefined) throw new Error("the sink was not loaded");
		return state;
	};
	return {
		load(next) {
			state = next;
			heads = [next, ...(next.joined ?? [])].map(({ head }) => head);
			objects.clear();
			for (const object of next.objects) objects.set(keyOf(object), object);
			checkHistory(next);
		},
		append(news) {
			loaded();
			appends++;
			for (const change of news) {
				const { kind = 0, version } = change;
				const head = heads[kind] ?? 0n;
				// One change of another kind may touch several objects.
				if (kind === 0 ? version <= head : version < head) {
					throw new Error(`version ${version} of kind ${kind} after ${head}`);
				}
				heads[kind] = version;
				apply(objects, change);
				changes.push(change);
			}
		},
		advance(version, kind = 0) {
			const head = heads[kind] ?? 0n;
			if (version < head) throw new Error(`version ${version} of kind ${kind} after ${head}`);
			heads[kind] = version;
		},
		get state() {
			return loaded();
		},
		get head() {
			return heads[0] ?? 0n;
		},
		get appends() {
			return appends;
		},
		changes,
		objects,
	};
}

/** Undoes the history from the present and does it again: both must fit, state by state. */
function checkHistory({ objects, history, base, head, joined = [] }: StoreState): void {
	const present = new Map(objects.map((object) => [keyOf(object), object]));
	const states = new Map(present);
	for (const { object, previous } of history.toReversed()) {
		if (previous === undefined) states.delete(keyOf(object));
		else states.set(keyOf(object), previous);
	}
	const kinds = [{ base, head }, ...joined];
	const last = kinds.map((kind) => kind.base);
	for (const change of history) {
		const { kind = 0, version } = change;
		const before = last[kind] ?? 0n;
		if (kind === 0 ? version <= before : version < before) {
			throw new Error(`version ${version} of kind ${kind} after ${before}`);
		}
		last[kind] = version;
		apply(states, change);
	}
	// Other things of a cluster move its version, too.
	for (const [kind, { head }] of kinds.entries()) {
		const end = last[kind] ?? 0n;
		if (end > head) throw new Error(`the history of kind ${kind} ends at ${end}, after ${head}`);
	}
	if (states.size !== present.size) throw new Error("the history leads to another state");
	for (const [key, object] of present) mustBeEqual(states.get(key), object);
}

function apply(states: Map<string, Wukong>, { object, previous, deleted }: Change): void {
	const key = keyOf(object);
	mustBeEqual(states.get(key), previous);
	if (deleted && object.deleteTime === undefined)
		throw new Error(`${key} went without delete_time`);
	if (deleted) states.delete(key);
	else states.set(key, object);
}

function mustBeEqual(held: Wukong | undefined, told: Wukong | undefined): void {
	if (held === told) return;
	if (held === undefined || told === undefined || !equals(WukongSchema, held, told)) {
		const name = held?.name ?? told?.name;
		throw new Error(`${name}: a change does not begin where the one before it ended`);
	}
}
