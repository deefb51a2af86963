import { create } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../../server/src/clock.ts";
import { keyOf } from "../../server/src/resource/object.ts";
import { formatVersion } from "../../server/src/resource/version.ts";
import type { Change, Sink } from "../../server/src/store/change-feed.ts";
import type { Store } from "../../server/src/store/store.ts";

/** What a test writes. */
export interface MemoryWrite {
	readonly name: string;
	readonly namespace?: string;
	readonly labels?: Record<string, string>;
	readonly cpu?: number;
	/** Text of an annotation, where size matters. */
	readonly pad?: string;
}

/** A store that a test plays by hand. It can feed several replicas, as one upstream does. */
export interface MemoryStore extends Store {
	/** Creates or changes; told to all sinks, unless held. */
	put(write: MemoryWrite): Wukong;
	/** Deletes; harmless where there is nothing. */
	drop(name: string, namespace?: string): void;
	/** From now on sinks hear nothing. */
	hold(): void;
	/** Tells the sinks what was held back. */
	release(): void;
	/** A bookmark: the version moves, nothing changes. */
	bookmark(): bigint;
	readonly head: bigint;
	readonly changes: readonly Change[];
}

export function createMemoryStore(
	clock: Clock,
	options: { readonly exactVersions?: boolean; readonly firstVersion?: bigint } = {},
): MemoryStore {
	const sinks = new Set<Sink>();
	const objects = new Map<string, Wukong>();
	const changes: Change[] = [];
	const base = options.firstVersion ?? 1000n;
	let head = base;
	let uids = 0;
	let held: Change[] | undefined;

	const tell = (change: Change) => {
		changes.push(change);
		if (held !== undefined) held.push(change);
		else for (const sink of sinks) sink.append([change]);
	};
	const changeOf = (object: Wukong, previous: Wukong | undefined, deleted: boolean): Change => ({
		version: head,
		resumeVersion: head,
		timeMs: clock.nowMs(),
		object: Object.freeze(object),
		previous,
		deleted,
	});
	const unused = async () => {
		throw new Error("a test writes with put and drop");
	};

	return {
		exactVersions: options.exactVersions ?? true,
		async start(sink) {
			sinks.add(sink);
			sink.load({ objects: [...objects.values()], head, history: changes, base });
		},
		freshness: () => ({ lagMs: 0, staleSinceMs: undefined }),
		newestVersion: async () => head,
		create: unused,
		edit: unused,
		remove: unused,
		act: unused,
		close: async () => {},
		put({ name, namespace = "default", labels, cpu, pad }) {
			const previous = objects.get(keyOf({ namespace, name }));
			head++;
			const object = create(WukongSchema, {
				name,
				namespace,
				labels: labels ?? previous?.labels ?? {},
				annotations: pad === undefined ? {} : { pad },
				uid: previous?.uid ?? `uid-${++uids}`,
				resourceVersion: formatVersion(head),
				spec: { cpu: cpu ?? previous?.spec?.cpu ?? 1 },
			});
			objects.set(keyOf(object), object);
			tell(changeOf(object, previous, false));
			return object;
		},
		drop(name, namespace = "default") {
			const previous = objects.get(keyOf({ namespace, name }));
			if (previous === undefined) return;
			head++;
			objects.delete(keyOf(previous));
			const last = { ...previous, resourceVersion: formatVersion(head) };
			tell(changeOf(last, previous, true));
		},
		hold() {
			held ??= [];
		},
		release() {
			const late = held ?? [];
			held = undefined;
			for (const sink of sinks) if (late.length > 0) sink.append(late);
		},
		bookmark() {
			head++;
			for (const sink of sinks) sink.advance(head);
			return head;
		},
		get head() {
			return head;
		},
		changes,
	};
}
