import { type Clock, systemClock } from "../../../../server/src/clock.ts";
import {
	createApiClient,
	defaultApiTimings,
} from "../../../../server/src/store/kubernetes/api-client.ts";
import { wukongKind } from "../../../../server/src/store/kubernetes/kinds/wukong.ts";
import {
	createKubernetesStore,
	type KubernetesOptions,
} from "../../../../server/src/store/kubernetes/kubernetes-store.ts";
import { finalizer } from "../../../../server/src/store/kubernetes/operator/simulated-operator.ts";
import type { Store } from "../../../../server/src/store/store.ts";
import { type FakeApiServer, startFakeApiServer } from "../../../support/fake-api-server.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { startFakeOperator } from "../../../support/fake-operator.ts";
import { silentUpstream } from "../../../support/silent-upstream.ts";
import { untilMoving } from "../../../support/until.ts";
import { createRecordingSink } from "../recording-sink.ts";
import type { StoreHarness } from "../store-contract.ts";

/** A started store before a fake API server. */
export interface KubernetesHarness extends StoreHarness {
	readonly api: FakeApiServer;
	/** The operator's clock; the store has the machine's, as its connections are real. */
	readonly operatorClock: FakeClock;
}

/**
 * A store before a fake API server, with short waits.
 * @param options.apiClock keeps the time of its calls. Default: the machine's
 */
export function createStoreBefore(
	api: FakeApiServer,
	options: Partial<KubernetesOptions> & { readonly apiClock?: Clock } = {},
): Store {
	const { apiClock = systemClock, ...given } = options;
	return createKubernetesStore(
		{
			kubeconfig: "",
			context: "",
			maxConnections: 64,
			namespace: "",
			clock: systemClock,
			observer: silentUpstream,
			...given,
			reflectorTimings: {
				hastyEndMs: 0,
				backoff: { minMs: 1, maxMs: 5, healthyMs: 1_000 },
				...given.reflectorTimings,
			},
		},
		async ({ namespace, apiTimings }) =>
			createApiClient({
				resource: wukongKind,
				access: api.access,
				namespace,
				timings: { ...defaultApiTimings, ...apiTimings },
				clock: apiClock,
			}),
	);
}

export async function startKubernetes(
	options: Parameters<typeof createStoreBefore>[1] & { readonly operator?: boolean } = {},
): Promise<KubernetesHarness> {
	const { operator = true, ...given } = options;
	const operatorClock = createFakeClock();
	const api = await startFakeApiServer(operatorClock, {
		finalizers: operator ? [finalizer] : [],
	});
	if (operator) startFakeOperator(api.store, operatorClock);
	const store = createStoreBefore(api, given);
	const sink = createRecordingSink();
	await store.start(sink);
	return {
		store,
		sink,
		namespace: "default",
		api,
		operatorClock,
		until: (what, condition) => untilMoving(operatorClock, what, condition),
		async close() {
			await store.close();
			await api.close();
		},
	};
}
