import { equals } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import { expect } from "vitest";
import { systemClock } from "../../server/src/clock.ts";
import { keyOf } from "../../server/src/resource/object.ts";
import {
	createWukongEvents,
	type WukongReplica,
} from "../../server/src/service/wukong/wukong-events.ts";
import { createWukongPacing } from "../../server/src/service/wukong/wukong-pacing.ts";
import type { ReflectorTimings } from "../../server/src/store/kubernetes/reflector-timings.ts";
import type { Store } from "../../server/src/store/store.ts";
import type { Pacing } from "../../server/src/watch/pacing.ts";
import { createReplica } from "../../server/src/watch/replica.ts";
import { comparable, viewsOf } from "../cluster/kubevirt/joined-view.ts";
import { poll } from "../cluster/poll.ts";
import { checkHistory } from "../cluster/rolling/history-check.ts";
import { checkTold } from "../cluster/rolling/told-check.ts";
import { until } from "../support/until.ts";
import { type CountingObserver, createCountingObserver } from "../support/watching.ts";
import type { Hand } from "./hand.ts";
import { checkMachines, ownStory } from "./machine-story.ts";
import { createUpstreamTally, type TalliedList, type UpstreamTally } from "./upstream-tally.ts";
import { createWitness, type Witness } from "./witness.ts";

/** Waits so short that a fault is found and over in a moment. */
export const shortTimings: Partial<ReflectorTimings> = {
	pageSize: 3,
	minWatchMs: 1_000,
	maxWatchMs: 1_000,
	trialWatchMs: 1_000,
	stallGraceMs: 200,
	// What is ahead is to come by the watch: a list would hide what the watch has lost.
	refreshAfterMs: 60_000,
	backoff: { minMs: 1, maxMs: 10, healthyMs: 1_000 },
};

/** Least time between two tellings of one VM, in milliseconds: short, and long beside a burst. */
const withholdMs = 40;

/** The service's own pacing, in short: an error is not waited for longer than anything else. */
function scenePacing(): Pacing<Wukong> {
	const { intervalMs } = createWukongPacing(withholdMs);
	return {
		intervalMs: (told, next) => Math.min(withholdMs, intervalMs(told, next)),
		maxIntervalMs: withholdMs,
		mergeAfterMs: 2 * withholdMs,
	};
}

/** One replica of the service with its way to the API server. */
export interface SceneReplica {
	readonly replica: WukongReplica;
	readonly store: Store;
	readonly tally: UpstreamTally;
	/** Counts what it withholds and merges. */
	readonly streams: CountingObserver;
}

/**
 * Replicas before an API server that fails, and clients that watch them. Where there are VMs of KubeVirt
 * the first replica tells each change as it comes, and the second withholds and merges.
 */
export interface Scene {
	readonly replicas: readonly SceneReplica[];
	/** One stays at each replica. The last one goes to and fro with its token. */
	readonly witnesses: readonly Witness[];
	/** The last witness goes to another replica. */
	roam(): void;
	/**
	 * Resolves when all witnesses have everything. @throws where what they hold is not what is
	 * there, or where a promise was broken on the way
	 */
	agree(): Promise<void>;
	/**
	 * @throws where a witness was not told each change, once, in order; only where a list was read
	 * may superseded states be missing (promise 5 of docs/watch.md), and where states are withheld or a
	 * resume is told the newest ones alone
	 */
	expectWholeStory(): Promise<void>;
	/** Lists of all objects since the start, over all replicas, by cause. */
	lists(): readonly TalliedList[];
	close(): Promise<void>;
}

const marker = "marker";

/** What a scene is made of. */
export interface SceneOptions {
	readonly hand: Hand;
	/** Makes a replica's way to the API server. */
	readonly openStore: (tally: UpstreamTally) => Store;
	/** The store goes back: after RESET versions may be lower than before. Default: false. */
	readonly isRestored?: boolean;
}

export async function createScene(options: SceneOptions): Promise<Scene> {
	const { hand, openStore, isRestored = false } = options;
	await hand.create(marker, { mark: "0" });
	const { machines } = hand;
	const pacing = machines && scenePacing();
	const replicas = await Promise.all([start(openStore), start(openStore, pacing)]);
	const starts = replicas.map(({ tally }) => tally.lists.length);
	const [one, other] = replicas;
	const roaming = createWitness(one.replica, isRestored);
	const staying = [one, other].map(({ replica }) => createWitness(replica, isRestored));
	const witnesses = [...staying, roaming];
	let place = 0;
	let marks = 0;
	for (const witness of witnesses) {
		await until("a witness has begun", () => witness.held().size > 0);
	}

	const lists = () => replicas.flatMap(({ tally }, index) => tally.lists.slice(starts[index]));

	const agree = async () => {
		await hand.label(marker, { mark: String(++marks) });
		for (const witness of witnesses) {
			const hasMark = () =>
				[...witness.held().values()].some(
					({ name, labels }) => name === marker && labels.mark === String(marks),
				);
			await until(`mark ${marks} has come`, hasMark);
		}
		// A write that was perhaps sent may land as late as this.
		await poll("what they hold is what is there", async () => {
			const there = await viewsOf({ wukongs: await hand.objects(), machines });
			for (const witness of witnesses) expectSame(witness.held(), there);
			return true;
		});
	};

	return {
		replicas,
		witnesses,
		agree,
		roam() {
			place = (place + 1) % replicas.length;
			roaming.move((replicas[place] as SceneReplica).replica);
		},
		async expectWholeStory() {
			await agree();
			const last = (await hand.objects()).find(({ metadata }) => metadata.name === marker);
			const { resourceVersion } = last?.metadata ?? {};
			await until("all is written down", () => hand.changes.at(-1)?.version === resourceVersion);
			// Its first picture shows the marker's creation.
			const happened = hand.changes.slice(1);
			for (const [index, witness] of witnesses.entries()) {
				// A list leaves a gap, and who comes with a token from before it starts over: its story, too.
				const isRoaming = witness === roaming;
				expect(witness.resets).toBeLessThanOrEqual(isRoaming ? lists().length : 0);
				if (witness.resets > 0) continue;
				// The roaming one resumes, and the second replica withholds.
				if (machines !== undefined && index > 0) {
					expect(checkTold(happened, witness.seen())).toEqual([]);
					continue;
				}
				const story = checkHistory(happened, ownStory(witness.seen()));
				expect(story.faults).toEqual([]);
				const listed = new Set(lists().map(({ kind }) => kind));
				if (!listed.has("wukongs")) expect(story.skipped).toBe(0);
				if (machines === undefined || listed.size > 0) continue;
				const history = {
					vms: machines.changes("virtualmachines"),
					vmis: machines.changes("virtualmachineinstances"),
				};
				expect(checkMachines(history, witness.seen())).toEqual([]);
			}
		},
		lists,
		async close() {
			for (const witness of witnesses) await witness.leave();
			for (const { store } of replicas) await store.close();
		},
	};
}

async function start(
	openStore: (tally: UpstreamTally) => Store,
	pacing?: Pacing<Wukong>,
): Promise<SceneReplica> {
	const streams = createCountingObserver();
	const tally = createUpstreamTally();
	const store = openStore(tally);
	const replica = createReplica({
		feed: store,
		events: createWukongEvents(),
		clock: systemClock,
		historyLimits: { maxChanges: 1_000_000, maxAgeMs: 1e9, maxBytes: 1e9 },
		maxStreams: 10,
		observer: streams,
		pacing,
	});
	await replica.start();
	return { replica, store, tally, streams };
}

function expectSame(held: ReadonlyMap<string, Wukong>, there: readonly Wukong[]): void {
	expect([...held.keys()].sort()).toEqual(there.map(keyOf).sort());
	for (const wukong of there.map(comparable)) {
		const known = held.get(keyOf(wukong));
		if (known === undefined || !equals(WukongSchema, comparable(known), wukong)) {
			expect(known && comparable(known)).toEqual(wukong);
		}
	}
}
