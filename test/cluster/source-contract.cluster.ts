import { afterAll, beforeAll, inject } from "vitest";
import { createRecordingSink } from "../server/store/recording-sink.ts";
import { describeSource } from "../server/store/source-contract.ts";
import { until } from "../support/until.ts";
import { createClusterSource } from "./cluster-source.ts";
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

describeSource("the Kubernetes store on a real API server", async () => {
	const namespace = await createNamespace();
	const source = await createClusterSource(access, namespace);
	const sink = createRecordingSink();
	await source.start(sink);
	return {
		source,
		sink,
		namespace,
		async until(what, condition) {
			const operator = await startOperator(cluster, namespace);
			await until(what, condition).finally(() => operator.close());
		},
		close: () => source.close(),
	};
});
