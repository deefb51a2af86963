import { expect, inject, test } from "vitest";
import { startCluster } from "./cluster.ts";
import { createKubeApi } from "./kube-api.ts";
import { poll } from "./poll.ts";
import type { ClusterHistory } from "./rolling/cluster-history.ts";
import { libraryClients, watchers } from "./rolling/fleet.ts";
import { checkHistory } from "./rolling/history-check.ts";
import { ceilingMs, openStage, type Stage } from "./rolling/stage.ts";
import type { Acknowledged } from "./rolling/vm-life.ts";
import { startWorkload, type Workload } from "./rolling/workload.ts";
import { installDefinition, wukongPath, wukongResource } from "./wukong-resource.ts";

const access = inject("cluster");

const streams = 200;
/** Those of a real client library; the others cost less. */
const libraryStreams = 24;
const writesPerSecond = 50;
/** How often both replicas are restarted. */
const rounds = 2;

test(`${streams} streams and ${writesPerSecond} writes/s lose nothing by a rolling restart of both replicas`, {
	timeout: 4 * ceilingMs,
}, async ({ annotate }) => {
	await using stage = await openStage(access, (url) => [
		...libraryClients(url, libraryStreams),
		...watchers(url, streams - libraryStreams),
	]);
	const { url, namespace } = stage;
	const clients = libraryClients(url, 12);
	await using workload = startWorkload({ clients, namespace, vms: 60, writesPerSecond });
	// A replica that starts goes back half as far as it could: far enough for streams that lag.
	const hasHistory = async () => workload.acknowledged.length >= 250;
	await poll("some history is made", hasHistory, ceilingMs);
	const before = workload.acknowledged.length;
	const startMs = performance.now();
	for (let restart = 0; restart < 2 * rounds; restart++) {
		expect(await stage.stopOldest()).toBe(0);
		await stage.startReplica();
		await stage.allSynced();
	}
	const tookMs = performance.now() - startMs;
	const perSecond = ((workload.acknowledged.length - before) / tookMs) * 1_000;
	await workload.stop();
	await stage.finish();

	await annotate(
		`${2 * rounds} restarts in ${(tookMs / 1_000).toFixed(1)} s, ${perSecond.toFixed(1)} writes/s;
${report(stage, workload)}`,
	);
	expect(workload.failed).toEqual([]);
	expect(unheard(workload.acknowledged, stage.history)).toEqual([]);
	await expectNothingLost(stage);
});

test("streams go on where they were when all replicas were gone for a while", {
	timeout: 4 * ceilingMs,
}, async () => {
	// Of its own: what the API server keeps for watches then depends on nothing else.
	const cluster = await startCluster();
	await using stack = new AsyncDisposableStack();
	stack.defer(cluster.close);
	const owner = createKubeApi(cluster.apiServer.access());
	stack.defer(() => owner.close());
	await installDefinition(owner);
	const stage = stack.use(await openStage(cluster.apiServer.access(), (url) => watchers(url, 30)));
	const { admin, path, namespace } = stage;
	await admin.expect({ method: "POST", path, body: wukongResource("changing") });
	const change = async (number: number) => {
		const body = { metadata: { labels: { number: `${number}` } } };
		await admin.expect({ method: "PATCH", path: wukongPath(namespace, "changing"), body });
	};
	// A replica goes back at least half as far as it could.
	for (let number = 0; number < 100; number++) await change(number);
	expect([await stage.stopOldest(), await stage.stopOldest()]).toEqual([0, 0]);
	for (let number = 100; number < 110; number++) await change(number);
	await Promise.all([stage.startReplica(), stage.startReplica()]);
	await stage.finish();
	await expectNothingLost(stage);
});

/** Each stream has seen each change once, without starting over, and holds what the cluster has. */
async function expectNothingLost({ admin, path, readers, history }: Stage): Promise<void> {
	const verdicts = readers.map(({ seen }) => checkHistory(history.changes, seen));
	expect(verdicts.flatMap(({ faults }) => faults.slice(0, 1))).toEqual([]);
	expect(sumOf(readers.map(({ resets }) => resets))).toBe(0);
	expect(new Set(readers.flatMap(({ ends }) => ends))).toEqual(new Set(["SHUTTING_DOWN"]));
	const { items } = await admin.expect({ method: "GET", path });
	const inCluster = items.map(inShort).sort();
	for (const { held } of readers) {
		const inStream = [...held.values()].map((metadata) => inShort({ metadata }));
		expect(inStream.sort()).toEqual(inCluster);
	}
}

/** Acknowledged writes that are no part of what happened. */
function unheard(
	acknowledged: readonly Acknowledged[],
	{ changes }: ClusterHistory,
): Acknowledged[] {
	const versions = new Set(changes.map(({ uid, version }) => `${uid} ${version}`));
	const gone = new Set(changes.filter(({ type }) => type === "DELETED").map(({ uid }) => uid));
	return acknowledged.filter(({ uid, version, deleted }) =>
		deleted ? !gone.has(uid) : !versions.has(`${uid} ${version}`),
	);
}

interface Named {
	readonly metadata: {
		readonly name: string;
		readonly uid: string;
		readonly resourceVersion: string;
	};
}

function inShort({ metadata: { name, uid, resourceVersion } }: Named): string {
	// What the service tells ends in a hash of what callers write.
	return `${name} ${uid} ${resourceVersion.replace(/-.*/, "")}`;
}

function report({ readers, history }: Stage, workload: Workload): string {
	const { acknowledged, retried, failed } = workload;
	const skipped = readers.map(({ seen }) => checkHistory(history.changes, seen).skipped);
	return [
		`${acknowledged.length} writes answered;`,
		`calls made twice: ${counted(retried)}; failed even so: ${counted(failed)};`,
		`ends of streams: ${counted(readers.flatMap(({ ends }) => ends))};`,
		`streams that did not come about: ${counted(readers.flatMap(({ refusals }) => refusals))};`,
		`RESETs: ${sumOf(readers.map(({ resets }) => resets))};`,
		`superseded states spared: ${sumOf(skipped)} of ${readers.length * history.changes.length}`,
	].join("\n");
}

function sumOf(numbers: readonly number[]): number {
	return numbers.reduce((sum, number) => sum + number, 0);
}

function counted(words: readonly string[]): string {
	const groups = [...Map.groupBy(words, (word) => word)];
	return groups.map(([word, { length }]) => `${length} ${word}`).join(", ") || "none";
}
