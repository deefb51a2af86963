import { keyOf } from "../../../server/src/resource/object.ts";
import { placesIn } from "../../../server/src/resource/version.ts";
import { type ServiceProcess, startServiceProcess } from "../../support/service-process.ts";
import { createKubeApi, type KubeAccess, type KubeApi } from "../kube-api.ts";
import { writeKubeconfig } from "../kubeconfig.ts";
import { poll } from "../poll.ts";
import { serviceAccess } from "../service-access.ts";
import { createNamespace } from "../test-namespace.ts";
import { wukongPath, wukongResource } from "../wukong-resource.ts";
import { startBalancer } from "./balancer.ts";
import { type ClusterHistory, recordWukongs } from "./cluster-history.ts";
import type { Watcher } from "./lean-client.ts";
import { openResumingStream, type ResumingStream } from "./resuming-stream.ts";

/** Two replicas behind a balancer, streams through it, and what really happens beside them. */
export interface Stage extends AsyncDisposable {
	readonly namespace: string;
	/** Of all VMs in the namespace. */
	readonly path: string;
	readonly admin: KubeApi;
	/** The balancer's. */
	readonly url: string;
	readonly history: ClusterHistory;
	readonly readers: readonly ResumingStream[];
	/** Ends the replica that was started first, as a roll-out does. @returns its exit code */
	stopOldest(): Promise<number | null | undefined>;
	/** Starts one more; resolves when it is ready. */
	startReplica(): Promise<void>;
	/** Resolves when every stream is in sync. */
	allSynced(): Promise<void>;
	/** Creates a last VM; resolves when every stream has seen it. */
	finish(): Promise<void>;
}

/** Generous: it only bounds a failing run. */
export const ceilingMs = 120_000;

/** @param access an administrator's @param clients of the streams, once the balancer's URL is known */
export async function openStage(
	access: KubeAccess,
	clients: (url: string) => readonly Watcher[],
): Promise<Stage> {
	await using stack = new AsyncDisposableStack();
	const admin = createKubeApi(access);
	stack.defer(() => admin.close());
	const namespace = await createNamespace(admin);
	const path = wukongPath(namespace);
	const rights = await serviceAccess(admin, access, namespace);
	const kubeconfig = stack.use(await writeKubeconfig(rights));
	const balancer = await startBalancer();
	stack.defer(() => balancer.close());

	const replicas: ServiceProcess[] = [];
	stack.defer(async () => {
		await Promise.all(replicas.map((replica) => replica.kill()));
	});
	const flags = ["--store", "kubernetes", "--kubeconfig", kubeconfig.path];
	const startReplica = async () => {
		const replica = await startServiceProcess({ flags: [...flags, "--namespace", namespace] });
		replicas.push(replica);
		balancer.add(replica.url);
	};
	await Promise.all([startReplica(), startReplica()]);

	const { metadata } = await admin.expect({ method: "GET", path });
	const history = recordWukongs(access, path, metadata.resourceVersion);
	stack.defer(() => history.close());
	const readers = clients(balancer.url).map((client) => openResumingStream(client, namespace));
	for (const reader of readers) stack.defer(() => reader.close());
	/** Not a "no" but the end of waiting: what is over will never come so far. */
	const everyReader = (what: string, isSo: (reader: ResumingStream) => boolean) =>
		poll(what, async () => readers.some(({ over }) => over) || readers.every(isSo), ceilingMs);
	const allSynced = () => everyReader("every stream is in sync", ({ synced }) => synced);
	await allSynced();

	const parts = stack.move();
	return {
		namespace,
		path,
		admin,
		url: balancer.url,
		history,
		readers,
		stopOldest: async () => replicas.shift()?.stop(),
		startReplica,
		allSynced,
		async finish() {
			const last = await admin.expect({ method: "POST", path, body: wukongResource("last") });
			const { resourceVersion } = last.metadata;
			const key = keyOf(last.metadata);
			const hasCome = async () => history.changes.at(-1)?.version === resourceVersion;
			await poll("the last change is history", hasCome, ceilingMs);
			await everyReader(
				"the last change has come to every stream",
				({ held }) => placesIn(held.get(key)?.resourceVersion ?? "") === resourceVersion,
			);
		},
		[Symbol.asyncDispose]: () => parts.disposeAsync(),
	};
}
