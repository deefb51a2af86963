import type { ApiObject } from "../../../../server/src/resource/object.ts";

/** Kinds by their place in a version: the VM's own, KubeVirt's VM, its instance. */
export const kinds = [0, 1, 2] as const;
export type Kind = (typeof kinds)[number];

/** One object of any kind, as far as it is kept. */
export interface Kept {
	/** Of kind 0 the uid of the VM, of the others that of their owner. */
	readonly uid: number;
	/** Of kind 0 the phase, of the others the state. */
	readonly state: string;
	readonly spec: number;
	readonly label: string;
}

/** One change upstream; undefined: the object is gone. */
export interface UpstreamChange {
	readonly version: bigint;
	readonly name: string;
	readonly object: Kept | undefined;
}

/** What is joined from three objects, and which versions these had; 0: absent. */
export interface Vm extends ApiObject {
	readonly spec: number;
	readonly power: string;
	readonly versions: readonly bigint[];
}

/** An object and its version; absent ones have version 0. */
export interface Source {
	readonly version: bigint;
	readonly object: Kept | undefined;
}

export const absent: Source = { version: 0n, object: undefined };

/** The function that joins: pure. */
export function joinVm(name: string, sources: readonly Source[]): Vm | undefined {
	const own = sources[0]?.object;
	if (own === undefined) return undefined;
	const stateOf = (source: Source | undefined) =>
		source?.object?.uid === own.uid ? source.object.state : "-";
	return {
		namespace: "default",
		name,
		uid: `u${own.uid}`,
		labels: { app: own.label },
		resourceVersion: sources.map(({ version }) => version).join("~"),
		spec: own.spec,
		power: own.state === "E" ? "ERROR" : stateOf(sources[1]) + stateOf(sources[2]),
		versions: sources.map(({ version }) => version),
	};
}

/** True where callers see what a kind's object is: of a VM in error they see no other. */
export function isSeen(kind: Kind, vm: Vm): boolean {
	return kind === 0 || vm.power !== "ERROR";
}

/** What callers see of it besides its version. */
export function seen(vm: Vm | undefined): string {
	return vm === undefined ? "" : `${vm.uid} ${vm.spec} ${vm.labels.app} ${vm.power}`;
}

export const names = ["a", "b", "c", "d"] as const;

/** The cluster: three histories that share one counter. */
export interface Truth {
	readonly log: readonly (readonly UpstreamChange[])[];
	/** The newest version of all. */
	readonly newest: bigint;
	step(): void;
	/** Returns the object of a name at a version of its kind. */
	at(kind: Kind, name: string, version: bigint): Source;
	/** Returns the version of the newest change of a name in a kind up to a version; 0: there is none. */
	changedAt(kind: Kind, name: string, version: bigint): bigint;
	/**
	 * True where what a VM says of a kind was so at a version or later, as far as it is the VM's own: a
	 * list brings back no version of what is as it was.
	 */
	isStateSince(kind: Kind, vm: Vm, version: bigint): boolean;
	/** Version at which a uid was made. */
	madeAt(uid: string): bigint;
}

export function createTruth(random: () => number): Truth {
	const log: UpstreamChange[][] = [[], [], []];
	const now: Map<string, Kept>[] = [new Map(), new Map(), new Map()];
	const made = new Map<string, bigint>();
	let newest = 10n;
	let uids = 0;
	const pick = (texts: string) => texts[Math.floor(random() * texts.length)] ?? "";
	const put = (kind: Kind, name: string, object: Kept | undefined) => {
		newest += random() < 0.67 ? 1n : 2n;
		log[kind]?.push({ version: newest, name, object });
		if (object === undefined) now[kind]?.delete(name);
		else now[kind]?.set(name, object);
	};
	const at: Truth["at"] = (kind, name, version) => {
		let found = absent;
		for (const change of log[kind] ?? []) {
			if (change.version > version) break;
			if (change.name !== name) continue;
			found = change.object === undefined ? absent : change;
		}
		return found;
	};
	const changedAt: Truth["changedAt"] = (kind, name, version) =>
		(log[kind] ?? []).findLast((change) => change.name === name && change.version <= version)
			?.version ?? 0n;
	const own = (vm: Vm, object: Kept | undefined) =>
		object && `u${object.uid}` === vm.uid ? JSON.stringify(object) : "";
	return {
		log,
		at,
		changedAt,
		isStateSince(kind, vm, version) {
			const has = vm.versions[kind] ?? 0n;
			if (has >= version) return true;
			const state = own(vm, at(kind, vm.name, has).object);
			if (own(vm, at(kind, vm.name, version).object) === state) return true;
			return (log[kind] ?? []).some(
				(change) =>
					change.version >= version && change.name === vm.name && own(vm, change.object) === state,
			);
		},
		get newest() {
			return newest;
		},
		step() {
			const choice = random() < 0.6 ? names.slice(0, 2) : names;
			const name = choice[Math.floor(random() * choice.length)] ?? "a";
			const die = random();
			const own = now[0]?.get(name);
			if (own === undefined) {
				if (die >= 0.5) return;
				put(0, name, { uid: ++uids, state: "C", spec: 0, label: pick("xy") });
				made.set(`u${uids}`, newest);
				return;
			}
			if (die < 0.06) return put(0, name, undefined);
			if (die < 0.14) return put(0, name, { ...own, spec: own.spec + 1 });
			if (die < 0.24) return put(0, name, { ...own, label: pick("xy") });
			if (die < 0.45) return put(0, name, { ...own, state: own.state === "E" ? "C" : "E" });
			if (die < 0.5) return put(0, name, own);
			const kind = die < 0.75 ? 1 : 2;
			const old = now[kind]?.get(name);
			if (old?.uid !== own.uid) {
				return put(kind, name, { uid: own.uid, state: "s", spec: 0, label: "" });
			}
			const state = pick(kind === 1 ? "srp" : "PRS");
			put(kind, name, random() < 0.15 ? undefined : { ...old, state });
		},
		madeAt: (uid) => made.get(uid) ?? 0n,
	};
}
