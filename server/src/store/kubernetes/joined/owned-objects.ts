import { keyOf, type ObjectRef } from "../../../resource/object.ts";

/** What finding an owner needs of an object. */
interface Ownable extends ObjectRef {
	readonly ownerUid: string | undefined;
}

/** The objects of one kind, found by name and by the controller that owns them. */
export interface OwnedObjects<T extends Ownable> {
	get(ref: ObjectRef): T | undefined;
	set(object: T): void;
	delete(ref: ObjectRef): void;
	all(): Iterable<T>;
	/**
	 * Finds the object of an owner: of several the one with this name, then the one with the least.
	 * One without a controller goes by this name alone.
	 */
	find(ownerUid: string, named: ObjectRef): T | undefined;
}

/** Creates an index of objects. */
export function createOwnedObjects<T extends Ownable>(objects: Iterable<T>): OwnedObjects<T> {
	const byKey = new Map<string, T>();
	const byOwner = new Map<string, Map<string, T>>();

	const remove = (ref: ObjectRef) => {
		const key = keyOf(ref);
		const ownerUid = byKey.get(key)?.ownerUid;
		byKey.delete(key);
		if (ownerUid === undefined) return;
		const owned = byOwner.get(ownerUid);
		owned?.delete(key);
		if (owned?.size === 0) byOwner.delete(ownerUid);
	};
	const set = (object: T) => {
		remove(object);
		const key = keyOf(object);
		byKey.set(key, object);
		if (object.ownerUid === undefined) return;
		const owned = byOwner.get(object.ownerUid) ?? new Map<string, T>();
		byOwner.set(object.ownerUid, owned.set(key, object));
	};

	for (const object of objects) set(object);
	return {
		get: (ref) => byKey.get(keyOf(ref)),
		set,
		delete: remove,
		all: () => byKey.values(),
		find(ownerUid, named) {
			const namesake = byKey.get(keyOf(named));
			if (namesake !== undefined) {
				const isOwn = namesake.ownerUid === undefined || namesake.ownerUid === ownerUid;
				if (isOwn) return namesake;
			}
			let least: T | undefined;
			for (const one of byOwner.get(ownerUid)?.values() ?? []) {
				// An owner is in the namespace of what it owns.
				if (one.namespace !== named.namespace) continue;
				if (least === undefined || one.name < least.name) least = one;
			}
			return least;
		},
	};
}
