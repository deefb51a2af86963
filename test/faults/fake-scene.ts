import { systemClock } from "../../server/src/clock.ts";
import type { KubernetesOptions } from "../../server/src/store/kubernetes/kubernetes-store.ts";
import { createStoreBefore } from "../server/store/kubernetes/harness.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { createFakeHand } from "./fake-hand.ts";
import type { Hand } from "./hand.ts";
import { createScene, type Scene, type SceneOptions, shortTimings } from "./scene.ts";

/** A scene before a fake API server. */
export interface FakeScene extends Scene {
	readonly api: FakeApiServer;
	readonly hand: Hand;
	/** The way of each replica to the API server. */
	readonly ways: readonly FaultProxy[];
}

/** @param options.store what is different from a store with short waits. */
export async function startFakeScene(
	options: Pick<SceneOptions, "isRestored"> & {
		readonly store?: Partial<KubernetesOptions>;
		/** VMs and their runs are there, too. Default: false. */
		readonly servesKubeVirt?: boolean;
	} = {},
): Promise<FakeScene> {
	const { store = {}, servesKubeVirt = false, ...sceneOptions } = options;
	const api = await startFakeApiServer(systemClock, { servesKubeVirt });
	const port = Number(api.access.server.port);
	const ways = [await startFaultProxy(port), await startFaultProxy(port)];
	const servers = ways.map((way) => new URL(`http://127.0.0.1:${way.port}`));
	const hand = createFakeHand(api);
	const scene = await createScene({
		...sceneOptions,
		hand,
		openStore(observer) {
			const server = servers.shift() ?? api.access.server;
			return createStoreBefore(
				{ ...api, access: { ...api.access, server } },
				{ observer, ...store, reflectorTimings: { ...shortTimings, ...store.reflectorTimings } },
			);
		},
	});
	return {
		...scene,
		api,
		hand,
		ways,
		async close() {
			await scene.close();
			for (const way of ways) await way.close();
			await api.close();
		},
	};
}
