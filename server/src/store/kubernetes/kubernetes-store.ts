import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { KubeWriter } from "../../caller.ts";
import type { Clock } from "../../clock.ts";
import { storeClosed } from "../../failure.ts";
import type { ObjectRef } from "../../resource/object.ts";
import { defaultStuckRules, type StuckRules } from "../../resource/wukong/power/power-times.ts";
import { effectiveSpec } from "../../resource/wukong/power-state.ts";
import type { Sink } from "../change-feed.ts";
import type { Edit, Store, WriteOptions } from "../store.ts";
import type { Api } from "./api.ts";
import { type ApiTimings, createApiClient, defaultApiTimings } from "./api-client.ts";
import { impersonationOf } from "./impersonation.ts";
import { type ClusterFeed, createClusterFeed } from "./joined/cluster-feed.ts";
import { joinWukong, type WukongSources } from "./joined/join.ts";
import { createOptionalKinds } from "./joined/optional-kind.ts";
import { observed, observedWukongKind } from "./kinds/observed-wukong.ts";
import { specJson, wukongKind } from "./kinds/wukong.ts";
import { type KubeconfigOptions, openKubeconfig } from "./kubeconfig-access.ts";
import { type Actions, createActions, createGracePeriods } from "./kubevirt/actions.ts";
import { createKubeVirtApi } from "./kubevirt/subresources.ts";
import { createChangeWaiter, createReadYourWrites } from "./read-your-writes.ts";
import { defaultReflectorTimings, type ReflectorTimings } from "./reflector-timings.ts";
import { type FillIns, fillIn, noFillIns } from "./schema/fill-in.ts";
import { createSchemaSource, type SchemaSource } from "./schema/schema-source.ts";
import { warningsOf } from "./schema/warnings.ts";
import { objectAt } from "./unstructured.ts";
import type { UpstreamObserver, WriteObserver } from "./upstream-observer.ts";
import { failureOf, namespaceNotFound, upstreamUnavailable } from "./write-failure.ts";
import { createWrites, type Writes } from "./writes.ts";

/** Options of the Kubernetes store. */
export interface KubernetesOptions extends KubeconfigOptions {
	/** The one namespace that is served; empty, the default: all. */
	readonly namespace: string;
	/** Default: `defaultApiTimings`. */
	readonly apiTimings?: Partial<ApiTimings>;
	/** Default: `defaultReflectorTimings`. */
	readonly reflectorTimings?: Partial<ReflectorTimings>;
	/** Values for what callers may leave out and the cluster may not. Default: none. */
	readonly fillIns?: FillIns;
	/** Default: `defaultStuckRules`. */
	readonly stuckRules?: Partial<StuckRules>;
	/** Default: the service. */
	readonly writesAs?: KubeWriter;
	readonly clock: Clock;
	/** Random number from 0 to below 1. Default: `Math.random`. */
	readonly random?: () => number;
	readonly observer: UpstreamObserver & WriteObserver;
}

/** Opens the access to the API server. @throws KubeconfigError */
export type OpenApi = (options: KubernetesOptions) => Promise<Api>;

interface Running {
	readonly api: Api;
	readonly feed: ClusterFeed;
	readonly writes: Writes<Wukong, Edit>;
	readonly schema: SchemaSource;
	readonly actions: Actions;
}

/**
 * Creates the store of the Wukongs in a cluster. The API server holds the truth, which several
 * replicas share. `start` goes on until the cluster answers; it throws KubeconfigError where waiting
 * would not help.
 * @param openApi by default over HTTP, as the kubeconfig says.
 */
export function createKubernetesStore(
	options: KubernetesOptions,
	openApi: OpenApi = openHttpApi,
): Store {
	const { clock } = options;
	const stuckRules = { ...defaultStuckRules, ...options.stuckRules };
	let running: Running | undefined;
	let isClosed = false;

	const ready = (): Running => {
		if (isClosed) throw storeClosed();
		if (running === undefined) throw upstreamUnavailable(undefined);
		return running;
	};

	/**
	 * Returns the writes, but fails at once while the cluster is silent: the caller would wait for
	 * nothing.
	 */
	const writable = (): Running["writes"] => {
		const { feed, writes } = ready();
		if (feed.wukongFreshness().staleSinceMs === undefined) return writes;
		throw upstreamUnavailable(undefined);
	};

	const isServed = ({ namespace }: ObjectRef) =>
		options.namespace === "" || options.namespace === namespace;

	const newestVersion: Store["newestVersion"] = async (signal, atLeast, kind) => {
		const { feed } = ready();
		try {
			const version = await feed.currentVersion(signal, kind);
			if (atLeast !== undefined && atLeast <= version) feed.refresh(atLeast, kind);
			return version;
		} catch (error) {
			const ref = { namespace: "", name: "" };
			throw failureOf(error, { kind: wukongKind, ref, effect: "read", secrets: [] });
		}
	};

	/** A write that cannot be its caller's is refused before anything is asked for it. */
	const impersonate = ({ principal }: WriteOptions) =>
		options.writesAs === "caller" ? impersonationOf(principal) : undefined;

	const run = (api: Api, sink: Sink): Running => {
		const { random = Math.random, observer, namespace } = options;
		const waiter = createChangeWaiter(clock);
		const apiTimings = { ...defaultApiTimings, ...options.apiTimings };
		const feed = createClusterFeed({
			...{ sink, stuckRules, clock, random, observer },
			upstream: api,
			optional: createOptionalKinds({ calls: api.calls, namespace, timings: apiTimings }),
			timings: { ...defaultReflectorTimings, ...options.reflectorTimings },
			onPassed: waiter.passed,
		});
		const { refresh } = feed;
		const readYourWrites = createReadYourWrites({ waiter, refresh, newestVersion, observer });
		const schema = createSchemaSource(api.calls, wukongKind, clock);
		const actions = createActions({
			api: createKubeVirtApi(api.calls, apiTimings),
			read: (ref, signal) => writes.read(ref, signal),
			impersonate,
			clock,
			random,
		});
		const writes = createWrites({
			kind: viewedKind(feed),
			api,
			readYourWrites,
			complete: (resource, before) => ({
				...resource,
				spec: fillIn(objectAt(resource, "spec"), before && objectAt(before, "spec"), {
					schema: schema.known,
					...(options.fillIns ?? noFillIns),
				}),
			}),
			companion: createGracePeriods(actions),
			impersonate,
			clock,
			random,
		});
		return { api, feed, writes, schema, actions };
	};

	return {
		exactVersions: false,
		async start(sink) {
			const api = await openApi(options);
			if (isClosed) {
				api.close();
				throw storeClosed();
			}
			running = run(api, sink);
			await running.feed.start();
			await running.schema.refresh();
		},
		freshness: () => running?.feed.freshness() ?? { lagMs: 0, staleSinceMs: undefined },
		newestVersion,
		join: (sources) => joinWukong(sources as WukongSources, stuckRules),
		async create(wukong, createOptions) {
			if (!isServed(wukong)) throw namespaceNotFound(wukong);
			const writes = writable();
			await ready().schema.refresh();
			return writes.create(wukong, createOptions);
		},
		async edit(ref, edit, writeOptions) {
			if (!isServed(ref)) throw wukongKind.failures.notFound(ref);
			const writes = writable();
			await ready().schema.refresh();
			return writes.edit(ref, edit, writeOptions);
		},
		async remove(ref, check, writeOptions) {
			if (!isServed(ref)) throw wukongKind.failures.notFound(ref);
			const { object, version } = await writable().remove(ref, check, writeOptions);
			return { wukong: object, version };
		},
		async act(ref, action, actionOptions) {
			if (!isServed(ref)) throw wukongKind.failures.notFound(ref);
			writable();
			return ready().actions.act(ref, action, actionOptions);
		},
		warningsOf(wukong) {
			const spec = specJson(effectiveSpec(wukong.spec));
			return warningsOf(wukong, spec, running?.schema.known);
		},
		async close() {
			isClosed = true;
			await running?.feed.close(storeClosed());
			running?.api.close();
		},
	};
}

/** Returns the Wukong's kind with objects as readers see them: joined with what else is known. */
function viewedKind({ view }: Pick<ClusterFeed, "view">): typeof wukongKind {
	return {
		...wukongKind,
		read: (raw) => view(observedWukongKind.read(raw)),
		markDeleted: (last, nowMs) => view(observed(wukongKind.markDeleted(last, nowMs))),
	};
}

async function openHttpApi(options: KubernetesOptions): Promise<Api> {
	return createApiClient({
		access: await openKubeconfig(options),
		resource: wukongKind,
		namespace: options.namespace,
		timings: { ...defaultApiTimings, ...options.apiTimings },
		clock: options.clock,
	});
}
