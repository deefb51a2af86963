import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { keyOf, type ObjectRef } from "../../../resource/object.ts";
import type {
	VirtualMachine,
	VirtualMachineInstance,
} from "../../../resource/wukong/power/evidence.ts";
import type { StuckRules } from "../../../resource/wukong/power/power-times.ts";
import type { Change, KindIndex } from "../../change-feed.ts";
import type { ObservedWukong } from "../kinds/observed-wukong.ts";
import { wukongKind } from "../kinds/wukong.ts";
import { joinWukong, machineNameOf, type Source, type WukongSources } from "./join.ts";
import { createOwnedObjects } from "./owned-objects.ts";

/** The objects of one kind, all of them, at one version. */
export interface KindState<T> {
	readonly objects: Iterable<T>;
	readonly head: bigint;
}

/** What a joiner begins with; a kind that is not given is not served, or not shown to us. */
export interface JoinerState {
	readonly wukongs: KindState<ObservedWukong>;
	readonly vms?: KindState<VirtualMachine> | undefined;
	/** Not without `vms`. */
	readonly vmis?: KindState<VirtualMachineInstance> | undefined;
}

/**
 * Joins three kinds that are told in no order to one. A change of any is a change of the Wukongs that
 * it touches: those whose own VM or instance is another one, or in another state.
 */
export interface Joiner {
	/** Returns all Wukongs, joined, in no order. */
	objects(): Wukong[];
	/** Takes changes of Wukongs in. @returns as many, joined */
	wukongsChanged(changes: readonly Change<ObservedWukong>[]): Change[];
	/** Takes changes of VMs in that came together. @returns one per Wukong that they touch */
	vmsChanged(changes: readonly Change<VirtualMachine>[]): Change[];
	/** Takes changes of instances in that came together. @returns one per Wukong that they touch */
	vmisChanged(changes: readonly Change<VirtualMachineInstance>[]): Change[];
	/** Everything of a kind up to `version` is in. */
	passed(kind: KindIndex, version: bigint): void;
	/** Joins a state of a Wukong that is not the one held, such as one just written. */
	view(observed: ObservedWukong): Wukong;
}

/** A Wukong as readers were told. */
interface Held {
	readonly sources: WukongSources;
	readonly joined: Wukong;
}

/** Creates a joiner of what there is. */
export function createJoiner(state: JoinerState, rules: StuckRules): Joiner {
	const vms = createOwnedObjects<VirtualMachine>(state.vms?.objects ?? []);
	const vmis = createOwnedObjects<VirtualMachineInstance>(state.vmis?.objects ?? []);
	const vmsByUid = new Map([...vms.all()].map((vm) => [vm.uid, vm]));
	const wukongs = new Map<string, Held>();
	const keysByUid = new Map<string, string>();
	const heads = [state.wukongs.head, state.vms?.head ?? 0n, state.vmis?.head ?? 0n];

	const headOf = (kind: KindIndex) => heads[kind] ?? 0n;
	const passed = (kind: KindIndex, version: bigint) => {
		if (version > headOf(kind)) heads[kind] = version;
	};

	const vmOf = ({ namespace, name, uid }: ObservedWukong) =>
		vms.find(uid, { namespace, name: machineNameOf(name) });
	const vmiOf = (vm: VirtualMachine | undefined) => vm && vmis.find(vm.uid, vm);

	/**
	 * Finds what a Wukong is joined from now. A source that is what it was has the version that it
	 * had: equal versions are equal states on every replica.
	 * @param changed the kind whose change made this, and its version
	 */
	const sourcesOf = (
		observed: ObservedWukong,
		before: WukongSources | undefined,
		changed?: { readonly kind: KindIndex; readonly version: bigint },
	): WukongSources => {
		const source = <T extends { readonly resourceVersion: string }>(
			kind: 1 | 2,
			object: T | undefined,
			previous: Source<T> | undefined,
			isSameOwner: boolean,
		): Source<T> => {
			// That there is none is known of one owner alone.
			const isKnown = object !== undefined || isSameOwner;
			if (previous !== undefined && previous.object === object && isKnown) return previous;
			if (changed?.kind === kind) return { object, version: changed.version };
			const own = object === undefined ? headOf(kind) : BigInt(object.resourceVersion);
			const version = previous !== undefined && previous.version > own ? previous.version : own;
			return { object, version };
		};
		if (state.vms === undefined) return [observed];
		const vm = vmOf(observed);
		const machine = source(1, vm, before?.[1], true);
		if (state.vmis === undefined) return [observed, machine];
		const isSameVm = before?.[1]?.object?.uid === vm?.uid;
		return [observed, machine, source(2, vmiOf(vm), before?.[2], isSameVm)];
	};

	const join = (sources: WukongSources): Wukong => {
		const joined = joinWukong(sources, rules);
		if (joined === undefined) throw new Error("a Wukong is joined from none");
		return joined;
	};

	const hold = (key: string, sources: WukongSources): Held => {
		const held = { sources, joined: join(sources) };
		wukongs.set(key, held);
		keysByUid.set(held.joined.uid, key);
		return held;
	};

	const drop = (key: string) => {
		const uid = wukongs.get(key)?.joined.uid;
		if (uid !== undefined && keysByUid.get(uid) === key) keysByUid.delete(uid);
		wukongs.delete(key);
	};

	for (const observed of state.wukongs.objects)
		hold(keyOf(observed), sourcesOf(observed, undefined));

	/** What tells readers of one step of a Wukong. */
	const step = (next: Held, previous: Held | undefined) => ({
		object: next.joined,
		previous: previous?.joined,
		...(previous !== undefined && {
			hasNews: wukongKind.isNews(previous.joined, next.joined),
		}),
		...(state.vms !== undefined && {
			sources: next.sources,
			...(previous !== undefined && { previousSources: previous.sources }),
		}),
	});

	/** Lists the Wukongs that a VM may be of. */
	const keysOfVm = ({ namespace, name, ownerUid }: VirtualMachine): string[] => {
		const key =
			ownerUid === undefined
				? keyOf({ namespace, name: name.slice(0, -machineNameOf("").length) })
				: keysByUid.get(ownerUid);
		return key === undefined ? [] : [key];
	};

	const keysOfVmi = ({ namespace, name, ownerUid }: VirtualMachineInstance): string[] => {
		const vm = ownerUid === undefined ? vms.get({ namespace, name }) : vmsByUid.get(ownerUid);
		return vm === undefined ? [] : keysOfVm(vm);
	};

	/** Takes changes in that have one version, and joins the Wukongs anew that they touch. */
	const touched = <T extends ObjectRef>(
		kind: 1 | 2,
		changes: readonly Change<T>[],
		keysOf: (object: T) => string[],
		take: (change: Change<T>) => void,
	): Change[] => {
		const keys = new Set<string>();
		for (const change of changes) {
			// Those of the old owner, as well as those of the new one.
			for (const object of [change.previous, change.object]) {
				if (object !== undefined) for (const key of keysOf(object)) keys.add(key);
			}
			take(change);
			for (const key of keysOf(change.object)) keys.add(key);
		}
		const last = changes.at(-1);
		if (last === undefined) return [];
		const { version, gapAfter, timeMs } = last;
		const before = gapAfter ?? headOf(kind);
		const steps = [...keys].flatMap((key) => {
			const held = wukongs.get(key);
			const [observed] = held?.sources ?? [];
			if (held === undefined || observed === undefined) return [];
			const sources = sourcesOf(observed, held.sources, { kind, version });
			if (sources.every((source, index) => source === held.sources[index])) return [];
			return [step(hold(key, sources), held)];
		});
		passed(kind, version);
		return steps.map((one, index) => {
			const resumeVersion = index === steps.length - 1 ? version : before;
			return { kind, version, resumeVersion, gapAfter, timeMs, deleted: false, ...one };
		});
	};

	/** Calls back for the changes of each version, in order. */
	const byVersion = <T extends ObjectRef>(
		changes: readonly Change<T>[],
		take: (together: readonly Change<T>[]) => Change[],
	): Change[] => {
		const all: Change[] = [];
		for (let start = 0; start < changes.length; ) {
			let end = start + 1;
			while (changes[end]?.version === changes[start]?.version && end < changes.length) end++;
			all.push(...take(changes.slice(start, end)));
			start = end;
		}
		return all;
	};

	return {
		objects: () => [...wukongs.values()].map(({ joined }) => joined),
		wukongsChanged: (changes) =>
			changes.map((change) => {
				const { object: observed, deleted, version } = change;
				const key = keyOf(observed);
				const previous = wukongs.get(key);
				const before = previous?.joined.uid === observed.uid ? previous.sources : undefined;
				const next = hold(key, sourcesOf(observed, before));
				if (deleted) drop(key);
				passed(0, version);
				const { hasNews, ...rest } = step(next, previous);
				const isPlainChange = !deleted && hasNews !== undefined;
				return { ...change, ...rest, ...(isPlainChange && { hasNews }) };
			}),
		vmsChanged: (changes) =>
			byVersion(changes, (together) =>
				touched(1, together, keysOfVm, ({ object, previous, deleted }) => {
					if (previous !== undefined && vmsByUid.get(previous.uid) === previous) {
						vmsByUid.delete(previous.uid);
					}
					if (deleted) vms.delete(object);
					else {
						vms.set(object);
						vmsByUid.set(object.uid, object);
					}
				}),
			),
		vmisChanged: (changes) =>
			byVersion(changes, (together) =>
				touched(2, together, keysOfVmi, ({ object, deleted }) => {
					if (deleted) vmis.delete(object);
					else vmis.set(object);
				}),
			),
		passed,
		view(observed) {
			const held = wukongs.get(keyOf(observed));
			const before = held?.joined.uid === observed.uid ? held.sources : undefined;
			return join(sourcesOf(observed, before));
		},
	};
}
