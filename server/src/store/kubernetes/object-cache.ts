import type { Clock } from "../../clock.ts";
import { keyOf, type ObjectRef } from "../../resource/object.ts";
import type { Change } from "../change-feed.ts";
import type { ClusterObject, ResourceKind } from "./resource-kind.ts";
import { type Unstructured, versionOf } from "./unstructured.ts";
import type { WatchEvent } from "./watch-session.ts";

/** One object in the cache: only what is kept of it. */
export interface CachedObject<T extends ClusterObject> {
	readonly uid: string;
	/** The newest version; `object` has an older one where there was no news since. */
	readonly version: bigint;
	readonly object: T;
}

/** List of all objects of a kind at one version. */
export interface ObjectList<T extends ClusterObject> {
	readonly version: bigint;
	readonly items: readonly CachedObject<T>[];
}

/** Reads an object for the cache. @param previous as `ResourceKind.read` */
export function toCachedObject<T extends ClusterObject>(
	kind: ResourceKind<T>,
	raw: Unstructured,
	previous?: T,
): CachedObject<T> {
	const { uid, resourceVersion } = raw.metadata;
	return { uid, version: versionOf(resourceVersion), object: kind.read(raw, previous) };
}

/** Holds the objects of one kind as this replica knows them. It only moves forward. */
export interface ObjectCache<T extends ClusterObject> {
	/** Everything up to this version is in. */
	readonly head: bigint;
	get(ref: ObjectRef): CachedObject<T> | undefined;
	/** Returns all objects, in no order. */
	objects(): T[];
	/**
	 * Takes an event in. @returns what changed; nothing where it is older than the cache, or no news
	 */
	apply(event: WatchEvent): readonly Change<T>[];
	/**
	 * Takes the state of a list, which must be newer than `head`. Objects are distinguished by uid: a
	 * recreated name is a deletion and a creation. All changes have the list's version, but only
	 * the last one may be resumed from: a resume between them has to see them all.
	 */
	replace(list: ObjectList<T>): readonly Change<T>[];
	/** Everything up to `version` is in; a lower one is passed over. */
	pass(version: bigint): void;
}

/** One object that appeared, changed or is gone. */
type Step<T extends ClusterObject> =
	| { readonly next: CachedObject<T>; readonly previous: CachedObject<T> | undefined }
	| { readonly gone: T; readonly previous: CachedObject<T> };

/** Creates the cache of one kind, with what a list of it holds. */
export function createObjectCache<T extends ClusterObject>(
	kind: ResourceKind<T>,
	start: ObjectList<T>,
	clock: Pick<Clock, "nowMs">,
): ObjectCache<T> {
	const cached = new Map(start.items.map((item) => [keyOf(item.object), item]));
	let head = start.version;

	const pass = (version: bigint) => {
		if (version > head) head = version;
	};

	const take = (steps: readonly Step<T>[], version: bigint, gapAfter?: bigint): Change<T>[] => {
		const timeMs = clock.nowMs();
		const before = head;
		head = version;
		return steps.map((step, index) => {
			const { previous } = step;
			const deleted = "gone" in step;
			const object = deleted ? kind.markDeleted(step.gone, timeMs) : step.next.object;
			if (deleted) cached.delete(keyOf(object));
			else cached.set(keyOf(object), step.next);
			const resumeVersion = index === steps.length - 1 ? version : before;
			const versions = { version, resumeVersion, gapAfter };
			return { ...versions, timeMs, object, previous: previous?.object, deleted };
		});
	};

	/**
	 * Lists the steps from what is cached under a name to `next`; both may be the same object in two
	 * states.
	 */
	const stepsTo = (previous: CachedObject<T> | undefined, next: CachedObject<T>): Step<T>[] => {
		if (previous === undefined) return [{ next, previous }];
		if (previous.uid === next.uid) {
			if (kind.isNews(previous.object, next.object)) return [{ next, previous }];
			// Readers keep the state that they have been told: its version is its own.
			cached.set(keyOf(previous.object), { ...next, object: previous.object });
			return [];
		}
		return [
			{ gone: previous.object, previous },
			{ next, previous: undefined },
		];
	};

	return {
		get head() {
			return head;
		},
		get: (ref) => cached.get(keyOf(ref)),
		objects: () => [...cached.values()].map(({ object }) => object),
		pass,
		apply(event) {
			if (event.type === "BOOKMARK") {
				pass(event.version);
				return [];
			}
			const { raw } = event;
			if (versionOf(raw.metadata.resourceVersion) <= head) return [];
			const previous = cached.get(keyOf(raw.metadata));
			const next = toCachedObject(kind, raw, previous?.object);
			if (event.type !== "DELETED") return take(stepsTo(previous, next), next.version);
			const known = previous?.uid === next.uid;
			return take(known ? [{ gone: next.object, previous }] : [], next.version);
		},
		replace({ version, items }) {
			const listed = new Set(items.map(({ object }) => keyOf(object)));
			const gone = [...cached].filter(([key]) => !listed.has(key));
			const steps: Step<T>[] = gone.map(([, previous]) => ({ gone: previous.object, previous }));
			for (const item of items) {
				const previous = cached.get(keyOf(item.object));
				if (previous?.version === item.version && previous.uid === item.uid) continue;
				steps.push(...stepsTo(previous, item));
			}
			return take(steps, version, head);
		},
	};
}
