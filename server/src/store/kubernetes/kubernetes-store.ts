import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../../clock.ts";
import { storeClosed } from "../../failure.ts";
import type { ObjectRef } from "../../resource/object.ts";
import { effectiveSpec } from "../../resource/wukong/power-state.ts";
import type { Edit, Sink, Store } from "../store.ts";
import type { Api } from "./api.ts";
import { type ApiTimings, createApiClient, defaultApiTimings } from "./api-client.ts";
import { createCurrentVersion } from "./current-version.ts";
import { specJson, wukongKind } from "./kinds/wukong.ts";
import { type KubeconfigOptions, openKubeconfig } from "./kubeconfig-access.ts";
import { type Actions, createActions } from "./kubevirt/actions.ts";
import { createGracePeriods } from "./kubevirt/grace-period.ts";
import { createKubeVirtApi } from "./kubevirt/subresources.ts";
import { createChangeWaiter, createReadYourWrites } from "./read-your-writes.ts";
import { createReflector, type Reflector } from "./reflector.ts";
import { defaultReflectorTimings, type ReflectorTimings } from "./reflector-timings.ts";
import { type FillIns, fillIn, noFillIns } from "./schema/fill-in.ts";
import { createSchemaSource, type SchemaSource } from "./schema/schema-source.ts";
import { warningsOf } from "./schema/warnings.ts";
import { objectAt } from "./unstructured.ts";
import type { UpstreamObserver, WriteObserver } from "./upstream-observer.ts";
import { failureOf, namespaceNotFound, upstreamUnavailable } from "./write-failure.ts";
import { createWrites, type Writes } from "./writes.ts";

export interface KubernetesOptions extends KubeconfigOptions {
	/** The one namespace that is served; empty, the default: all. */
	readonly namespace: string;
	/** Default: `defaultApiTimings`. */
	readonly apiTimings?: Partial<ApiTimings>;
	/** Default: `defaultReflectorTimings`. */
	readonly reflectorTimings?: Partial<ReflectorTimings>;
	/** Values for what callers may leave out and the cluster may not. Default: none. */
	readonly fillIns?: FillIns;
	readonly clock: Clock;
	/** Random number from 0 to below 1. Default: `Math.random`. */
	readonly random?: () => number;
	readonly observer: UpstreamObserver & WriteObserver;
}

/** Opens the access to the API server. @throws KubeconfigError */
export type OpenApi = (options: KubernetesOptions) => Promise<Api>;

interface Running {
	readonly api: Api;
	readonly reflector: Reflector;
	readonly writes: Writes<Wukong, Edit>;
	readonly currentVersion: (signal: AbortSignal) => Promise<bigint>;
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
		const { reflector, writes } = ready();
		if (reflector.freshness().staleSinceMs === undefined) return writes;
		throw upstreamUnavailable(undefined);
	};

	const isServed = ({ namespace }: ObjectRef) =>
		options.namespace === "" || options.namespace === namespace;

	const newestVersion: Store["newestVersion"] = async (signal, atLeast) => {
		const { currentVersion, reflector } = ready();
		try {
			const version = await currentVersion(signal);
			if (atLeast !== undefined && atLeast <= version) reflector.refresh(atLeast);
			return version;
		} catch (error) {
			const ref = { namespace: "", name: "" };
			throw failureOf(error, { kind: wukongKind, ref, writing: false, secrets: [] });
		}
	};

	const run = (api: Api, sink: Sink): Running => {
		const { random = Math.random } = options;
		const waiter = createChangeWaiter(clock);
		const reflector = createReflector({
			upstream: api,
			kind: wukongKind,
			sink,
			clock,
			random,
			timings: { ...defaultReflectorTimings, ...options.reflectorTimings },
			observer: options.observer,
			onPassed: waiter.passed,
		});
		const { refresh } = reflector;
		const { observer } = options;
		const readYourWrites = createReadYourWrites({ waiter, refresh, newestVersion, observer });
		const schema = createSchemaSource(api.calls, wukongKind, clock);
		const actions = createActions({
			api: createKubeVirtApi(api.calls, { ...defaultApiTimings, ...options.apiTimings }),
			read: (ref, signal) => writes.read(ref, signal),
			clock,
			random,
		});
		const writes = createWrites({
			kind: wukongKind,
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
			clock,
			random,
		});
		const currentVersion = createCurrentVersion(api);
		return { api, reflector, writes, currentVersion, schema, actions };
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
			await running.reflector.start();
			await running.schema.refresh();
		},
		freshness: () => running?.reflector.freshness() ?? { lagMs: 0, staleSinceMs: undefined },
		newestVersion,
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
			await running?.reflector.close(storeClosed());
			running?.api.close();
		},
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
