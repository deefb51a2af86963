import type { MachineChange } from "../cluster/kubevirt/machine-hand.ts";
import type { KnownChange } from "../cluster/rolling/cluster-history.ts";

/** A message about a VM that was told to a reader. */
export interface ToldChange extends KnownChange {
	readonly name: string;
	/** Its version in each kind. */
	readonly places: readonly string[];
}

/** What happened to KubeVirt's objects. */
export interface MachineHistory {
	readonly vms: readonly MachineChange[];
	readonly vmis: readonly MachineChange[];
}

/**
 * Returns the messages that tell of a change of the Wukong itself: those of the other kinds are left
 * out. For a reader that was told each change as it came.
 */
export function ownStory(seen: readonly ToldChange[]): KnownChange[] {
	const newest = new Map<string, string | undefined>();
	return seen.filter(({ type, uid, places: [own] }) => {
		const isOwn = type !== "MODIFIED" || newest.get(uid) !== own;
		newest.set(uid, own);
		return isOwn;
	});
}

/**
 * Holds what a reader that stayed was told of the VMs and their runs against what happened to them:
 * each change once, in order, from the first to the last that it was told.
 * @returns what is broken, in words
 */
export function checkMachines(
	{ vms, vmis }: MachineHistory,
	seen: readonly ToldChange[],
): readonly string[] {
	const faults: string[] = [];
	for (const [uid, messages] of Map.groupBy(seen, (one) => one.uid)) {
		const [first] = messages;
		if (first === undefined) continue;
		const own = vms.filter(
			({ name, ownerUid = uid }) => name === `${first.name}-vm` && ownerUid === uid,
		);
		const told = placesOf(messages, 1);
		const happened = within(own, told).map(({ version }) => version);
		if (told.slice(1).join() !== happened.join()) {
			faults.push(
				`the VM of ${first.name} ${uid}: told ${told.join()}; happened ${happened.join()}`,
			);
		}
		// Its runs, while one VM is there: who has not heard of a VM hears of no run of it.
		const vmUids = new Map(own.map((one) => [one.version, one]));
		const sections = sectionsBy(messages, ({ places }) => vmUids.get(places[1] ?? "")?.uid);
		for (const [vmUid, section] of sections) {
			if (vmUid === undefined || vmUids.get(section[0]?.places[1] ?? "")?.type === "DELETED")
				continue;
			const runs = vmis.filter(
				({ name, ownerUid = vmUid }) => name === `${first.name}-vm` && ownerUid === vmUid,
			);
			const toldRuns = placesOf(section, 2);
			const known = new Set(toldRuns);
			for (const { type, version } of within(runs, toldRuns)) {
				// One that has said nothing yet shows nothing.
				if (type === "ADDED" || known.has(version)) continue;
				faults.push(`a run of ${first.name} ${uid}: ${type} at ${version} is lost`);
			}
		}
	}
	return faults;
}

/** Returns the places of a kind in messages, each once where it stays. */
function placesOf(messages: readonly ToldChange[], kind: number): string[] {
	const places = messages.map((message) => message.places[kind] ?? "0");
	return places.filter((place, index) => place !== places[index - 1]);
}

/** Returns the changes after the first of some places, up to the last. */
function within<C extends KnownChange>(changes: readonly C[], places: readonly string[]): C[] {
	const first = BigInt(places[0] ?? 0);
	const last = BigInt(places.at(-1) ?? 0);
	return changes.filter(({ version }) => BigInt(version) > first && BigInt(version) <= last);
}

/** Cuts messages where what `of` says of them changes. */
function sectionsBy<T, K>(messages: readonly T[], of: (message: T) => K): [K, T[]][] {
	const sections: [K, T[]][] = [];
	for (const message of messages) {
		const key = of(message);
		const last = sections.at(-1);
		if (last !== undefined && last[0] === key) last[1].push(message);
		else sections.push([key, [message]]);
	}
	return sections;
}
