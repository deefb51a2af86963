import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../server/src/clock.ts";
import { createKubernetesStore } from "../../server/src/store/kubernetes/kubernetes-store.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { createKubeApi, type KubeAccess, type KubeApi } from "../cluster/kube-api.ts";
import { type KubeconfigFile, writeKubeconfig } from "../cluster/kubeconfig.ts";
import { installKubeVirtDefinitions } from "../cluster/kubevirt/kubevirt-objects.ts";
import { createNamespace } from "../cluster/test-namespace.ts";
import { installDefinition } from "../cluster/wukong-resource.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { createSeededRandom } from "../support/seeded-random.ts";
import { type ClusterHand, createClusterHand } from "./cluster-hand.ts";
import { createRandomWriter } from "./hand.ts";
import { faultSeed, faultTimeoutMs, movesThreeKinds, roundsOf } from "./rounds.ts";
import { createScene, type Scene, type SceneReplica, shortTimings } from "./scene.ts";
import { createServiceWriter } from "./service-writer.ts";
import { tcpFaults } from "./tcp-faults.ts";
import type { UpstreamTally } from "./upstream-tally.ts";

// A cluster of its own: the shared one has no KubeVirt.
let cluster: Cluster;
let access: KubeAccess;
let admin: KubeApi;
/** One for each replica, so that one may be cut off while the other goes on. */
let ways: { readonly proxy: FaultProxy; readonly kubeconfig: KubeconfigFile }[];
let namespace: string;
let hand: ClusterHand;
let scene: Scene;

beforeAll(async () => {
	cluster = await startCluster();
	access = cluster.apiServer.access();
	admin = createKubeApi(access);
	await installDefinition(admin);
	if (movesThreeKinds) await installKubeVirtDefinitions(admin);
	const open = async () => {
		const proxy = await startFaultProxy(Number(new URL(access.url).port));
		const url = `https://127.0.0.1:${proxy.port}`;
		return { proxy, kubeconfig: await writeKubeconfig({ ...access, url }) };
	};
	ways = [await open(), await open()];
});
afterAll(async () => {
	for (const { proxy, kubeconfig } of ways) {
		await proxy.close();
		await kubeconfig.remove();
	}
	admin.close();
	await cluster.close();
});

beforeEach(async () => {
	namespace = await createNamespace(admin);
	hand = await createClusterHand({ admin, access, namespace, hasKubeVirt: movesThreeKinds });
	const kubeconfigs = ways.map(({ kubeconfig }) => kubeconfig.path);
	const openStore = (observer: UpstreamTally) =>
		createKubernetesStore({
			kubeconfig: kubeconfigs.shift() ?? "",
			context: "",
			maxConnections: 8,
			namespace,
			clock: systemClock,
			apiTimings: { answerTimeoutMs: 1_000 },
			reflectorTimings: { ...shortTimings, historyVersions: 0n },
			observer,
		});
	scene = await createScene({ hand, openStore });
});
afterEach(async () => {
	for (const { proxy } of ways) await proxy.set({ kind: "clear" });
	await scene.close();
	await hand.close();
});

test.each(tcpFaults)(
	`whenever $title, nothing is lost, nothing comes twice and no list is read (seed ${faultSeed})`,
	async ({ strike, fullRounds }) => {
		const random = createSeededRandom(faultSeed);
		const write = createRandomWriter(hand, random);
		const writer = await createServiceWriter(hand, { namespace, name: "written" });
		const rounds = roundsOf(fullRounds);
		for (let round = 0; round < rounds; round++) {
			const index = Math.floor(random() * ways.length);
			const { proxy } = ways[index] as (typeof ways)[number];
			const { tally, store } = scene.replicas[index] as SceneReplica;
			const during = async () => {
				for (let count = random() * 4; count > 0; count--) await write();
				if (random() < 0.5) await writer.write(store);
				if (random() < 0.5) scene.roam();
			};
			await strike({ proxy, random, during, watches: () => tally.watches });
			await writer.check();
			await scene.agree();
		}
		for (const { store } of scene.replicas) await writer.write(store);
		expect(writer.outcomes.get("written")).toBeGreaterThanOrEqual(scene.replicas.length);
		await scene.expectWholeStory();
		expect(scene.lists()).toEqual([]);
	},
	faultTimeoutMs,
);
