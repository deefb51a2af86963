import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../../clock.ts";
import { keyOf, type ObjectRef } from "../../resource/object.ts";
import type { Change } from "../store.ts";
import { type CachedObject, toCachedObject } from "./cached-object.ts";
import { deletedPublicView, readWukong } from "./kinds/wukong-read.ts";
import type { ObjectList } from "./list-pager.ts";
import type { WatchEvent } from "./watch-events.ts";

/** This replica's picture of the API server. It only ever moves forward. */
export interface ObjectCache {
	/** Everything up to this version is in. */
	readonly head: bigint;
	get(ref: ObjectRef): CachedObject | undefined;
	/** All objects, published, in no order. */
	objects(): Wukong[];
	/** Takes an event in. @returns what changed; nothing where it is older than the picture */
	apply(event: WatchEvent): readonly Change[];
	/**
	 * Becomes as a list says, which must be newer than `head`. Objects are told apart by uid: a
	 * recreated name is a deletion and a creation. All changes have the list's version, but only
	 * the last one may be resumed from: a resume in their midst has to see them all.
	 */
	replace(listing: ObjectList): readonly Change[];
	/** Everything up to `version` is in; a lower one is passed over. */
	pass(version: bigint): void;
}

/** What happened to one object. */
type Step =
	| { readonly held: CachedObject; readonly previous: CachedObject | undefined }
	| { readonly gone: Wukong; readonly previous: CachedObject };

/** @param start what the picture shows first. */
export function createObjectCache(start: ObjectList, clock: Pick<Clock, "nowMs">): ObjectCache {
	const held = new Map(start.items.map((item) => [keyOf(item.object), item]));
	let head = start.version;

	const pass = (version: bigint) => {
		if (version > head) head = version;
	};

	const take = (steps: readonly Step[], version: bigint, gapAfter?: bigint): Change[] => {
		const timeMs = clock.nowMs();
		const before = head;
		head = version;
		return steps.map((step, index) => {
			const { previous } = step;
			const deleted = "gone" in step;
			const object = deleted ? deletedPublicView(step.gone, timeMs) : step.held.object;
			if (deleted) held.delete(keyOf(object));
			else held.set(keyOf(object), step.held);
			const resumeVersion = index === steps.length - 1 ? version : before;
			const versions = { version, resumeVersion, gapAfter };
			return { ...versions, timeMs, object, previous: previous?.object, deleted };
		});
	};

	/** From what is held under a name to `next`; both may be the same object in two states. */
	const stepsTo = (previous: CachedObject | undefined, next: CachedObject): Step[] => {
		if (previous === undefined || previous.uid === next.uid) return [{ held: next, previous }];
		return [
			{ gone: previous.object, previous },
			{ held: next, previous: undefined },
		];
	};

	return {
		get head() {
			return head;
		},
		get: (ref) => held.get(keyOf(ref)),
		objects: () => [...held.values()].map(({ object }) => object),
		pass,
		apply(event) {
			if (event.type === "BOOKMARK") {
				pass(event.version);
				return [];
			}
			const next = toCachedObject(event.raw);
			if (next.version <= head) return [];
			const previous = held.get(keyOf(next.object));
			if (event.type !== "DELETED") return take(stepsTo(previous, next), next.version);
			const known = previous?.uid === next.uid;
			return take(known ? [{ gone: readWukong(event.raw), previous }] : [], next.version);
		},
		replace({ version, items }) {
			const listed = new Set(items.map(({ object }) => keyOf(object)));
			const gone = [...held].filter(([key]) => !listed.has(key));
			const steps: Step[] = gone.map(([, previous]) => ({ gone: previous.object, previous }));
			for (const item of items) {
				const previous = held.get(keyOf(item.object));
				if (previous?.version === item.version && previous.uid === item.uid) continue;
				steps.push(...stepsTo(previous, item));
			}
			return take(steps, version, head);
		},
	};
}
