import { systemClock } from "../../server/src/clock.ts";
import { createApiClient } from "../../server/src/store/kubernetes/api-client.ts";
import { wukongKind } from "../../server/src/store/kubernetes/kinds/wukong.ts";
import { openKubeconfig } from "../../server/src/store/kubernetes/kubeconfig-access.ts";
import { createSimulatedOperator } from "../../server/src/store/kubernetes/operator/simulated-operator.ts";
import type { OperatorOptions } from "../../server/src/store/simulator/operator-options.ts";
import { silentUpstream } from "../support/silent-upstream.ts";
import { patientTimings } from "./cluster-store.ts";
import type { KubeAccess } from "./kube-api.ts";
import { writeKubeconfig } from "./kubeconfig.ts";

/** Steps that are short, but told apart by the times in the conditions. */
const life = { pendingMs: 20, creatingMs: 50, stoppingMs: 50, deletingMs: 20 };

/**
 * Plays the operator in a namespace, quickly.
 * @param options what differs from the ideal one
 */
export async function startOperator(
	access: KubeAccess,
	namespace: string,
	options: Partial<OperatorOptions> = {},
): Promise<{ close(): Promise<void> }> {
	const kubeconfig = await writeKubeconfig(access);
	const clock = systemClock;
	const api = createApiClient({
		resource: wukongKind,
		access: await openKubeconfig({ kubeconfig: kubeconfig.path, context: "", maxConnections: 16 }),
		namespace,
		timings: patientTimings,
		clock,
	});
	const silent = () => {};
	const operator = createSimulatedOperator({
		api,
		life: { ...life, ...options },
		clock,
		observer: {
			...silentUpstream,
			stepped: silent,
			stepFailed: silent,
		},
	});
	await operator.start();
	return {
		async close() {
			await operator.close();
			api.close();
			await kubeconfig.remove();
		},
	};
}
