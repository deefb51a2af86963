import { afterAll, beforeAll, inject } from "vitest";
import { createRecordingSink } from "../server/store/recording-sink.ts";
import { describeStore } from "../server/store/store-contract.ts";
import { until } from "../support/until.ts";
import { createClusterStore } from "./cluster-store.ts";
import { installFinalizerPolicy } from "./finalizer-policy.ts";
import { createKubeApi, type KubeAccess } from "./kube-api.ts";
import { startOperator } from "./operator.ts";
import { serviceAccess } from "./service-access.ts";

const cluster = inject("cluster");
const admin = createKubeApi(cluster);
let access: KubeAccess;
let createNamespace: () => Promise<string>;

beforeAll(async () => {
	access = await serviceAccess(admin, cluster, "");
	createNamespace = await installFinalizerPolicy(admin);
});
afterAll(() => admin.close());

describeStore("the Kubernetes store on a real API server", async () => {
	const namespace = await createNamespace();
	const store = await createClusterStore(access, namespace);
	const sink = createRecordingSink();
	await store.start(sink);
	return {
		store,
		sink,
		namespace,
		async until(what, condition) {
			const operator = await startOperator(cluster, namespace);
			await until(what, condition).finally(() => operator.close());
		},
		close: () => store.close(),
	};
});
