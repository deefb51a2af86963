import { describe, expect, test, vi } from "vitest";
import type { Pacing } from "../../../../server/src/watch/pacing.ts";
import type { ListPage } from "../../../../server/src/watch/page-cache.ts";
import { parsePlaces } from "../../../../server/src/watch/places.ts";
import { createReplica } from "../../../../server/src/watch/replica.ts";
import { View } from "../../../../server/src/watch/view.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { testSeed } from "../../../support/seed.ts";
import { createSeededRandom } from "../../../support/seeded-random.ts";
import { createCountingObserver, filterOf } from "../../../support/watching.ts";
import { createJoinedFeed } from "./joined-feed.ts";
import { createReader, differences, type JoinedReplica, messages, type Tamper } from "./reader.ts";
import { createTruth, isSeen, joinVm, kinds, names, type Truth, type Vm } from "./truth.ts";

/** Faults that a watch over three kinds could have; each must be found. */
const plantedBugs = [
	"a VM event is lost",
	"the instance of a deleted VM is kept",
	"a token ahead of a withheld change",
	"a replica's own past replayed after a foreign token",
	"a token without the third place",
	"DELETED judged by the net result",
	"a merge at the oldest version",
	"a token during a relist",
	"a read that asks for the first place alone",
] as const;
type Bug = (typeof plantedBugs)[number];

const planted = vi.hoisted(() => ({ isMergeAtOldest: false }));

vi.mock("../../../../server/src/watch/merge.ts", async (importOriginal) => {
	const right = await importOriginal<typeof import("../../../../server/src/watch/merge.ts")>();
	const mergeBefore: typeof right.mergeBefore = (entry, pins) => {
		const out = right.mergeBefore(entry, pins);
		if (planted.isMergeAtOldest && out !== undefined && entry.role === "change") {
			entry.change = { ...entry.change, version: out.change.version };
		}
		return out;
	};
	return { ...right, mergeBefore };
});

const pacing: Pacing<Vm> = {
	intervalMs(told, next) {
		if (told.uid !== next.uid || told.spec !== next.spec) return 0;
		if (told.labels.app !== next.labels.app) return 0;
		return next.power === "ERROR" && told.power !== "ERROR" ? 700 : 250;
	},
	maxIntervalMs: 700,
	mergeAfterMs: 800,
};

/** So few that each kind's history turns over, one before the other, while tokens are about. */
const maxChangesOfKind = 24;

const caller = { signal: new AbortController().signal };

/** A page set that is read slowly: its first page, and when it is to go on. */
interface SlowList {
	readonly first: ListPage<Vm>;
}

interface Outcome {
	readonly faults: readonly string[];
	readonly pages: number;
	/** Reads that asked for what another replica knows, and were answered. */
	readonly reads: number;
	readonly expired: number;
	readonly resets: number;
	readonly withheld: number;
	readonly merged: number;
}

async function play(seed: number, bug?: Bug): Promise<Outcome> {
	const random = createSeededRandom(seed);
	const chance = (share: number) => random() < share;
	const below = (end: number) => Math.floor(random() * end);
	const clock = createFakeClock();
	const truth = createTruth(random);
	for (let step = 0; step < 15; step++) truth.step();
	const faults: string[] = [];
	const observer = createCountingObserver();
	const replicas = Array.from({ length: 3 }, () => {
		const feed = createJoinedFeed({ truth, clock, random, bug });
		const replica = createReplica({
			...{ feed, events: messages, clock, observer, pacing, maxStreams: 100 },
			historyLimits: { maxChanges: maxChangesOfKind, maxAgeMs: 1e12, maxBytes: 1e9 },
		});
		return { feed, replica };
	});
	for (const { replica } of replicas) await replica.start();
	const anyReplica = () => replicas[below(replicas.length)] as (typeof replicas)[number];
	const readers = ["", "x", "y", "", "x"].map((label) =>
		createReader(truth, label, tamperOf(bug, truth)),
	);
	let lists: SlowList[] = [];
	let pages = 0;
	let expired = 0;
	let reads = 0;

	const list = (replica: JoinedReplica, pageToken: string, minResourceVersion = "") =>
		replica.list({ filter: filterOf(), pageSize: 2, pageToken, minResourceVersion, caller });
	const finish = async ({ first }: SlowList) => {
		const got = [...first.objects];
		let token = first.nextPageToken;
		while (token !== "") {
			const page = await Promise.resolve(list(anyReplica().replica, token)).catch(() => undefined);
			if (page === undefined) {
				expired++;
				return;
			}
			if (page.resourceVersion !== first.resourceVersion) faults.push("a page of another snapshot");
			got.push(...page.objects);
			token = page.nextPageToken;
		}
		pages++;
		const positions = parsePlaces(first.resourceVersion)?.positions ?? [];
		const wanted = vmsAt(truth, positions);
		for (const fault of differences(got, wanted)) {
			faults.push(`a page set at ${first.resourceVersion}: ${fault}`);
		}
	};
	/** A read asks one replica for what another one knows. */
	const readBack = async () => {
		const first = await list(anyReplica().replica, "");
		const { replica } = anyReplica();
		const asked = parsePlaces(first.resourceVersion)?.positions ?? [];
		try {
			const [own = ""] = first.resourceVersion.split("~");
			const isBad = bug === "a read that asks for the first place alone";
			await replica.reach(isBad ? own : first.resourceVersion, caller);
		} catch {
			return;
		}
		reads++;
		for (const name of names) {
			const vm = replica.get({ namespace: "default", name });
			if (vm === undefined) continue;
			for (const kind of kinds) {
				const version = truth.changedAt(kind, name, asked[kind] ?? 0n);
				if (!isSeen(kind, vm) || truth.isStateSince(kind, vm, version)) continue;
				faults.push(
					`a read of ${name}, ${vm.resourceVersion}, is older in kind ${kind} than was asked for: ${asked.join("~")}`,
				);
			}
		}
	};

	const waiting: Promise<void>[] = [];
	for (let step = 0; step < 260; step++) {
		await clock.advance([10, 20, 50][below(3)] ?? 10);
		for (let writes = [0, 1, 1, 2][below(4)] ?? 0; writes > 0; writes--) truth.step();
		for (const { feed } of replicas) {
			for (const kind of kinds) {
				if (chance(0.015)) feed.relist(kind);
				for (let count = [0, 0, 1, 3][below(4)] ?? 0; count > 0; count--) feed.deliver(kind);
			}
		}
		for (const reader of readers) {
			if (!reader.isOpen) {
				if (chance(0.5)) reader.connect(anyReplica().replica);
			} else reader.read([0, 1, 2, 5][below(4)] ?? 0);
			if (reader.isOpen && chance(0.06)) reader.cut();
		}
		if (chance(0.1)) lists.push({ first: await list(anyReplica().replica, "") });
		if (chance(0.05)) waiting.push(readBack());
		const later: SlowList[] = [];
		for (const one of lists) {
			if (chance(0.3)) waiting.push(finish(one));
			else later.push(one);
		}
		lists = later;
	}
	// All is quiet now: each replica sees everything, and each reader reads all.
	for (let step = 0; step < 30; step++) {
		await clock.advance(500);
		for (const { feed } of replicas) {
			for (const kind of kinds) while (feed.lag(kind) > 0) feed.deliver(kind);
		}
		for (const reader of readers) {
			if (!reader.isOpen) reader.connect(anyReplica().replica);
			reader.read(1_000);
		}
	}
	await Promise.all(waiting);
	const truthNow = vmsAt(
		truth,
		kinds.map(() => truth.newest),
	);
	for (const [index, { replica }] of replicas.entries()) {
		const page = await replica.list({
			filter: filterOf(),
			pageSize: 0,
			pageToken: "",
			minResourceVersion: "",
			caller,
		});
		for (const fault of differences(page.objects, truthNow))
			faults.push(`replica ${index}: ${fault}`);
	}
	for (const [index, reader] of readers.entries()) {
		for (const fault of reader.faults) faults.push(`reader ${index}: ${fault}`);
		const wanted = truthNow.filter((vm) => reader.filter.selector.matches(vm.labels));
		for (const fault of differences(reader.held.values(), wanted))
			faults.push(`reader ${index} in the end: ${fault}`);
		reader.cut();
	}
	const { resets, withheldCount: withheld, mergedCount: merged } = observer;
	return { faults, pages, reads, expired, resets: resets.length, withheld, merged };
}

/** What there is at some versions of the kinds. */
function vmsAt(truth: Truth, positions: readonly bigint[]): Vm[] {
	return names
		.map((name) =>
			joinVm(
				name,
				kinds.map((kind) => truth.at(kind, name, positions[kind] ?? 0n)),
			),
		)
		.filter((vm) => vm !== undefined);
}

function tamperOf(bug: Bug | undefined, truth: Truth): Tamper {
	switch (bug) {
		case "a token ahead of a withheld change":
			return {
				message: (message) => ({ ...message, token: message.token.replaceAll(/\.\d+/g, "") }),
			};
		case "a token without the third place":
			// Nothing is asked of the third kind: it is taken to be where the replica is.
			return {
				token: (token) => {
					const parts = token.split("~");
					return parts.length < 3 ? token : [...parts.slice(0, 2), thirdHead(truth)].join("~");
				},
			};
		case "DELETED judged by the net result":
			return {
				message(message, isResuming, resumedFrom) {
					const base = parsePlaces(resumedFrom)?.bases[0];
					const { type, vm } = message;
					if (!isResuming || type !== "deleted" || vm === undefined || base === undefined)
						return message;
					return truth.madeAt(vm.uid) > base ? undefined : message;
				},
			};
		default:
			return {};
	}
}

function thirdHead(truth: Truth): string {
	return String(truth.log[2]?.at(-1)?.version ?? 0n);
}

/** Puts a bug into the watch itself. @returns takes it out again */
function plant(bug: Bug): () => void {
	if (bug === "a merge at the oldest version") {
		planted.isMergeAtOldest = true;
		return () => {
			planted.isMergeAtOldest = false;
		};
	}
	if (bug === "a replica's own past replayed after a foreign token") {
		const { resumed } = View.prototype;
		View.prototype.resumed = function (from, span, maxBytes) {
			return this.changes(from, span.end, maxBytes);
		};
		return () => {
			View.prototype.resumed = resumed;
		};
	}
	return () => {};
}

const runs = Number(process.env.WUKONG_THREE_CLOCKS_RUNS ?? 60);

describe("three kinds in any order on three replicas, cut, resumed, paged and withheld", () => {
	test(`no VM goes back, nothing is missing at the end, each page set is one snapshot (seed ${testSeed})`, async () => {
		const sum = { pages: 0, reads: 0, expired: 0, resets: 0, withheld: 0, merged: 0 };
		for (let run = 0; run < runs; run++) {
			const { faults, ...counts } = await play(testSeed + run);
			expect({ run, faults }).toEqual({ run, faults: [] });
			for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counts[key];
		}
		// A run that withholds, merges and pages nothing proves nothing.
		expect(sum.withheld).toBeGreaterThan(runs);
		expect(sum.merged).toBeGreaterThan(runs);
		expect(sum.pages).toBeGreaterThan(sum.expired);
		expect(sum.reads).toBeGreaterThan(runs);
	});

	test.each(plantedBugs)("the planted bug is found: %s", async (bug) => {
		const takeOut = plant(bug);
		try {
			let found: readonly string[] = [];
			for (let run = 0; run < 300 && found.length === 0; run++)
				found = (await play(20_261 + run, bug)).faults;
			expect(found).not.toEqual([]);
		} finally {
			takeOut();
		}
	});
});
