import { equals } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../../../server/src/clock.ts";
import { publishRaw } from "../../../../server/src/store/kubernetes/resource-read.ts";
import { createChangeLog } from "../../../../server/src/watch/change-log.ts";
import {
	answerJson,
	type FakeApiServer,
	startFakeApiServer,
} from "../../../support/fake-api-server.ts";
import { createSeededRandom } from "../../../support/seeded-random.ts";
import { until } from "../../../support/until.ts";
import { createSourceBefore } from "./harness.ts";

let api: FakeApiServer;
let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const close of closing) await close();
	closing = [];
	await api.close();
});

/** A replica's log, fed by a source of its own. */
async function startReplica(historyVersions = 0n) {
	const source = createSourceBefore(api, { reflectorTimings: { historyVersions } });
	const limits = { maxChanges: 100_000, maxAgeMs: 1e9, maxBytes: 1e9 };
	const log = createChangeLog({ limits, clock: systemClock });
	await source.start(log);
	closing.push(() => source.close());
	return { source, log };
}

function write(random: () => number): void {
	const name = `vm-${Math.floor(random() * 20)}`;
	const there = api.store.list().find(({ metadata }) => metadata.name === name);
	const labels = { value: String(random()) };
	if (there === undefined) api.store.create({ metadata: { name, labels } }, "default", false);
	else if (random() < 0.3) {
		api.store.remove({ namespace: "default", name }, { preconditions: {}, dryRun: false });
	} else {
		api.store.replace({ ...there, metadata: { ...there.metadata, labels } }, "spec", false);
	}
	if (random() < 0.3) api.store.tick(1 + Math.floor(random() * 5));
}

const faults: Readonly<Record<string, (random: () => number) => void>> = {
	"the watch is cut": () => api.cutWatches(),
	"the history is compacted": () => api.expire(),
	"a call fails": (random) => {
		let left = 1 + Math.floor(random() * 3);
		api.intercept((_, response) => {
			if (left-- <= 0) return false;
			if (random() < 0.5) response.destroy();
			else answerJson(response, 500 + Math.floor(random() * 5), {});
			return true;
		});
		api.cutWatches();
	},
};

/** What the log shows is what the cluster has, and its history leads there without a break. */
function expectTruth(objects: readonly Wukong[]): void {
	const there = api.store.list().map(publishRaw);
	expect(objects.map(({ name }) => name)).toEqual(there.map(({ name }) => name));
	for (const [index, object] of objects.entries()) {
		expect(equals(WukongSchema, object, there[index] as Wukong)).toBe(true);
	}
}

test.each(Object.keys(faults))(
	"whenever %s, nothing is lost and nothing comes twice",
	async (name) => {
		const seed = 20_260_729;
		const random = createSeededRandom(seed);
		api = await startFakeApiServer(systemClock);
		const { log } = await startReplica();
		for (let round = 0; round < 40; round++) {
			for (let count = random() * 5; count > 0; count--) write(random);
			faults[name]?.(random);
			for (let count = random() * 5; count > 0; count--) write(random);
			if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve));
		}
		api.intercept(undefined);
		api.store.create({ metadata: { name: "last" } }, "default", false);
		const end = BigInt(api.store.version);
		await until(`all has come (seed ${seed})`, () => log.head >= end);
		expectTruth(log.state.snapshot());
		const held = new Map<string, Wukong>();
		for (let at = log.history.firstSequence; at < log.history.nextSequence; at++) {
			const { object, previous, deleted } = log.history.at(at).change;
			expect(held.get(object.name)).toBe(previous);
			expect(previous === undefined || deleted || previous.uid === object.uid).toBe(true);
			if (deleted) held.delete(object.name);
			else held.set(object.name, object);
		}
	},
);

test("a replica that starts later has the history of one that was there all the time", async () => {
	const random = createSeededRandom(7);
	api = await startFakeApiServer(systemClock);
	const first = await startReplica();
	for (let count = 0; count < 200; count++) write(random);
	const end = BigInt(
		api.store
			.list()
			.reduce((max, { metadata }) => Math.max(max, Number(metadata.resourceVersion)), 0),
	);
	await until("the first has all", () => first.log.head >= end);
	const { log } = await startReplica(100n);
	expectTruth(log.state.snapshot());
	expect(log.history.base).toBe(BigInt(api.store.version) - 100n);
	const since = log.history.base;
	const historyOf = (of: typeof log) => {
		const { history } = of;
		const changes = [];
		for (let at = history.after(since); at < history.nextSequence; at++) {
			const { version, object, deleted } = history.at(at).change;
			changes.push(`${version} ${object.name} ${deleted}`);
		}
		return changes;
	};
	expect(historyOf(log)).toEqual(historyOf(first.log));
	expect(historyOf(log).length).toBeGreaterThan(10);
});

test("a token ahead of the log is reached without a bookmark", async () => {
	api = await startFakeApiServer(systemClock);
	const { source, log } = await startReplica();
	api.store.tick(50);
	const version = await source.newestVersion(new AbortController().signal);
	expect(version).toBe(BigInt(api.store.version));
	await until("the log is there", () => log.head >= version);
	expect(log.life).toBe(1);
});

test("a restored store begins another life, and shows its own state", async () => {
	api = await startFakeApiServer(systemClock);
	api.store.create({ metadata: { name: "old" } }, "default", false);
	const before = api.store.version;
	api.store.create({ metadata: { name: "new" } }, "default", false);
	const { log } = await startReplica();
	expect(log.state.snapshot()).toHaveLength(2);
	await until("it watches", () => api.watching === 1);
	api.store.restore(before);
	api.store.compact();
	api.expire();
	await until("the log starts over", () => log.life === 2);
	expectTruth(log.state.snapshot());
	expect(log.head).toBe(BigInt(before));
});
