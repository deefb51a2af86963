import { WukongStatus_PowerState as Power } from "@novasphere/wukong-gen/wukong";
import { keyOf } from "../../../../../server/src/resource/object.ts";
import { defaultStuckRules } from "../../../../../server/src/resource/wukong/power/power-times.ts";
import type {
	Change,
	KindIndex,
	Sink,
	StoreState,
} from "../../../../../server/src/store/change-feed.ts";
import { createJoinedFeed } from "../../../../../server/src/store/kubernetes/joined/joined-feed.ts";
import { observedWukongKind } from "../../../../../server/src/store/kubernetes/kinds/observed-wukong.ts";
import { virtualMachineKind } from "../../../../../server/src/store/kubernetes/kinds/virtual-machine.ts";
import { virtualMachineInstanceKind } from "../../../../../server/src/store/kubernetes/kinds/virtual-machine-instance.ts";
import {
	createObjectCache,
	type ObjectCache,
	toCachedObject,
} from "../../../../../server/src/store/kubernetes/object-cache.ts";
import type {
	ClusterObject,
	ResourceKind,
} from "../../../../../server/src/store/kubernetes/resource-kind.ts";
import type { Unstructured } from "../../../../../server/src/store/kubernetes/unstructured.ts";
import { createFakeClock } from "../../../../support/fake-clock.ts";

export const clock = createFakeClock();

/** Creates a sink that keeps what it is told, and objects to what must never come. */
export function createCheckingSink() {
	const loads: StoreState[] = [];
	const changes: Change[] = [];
	const advances: [KindIndex, bigint, bigint | undefined][] = [];
	const objects = new Map<string, StoreState["objects"][number]>();
	const heads: bigint[] = [];
	const take = (news: readonly Change[]) => {
		const before = [...heads];
		for (const change of news) {
			const { kind = 0, version, object, previous, deleted } = change;
			if (version <= (before[kind] ?? 0n)) throw new Error(`${kind}: ${version} comes late`);
			if (objects.get(keyOf(object)) !== previous) throw new Error("a change left one out");
			if (kind !== 0 && (deleted || previous === undefined))
				throw new Error("a VM does not modify");
			if (deleted) objects.delete(keyOf(object));
			else objects.set(keyOf(object), object);
			heads[kind] = version;
			changes.push(change);
		}
	};
	const sink: Sink = {
		load(state) {
			loads.push(state);
			changes.length = 0;
			objects.clear();
			for (const object of state.objects) objects.set(keyOf(object), object);
			heads.splice(0, 3, state.head, ...(state.joined ?? []).map(({ head }) => head));
		},
		append: take,
		advance(version, kind = 0, gapAfter) {
			if (version < (heads[kind] ?? 0n)) throw new Error(`${kind}: head ${version} goes back`);
			heads[kind] = version;
			advances.push([kind, version, gapAfter]);
		},
	};
	return { sink, loads, changes, advances, objects, heads };
}

/** One kind of a cluster, told to a feed by the cache that the reflector has. */
function createTeller<T extends ClusterObject>(kind: ResourceKind<T>, sink: Sink<T>) {
	let cache: ObjectCache<T> = createObjectCache(kind, { version: 0n, items: [] }, clock);
	const tell = (changes: readonly Change<T>[], gapAfter?: bigint) => {
		if (changes.length > 0) sink.append(changes);
		else sink.advance(cache.head, 0, gapAfter);
	};
	return {
		load(version: number, ...raws: Unstructured[]) {
			const items = raws.map((raw) => toCachedObject(kind, raw));
			cache = createObjectCache(kind, { version: BigInt(version), items }, clock);
			sink.load({ objects: cache.objects(), head: cache.head, history: [], base: cache.head });
		},
		event: (type: "ADDED" | "MODIFIED" | "DELETED", raw: Unstructured) =>
			tell(cache.apply({ type, raw })),
		list(version: number, ...raws: Unstructured[]) {
			const before = cache.head;
			const items = raws.map((raw) => toCachedObject(kind, raw));
			tell(cache.replace({ version: BigInt(version), items }), before);
		},
	};
}

/** Creates a feed of three kinds that a test tells, and what it has told. */
export function createStage() {
	const told = createCheckingSink();
	const feed = createJoinedFeed(told.sink, defaultStuckRules);
	return {
		...told,
		feed,
		wukongs: createTeller(observedWukongKind, feed.wukongs),
		vms: createTeller(virtualMachineKind, feed.vms),
		vmis: createTeller(virtualMachineInstanceKind, feed.vmis),
		power: (name = "a") => {
			const status = told.objects.get(`default/${name}`)?.status;
			return `${Power[status?.powerState ?? 0]} ${status?.powerReason}`;
		},
		versionOf: (name = "a") => told.objects.get(`default/${name}`)?.resourceVersion.split("-")[0],
	};
}
