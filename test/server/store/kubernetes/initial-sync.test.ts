import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../../../server/src/clock.ts";
import { wukongKind } from "../../../../server/src/store/kubernetes/kinds/wukong.ts";
import { createFakeHand } from "../../../faults/fake-hand.ts";
import { createRandomWriter } from "../../../faults/hand.ts";
import { type FakeApiServer, startFakeApiServer } from "../../../support/fake-api-server.ts";
import { createSeededRandom } from "../../../support/seeded-random.ts";
import { until } from "../../../support/until.ts";
import { createWukongLog, type WukongLog } from "../../../support/watching.ts";
import { createStoreBefore } from "./harness.ts";

let api: FakeApiServer;
let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const close of closing) await close();
	closing = [];
	await api.close();
});

/** A replica's log, fed by a store of its own. */
async function startReplica(historyVersions = 0n) {
	const store = createStoreBefore(api, { reflectorTimings: { historyVersions } });
	const limits = { maxChanges: 100_000, maxAgeMs: 1e9, maxBytes: 1e9 };
	const log = createWukongLog(limits, systemClock);
	await store.start(log);
	closing.push(() => store.close());
	return { store, log };
}

const headOf = ({ places }: WukongLog) => places.positions[0] ?? 0n;

/** All changes after a version, in words. */
function historyOf({ history }: WukongLog, since: bigint): string[] {
	const changes = [];
	for (const { change } of history.entries(history.after([since]), history.nextSequence)) {
		const { version, object, deleted } = change;
		changes.push(`${version} ${object.name} ${deleted}`);
	}
	return changes;
}

test("a replica that starts later has the history of one that was there all the time", async () => {
	api = await startFakeApiServer(systemClock);
	const first = await startReplica();
	const write = createRandomWriter(createFakeHand(api), createSeededRandom(7));
	for (let count = 0; count < 200; count++) {
		await write();
		if (count % 3 === 0) api.store.tick(count % 5);
	}
	const end = BigInt(api.store.events.at(-1)?.version ?? 0);
	await until("the first has all", () => headOf(first.log) >= end);
	const { log } = await startReplica(100n);
	expect(log.state.snapshot()).toEqual(api.store.list().map((raw) => wukongKind.read(raw)));
	const [base = 0n] = log.history.bases;
	expect(base).toBe(BigInt(api.store.version) - 100n);
	expect(historyOf(log, base)).toEqual(historyOf(first.log, base));
	expect(historyOf(log, base).length).toBeGreaterThan(10);
});

test("a token ahead of the log is reached without a bookmark", async () => {
	api = await startFakeApiServer(systemClock);
	const { store, log } = await startReplica();
	api.store.tick(50);
	const version = BigInt(api.store.version);
	expect(await store.newestVersion(new AbortController().signal, version)).toBe(version);
	await until("the log is there", () => headOf(log) >= version);
	expect(log.epoch).toBe(1);
});
