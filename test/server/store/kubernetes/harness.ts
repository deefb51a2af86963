import { systemClock } from "../../../../server/src/clock.ts";
import {
	createApiClient,
	defaultApiTimings,
} from "../../../../server/src/store/kubernetes/api-client.ts";
import {
	createKubernetesSource,
	type KubernetesOptions,
} from "../../../../server/src/store/kubernetes/kubernetes-store.ts";
import { finalizer } from "../../../../server/src/store/kubernetes/operator/finalizer.ts";
import type { Source } from "../../../../server/src/store/store.ts";
import { type FakeApiServer, startFakeApiServer } from "../../../support/fake-api-server.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { startFakeOperator } from "../../../support/fake-operator.ts";
import { until } from "../../../support/until.ts";
import { createRecordingSink } from "../recording-sink.ts";
import type { SourceHarness } from "../source-contract.ts";

/** A started source before a fake API server. */
export interface KubernetesHarness extends SourceHarness {
	readonly api: FakeApiServer;
	/** The operator's clock; the source has the machine's, as its connections are real. */
	readonly operatorClock: FakeClock;
}

/** A source before a fake API server, with short waits. */
export function createSourceBefore(
	api: FakeApiServer,
	options: Partial<KubernetesOptions> = {},
): Source {
	const silent = () => {};
	return createKubernetesSource(
		{
			kubeconfig: "",
			context: "",
			maxConnections: 64,
			namespace: "",
			clock: systemClock,
			observer: {
				listed: silent,
				watchOpened: silent,
				watchEnded: silent,
				troubled: silent,
				recovered: silent,
				answeredUnseen: silent,
			},
			...options,
			reflectorTimings: {
				hastyEndMs: 0,
				backoff: { minMs: 1, maxMs: 5, healthyMs: 1_000 },
				...options.reflectorTimings,
			},
		},
		async ({ namespace, apiTimings }) =>
			createApiClient({
				access: api.access,
				namespace,
				timings: { ...defaultApiTimings, ...apiTimings },
				clock: systemClock,
			}),
	);
}

export async function startKubernetes(
	options: Partial<KubernetesOptions> & { readonly operator?: boolean } = {},
): Promise<KubernetesHarness> {
	const { operator = true, ...given } = options;
	const operatorClock = createFakeClock();
	const api = await startFakeApiServer(operatorClock, operator ? [finalizer] : []);
	if (operator) startFakeOperator(api.store, operatorClock);
	const source = createSourceBefore(api, given);
	const sink = createRecordingSink();
	await source.start(sink);
	return {
		source,
		sink,
		namespace: "default",
		api,
		operatorClock,
		async until(what, condition) {
			let moving = Promise.resolve();
			await until(what, () => {
				moving = moving.then(() => operatorClock.advance(100));
				return condition();
			});
			await moving;
		},
		async close() {
			await source.close();
			await api.close();
		},
	};
}
