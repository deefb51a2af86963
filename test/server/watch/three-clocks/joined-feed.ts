import type { Clock } from "../../../../server/src/clock.ts";
import type {
	Change,
	ChangeFeed,
	Sink,
	Sources,
} from "../../../../server/src/store/change-feed.ts";
import {
	absent,
	joinVm,
	type Kind,
	kinds,
	names,
	type Source,
	seen,
	type Truth,
	type Vm,
} from "./truth.ts";

/** Faults of a store. */
export type FeedBug =
	| "a VM event is lost"
	| "the instance of a deleted VM is kept"
	| "a token during a relist";

/** A store that joins three kinds, as one replica sees them: at its own pace, each kind for itself. */
export interface JoinedFeed extends ChangeFeed<Vm> {
	/** Number of changes of a kind that this replica has not seen yet. */
	lag(kind: Kind): number;
	/** Brings the next change of a kind. */
	deliver(kind: Kind): void;
	/** Brings all of a kind that is missing, as a list. */
	relist(kind: Kind): void;
}

export function createJoinedFeed(options: {
	readonly truth: Truth;
	readonly clock: Clock;
	readonly random: () => number;
	readonly bug: string | undefined;
}): JoinedFeed {
	const { truth, clock, random, bug } = options;
	const positions = kinds.map(() => 0);
	const heads = kinds.map(() => 0n);
	const held = new Map<string, readonly Source[]>(
		names.map((name) => [name, [absent, absent, absent]]),
	);
	let sink: Sink<Vm> | undefined;

	/** Takes a new state in. @returns the change of the joined object; undefined: there is none */
	const take = (
		kind: Kind,
		name: string,
		next: Source,
	): Omit<Change<Vm>, "version" | "resumeVersion"> | undefined => {
		const before = held.get(name) ?? [];
		const old = before[kind] ?? absent;
		// A change of no kept field is none: the object keeps its version.
		if (sameKept(old, next)) return undefined;
		const after = before.map((source, at) => (at === kind ? next : source));
		held.set(name, after);
		const previous = joinVm(name, before);
		const joined = joinVm(name, after);
		const common = { kind, timeMs: clock.nowMs(), sources: after };
		if (kind === 0) {
			if (joined === undefined) {
				if (previous === undefined) return undefined;
				return { ...common, object: previous, previous, previousSources: before, deleted: true };
			}
		} else {
			const owner = before[0]?.object?.uid;
			const touches =
				owner !== undefined && [old, next].some(({ object }) => object?.uid === owner);
			if (joined === undefined || !touches) return undefined;
		}
		const hasNews = previous === undefined || seen(previous) !== seen(joined);
		return {
			...common,
			object: joined,
			previous,
			previousSources: before,
			deleted: false,
			hasNews,
		};
	};

	/** A recreated name is a deletion and a creation. */
	const changesTo = (kind: Kind, name: string, next: Source) => {
		const old = held.get(name)?.[kind] ?? absent;
		const isOther =
			kind === 0 &&
			old.object !== undefined &&
			next.object !== undefined &&
			old.object.uid !== next.object.uid;
		const states = isOther ? [absent, next] : [next];
		return states.map((state) => take(kind, name, state)).filter((change) => change !== undefined);
	};

	const deliver = (kind: Kind) => {
		const change = truth.log[kind]?.[positions[kind] ?? 0];
		if (change === undefined) return;
		positions[kind] = (positions[kind] ?? 0) + 1;
		const { version, name, object } = change;
		const isLost = bug === "a VM event is lost" && kind === 1 && random() < 0.03;
		const isKept =
			bug === "the instance of a deleted VM is kept" && kind === 2 && object === undefined;
		const next = object === undefined ? absent : { version, object };
		const before = heads[kind] ?? 0n;
		heads[kind] = version;
		const changes = isLost || isKept ? [] : changesTo(kind, name, next);
		if (changes.length === 0) sink?.advance(version, kind);
		else sink?.append(versioned(changes, { version, before }));
	};

	return {
		exactVersions: false,
		async start(to) {
			sink = to;
			for (const kind of kinds) {
				const all = truth.log[kind] ?? [];
				positions[kind] = all.length;
				heads[kind] = all.at(-1)?.version ?? 0n;
				for (const name of names) {
					const source = truth.at(kind, name, heads[kind] ?? 0n);
					held.set(
						name,
						(held.get(name) ?? []).map((old, at) => (at === kind ? source : old)),
					);
				}
			}
			const [head = 0n, ...others] = heads;
			to.load({
				objects: names
					.map((name) => joinVm(name, held.get(name) ?? []))
					.filter((vm) => vm !== undefined),
				...{ head, base: head, history: [] },
				joined: others.map((other) => ({ head: other, base: other })),
			});
		},
		freshness: () => ({ lagMs: 0, staleSinceMs: undefined }),
		async newestVersion(_, atLeast, kind = 0) {
			// A short watch brings what is waited for.
			while (atLeast !== undefined && (heads[kind] ?? 0n) < atLeast && random() < 0.8) {
				const before = heads[kind];
				deliver(kind);
				if (heads[kind] === before) break;
			}
			return truth.newest;
		},
		join: (sources: Sources) => {
			const given = sources as readonly Source[];
			const own = given[0] ?? absent;
			const name = truth.log[0]?.find(({ object }) => object?.uid === own.object?.uid)?.name ?? "";
			return joinVm(
				name,
				given.map((source) => source ?? absent),
			);
		},
		lag: (kind) => (truth.log[kind]?.length ?? 0) - (positions[kind] ?? 0),
		deliver,
		relist(kind) {
			const all = truth.log[kind] ?? [];
			const version = all.at(-1)?.version ?? 0n;
			const before = heads[kind] ?? 0n;
			if (version <= before) return;
			positions[kind] = all.length;
			heads[kind] = version;
			const changes = names.flatMap((name) => changesTo(kind, name, truth.at(kind, name, version)));
			if (changes.length === 0) return sink?.advance(version, kind, before);
			const isBad = bug === "a token during a relist";
			const told = versioned(changes, { version, before: isBad ? version : before });
			sink?.append(told.map((change) => ({ ...change, gapAfter: before })));
		},
	};
}

function versioned(
	changes: readonly Omit<Change<Vm>, "version" | "resumeVersion">[],
	{ version, before }: { readonly version: bigint; readonly before: bigint },
): Change<Vm>[] {
	return changes.map((change, index) => ({
		...change,
		version,
		resumeVersion: index === changes.length - 1 ? version : before,
	}));
}

function sameKept(one: Source, other: Source): boolean {
	return JSON.stringify(one.object) === JSON.stringify(other.object);
}
