import { ErrorReason } from "@novasphere/wukong-gen/error";
import { describe, expect, test } from "vitest";
import { Failure } from "../../../../server/src/failure.ts";
import { checkPreconditions } from "../../../../server/src/service/wukong/preconditions.ts";
import type { Api } from "../../../../server/src/store/kubernetes/api.ts";
import { wukongKind } from "../../../../server/src/store/kubernetes/kinds/wukong.ts";
import type { ReadYourWrites } from "../../../../server/src/store/kubernetes/read-your-writes.ts";
import { createWrites } from "../../../../server/src/store/kubernetes/writes.ts";
import { createFakeApiStore, type FakeApiStore } from "../../../support/fake-api-store.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { testSeed } from "../../../support/seed.ts";
import { createSeededRandom } from "../../../support/seeded-random.ts";
import { refTo, setLabel, writeOptions } from "../write.ts";
import { answerAs, refused } from "./scripted-upstream.ts";

/** Faults that writes with a precondition could have; each must be found. */
const plantedBugs = [
	"a retry that does not compare again",
	"a precondition compared with the cache",
] as const;
type Bug = (typeof plantedBugs)[number];

const replicaCount = 2;

/** Writes under way at each replica at one time. */
const callersOfReplica = 2;

const writesOfCaller = 10;

/** Each write is seen at once: what reads see plays no part here. */
const seenAtOnce: ReadYourWrites = {
	seen: async () => {},
	deletion: () => ({ seen: async () => 0n, cancel() {} }),
};

interface Outcome {
	readonly faults: readonly string[];
	readonly written: number;
	readonly deleted: number;
	readonly refused: number;
	readonly statusWrites: number;
}

/**
 * Plays two replicas that count in a label of one VM, each write with the version that their caches
 * have, which may be an old one. Between reading and writing others write its status, and the
 * other replica writes. Each number that was counted from may be counted from once.
 */
async function play(seed: number, bug?: Bug): Promise<Outcome> {
	const random = createSeededRandom(seed);
	const below = (end: number) => Math.floor(random() * end);
	const clock = createFakeClock();
	const cluster = createFakeApiStore(clock);
	const make = () => cluster.create({ metadata: { name: "a" } }, "default", false);
	make();
	let statusWrites = 0;
	/** Time of the network, in which anything happens. */
	const pass = async () => {
		for (let turns = below(8); turns > 0; turns--) await null;
		if (random() >= 0.3) return;
		const raw = cluster.list()[0];
		if (raw === undefined) return;
		cluster.replace({ ...raw, status: { nodeName: `node-${statusWrites++}` } }, "status", false);
	};
	const faults: string[] = [];
	const counted = new Set<string>();
	let [written, deleted, refusals] = [0, 0, 0];

	const createReplica = () => {
		const writes = createWrites({
			...{ kind: wukongKind, api: createApi(cluster, pass), clock, random },
			readYourWrites: seenAtOnce,
			impersonate: () => undefined,
		});
		/** What this replica's cache has: events come late. */
		let place = 0;
		const cached = () => {
			place += below(cluster.events.length - place + 1);
			const event = cluster.events[Math.max(0, place - 1)];
			if (event === undefined) throw new Error("nothing was made");
			return wukongKind.read(event.raw);
		};
		const write = async () => {
			const known = cached();
			const { uid, resourceVersion } = known;
			const from = Number(known.labels.count ?? 0);
			const judge = (current: typeof known) =>
				checkPreconditions(bug === "a precondition compared with the cache" ? cached() : current, {
					resourceVersion,
				});
			if (random() < 0.2) {
				await writes.remove(refTo("a"), onceFor(bug, judge), writeOptions);
				deleted++;
				const last = cluster.events.findLast(({ type }) => type === "DELETED")?.raw;
				const had = last && wukongKind.read(last);
				if (had?.uid !== uid || Number(had.labels.count ?? 0) !== from) {
					faults.push(
						`${had?.uid} was deleted at ${had?.labels.count}, asked for: ${uid} at ${from}`,
					);
				}
				make();
				return;
			}
			const edit = (current: typeof known) => {
				judge(current);
				return setLabel("count", String(from + 1))(current);
			};
			await writes.edit(refTo("a"), onceFor(bug, edit), writeOptions);
			written++;
			const key = `${uid} from ${from}`;
			if (counted.has(key)) faults.push(`an update is lost: ${key} was counted twice`);
			counted.add(key);
		};
		return async () => {
			for (let count = 0; count < writesOfCaller; count++) {
				await write().catch((error) => {
					if (!(error instanceof Failure)) throw error;
					// Between a deletion and the next creation there is none.
					if (error.reason === ErrorReason.WUKONG_NOT_FOUND) return;
					expect(error.reason).toBe(ErrorReason.RESOURCE_VERSION_CONFLICT);
					refusals++;
				});
				await pass();
			}
		};
	};

	let open = 0;
	const callers = Array.from({ length: replicaCount }, createReplica).flatMap((caller) =>
		Array.from({ length: callersOfReplica }, async () => {
			open++;
			await caller().finally(() => open--);
		}),
	);
	while (open > 0) await clock.advance(1);
	await Promise.all(callers);
	return { faults, written, deleted, refused: refusals, statusWrites };
}

/** Plants the retry that goes by what it found at its first try. */
function onceFor<T, R>(bug: Bug | undefined, judge: (current: T) => R): (current: T) => R {
	if (bug !== "a retry that does not compare again") return judge;
	let first: { readonly found: R } | undefined;
	return (current) => {
		first ??= { found: judge(current) };
		return first.found;
	};
}

/** The API server, some time away. */
function createApi(cluster: FakeApiStore, pass: () => Promise<void>): Api {
	const away = async <T>(work: () => T): Promise<T> => {
		await pass();
		const answer = await answerAs(work);
		await pass();
		return answer;
	};
	const none = async () => {
		throw refused(404);
	};
	return {
		calls: { product: { name: "", userAgent: "" }, open: none, fetchText: none, fetchJson: none },
		...{ list: none, watch: none, create: none, close() {} },
		get: ({ namespace, name }) => away(() => cluster.get(namespace, name)),
		replace: (resource, { dryRun }) => away(() => cluster.replace(resource, "spec", dryRun)),
		patch: (ref, patch, { dryRun }) => away(() => cluster.patch(ref, patch, dryRun)),
		remove: (ref, { uid, resourceVersion, dryRun }) =>
			away(() => {
				const preconditions = { uid, ...(resourceVersion !== undefined && { resourceVersion }) };
				return cluster.remove(ref, { preconditions, dryRun });
			}),
	};
}

describe("two writers on two replicas with stale caches, and an operator that writes status in between", () => {
	test(`lose no update, and delete nothing that they have not seen (seed ${testSeed})`, async () => {
		const sum = { written: 0, deleted: 0, refused: 0, statusWrites: 0 };
		for (let run = 0; run < 100; run++) {
			const { faults, ...counts } = await play(testSeed + run);
			expect({ run, faults }).toEqual({ run, faults: [] });
			for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counts[key];
		}
		// A run in which nobody is ahead of anybody proves nothing.
		for (const count of Object.values(sum)) expect(count).toBeGreaterThan(100);
	});

	test.each(plantedBugs)("the planted bug is found: %s", async (bug) => {
		let found: readonly string[] = [];
		for (let run = 0; run < 300 && found.length === 0; run++)
			found = (await play(20_261 + run, bug)).faults;
		expect(found).not.toEqual([]);
	});
});
