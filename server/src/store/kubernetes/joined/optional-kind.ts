import type { Clock } from "../../../clock.ts";
import { storeClosed } from "../../../failure.ts";
import type { Freshness, Sink } from "../../change-feed.ts";
import type { ApiCalls, Upstream } from "../api.ts";
import type { ApiTimings } from "../api-client.ts";
import { createBackoff, sleep } from "../backoff.ts";
import { createCurrentVersion } from "../current-version.ts";
import { objectsAt } from "../kinds/kubevirt-object.ts";
import { createReflector, type Reflector } from "../reflector.ts";
import type { ReflectorTimings } from "../reflector-timings.ts";
import {
	apiVersionOf,
	type ClusterObject,
	type GroupVersionResource,
	type ResourceKind,
} from "../resource-kind.ts";
import { createUpstream } from "../resource-upstream.ts";
import { refusalCode } from "../upstream-error.ts";
import { troubleOf, type UpstreamObserver } from "../upstream-observer.ts";

/** The way to kinds that a cluster need not serve. All calls fail with UpstreamError. */
export interface OptionalKinds {
	/** Asks whether the cluster serves a resource, by the discovery of its API. */
	isServed(resource: GroupVersionResource, signal: AbortSignal): Promise<boolean>;
	upstreamOf(resource: GroupVersionResource): Upstream;
}

/**
 * What is known of a kind: nothing yet, that the cluster does not serve it, that it does not show it
 * to us, or all objects of it.
 */
export type Presence = "unknown" | "absent" | "forbidden" | "listed";

export interface OptionalKindOptions<T extends ClusterObject> {
	readonly kind: ResourceKind<T>;
	readonly cluster: OptionalKinds;
	/** Is loaded each time when the kind appears. */
	readonly sink: Sink<T>;
	/** What was loaded is no longer known, or that there is nothing has become known. */
	readonly onMissing: (presence: "absent" | "forbidden") => void;
	readonly clock: Clock;
	/** Random number from 0 to below 1. */
	readonly random: () => number;
	readonly timings: ReflectorTimings;
	readonly observer: UpstreamObserver;
}

/** Follows a kind as long as the cluster serves it and shows it to us, and finds out when it does. */
export interface OptionalKind {
	readonly resource: GroupVersionResource;
	readonly presence: Presence;
	/** Resolves when it is known whether there is anything to follow. @throws the signal's reason */
	start(signal: AbortSignal): Promise<void>;
	/** Undefined while it is not listed. */
	freshness(): Freshness | undefined;
	/** As `Reflector.refresh`. */
	refresh(version: bigint): void;
	/** Asks the API server for the newest version of the kind. */
	currentVersion(signal: AbortSignal): Promise<bigint>;
	closed(): Promise<void>;
}

/**
 * Number of refusals in a row after which a right counts as withdrawn: API servers learn of rights one
 * after the other.
 */
const refusalsMeanForbidden = 3;

/** Creates what follows one kind. */
export function createOptionalKind<T extends ClusterObject>(
	options: OptionalKindOptions<T>,
): OptionalKind {
	const { kind, cluster, sink, onMissing, clock, random, timings, observer } = options;
	const upstream = cluster.upstreamOf(kind);
	const currentVersion = createCurrentVersion(upstream);
	const backoff = createBackoff(timings.backoff, clock, random);
	const known = Promise.withResolvers<void>();
	let presence: Presence = "unknown";
	let reflector: Reflector | undefined;
	let running: Promise<unknown> | undefined;
	let refusals = 0;
	let isTroubled = false;

	const missing = (found: "absent" | "forbidden") => {
		const isNews = presence !== found;
		presence = found;
		if (isNews) onMissing(found);
		known.resolve();
	};

	/** Follows the kind until there is nothing to follow. @returns why; undefined: it is not known */
	const follow = async (signal: AbortSignal): Promise<"absent" | "forbidden" | undefined> => {
		try {
			const isServed = await cluster.isServed(kind, signal);
			if (isTroubled) observer.recovered(kind.plural);
			isTroubled = false;
			if (!isServed) return "absent";
			reflector = createReflector({
				...{ upstream, kind, clock, random, timings, observer },
				sink: {
					...sink,
					load(state) {
						presence = "listed";
						sink.load(state);
					},
				},
				onPassed() {},
				givesUp(error, failures) {
					const code = refusalCode(error);
					if (failures === 1 || code !== 403) refusals = 0;
					if (code === 403) refusals++;
					const limit = presence === "listed" ? refusalsMeanForbidden : 1;
					return code === 404 || refusals >= limit;
				},
			});
			const current = reflector;
			const onAbort = () => void current.close(storeClosed());
			signal.addEventListener("abort", onAbort, { once: true });
			try {
				await current.start();
				known.resolve();
				return await current.ended();
			} finally {
				signal.removeEventListener("abort", onAbort);
				await current.close(storeClosed());
				reflector = undefined;
			}
		} catch (error) {
			signal.throwIfAborted();
			const code = refusalCode(error);
			if (code === 404) return "absent";
			if (code === 403) return "forbidden";
			isTroubled = true;
			observer.troubled(troubleOf(error), error, kind.plural);
			return undefined;
		}
	};

	const run = async (signal: AbortSignal) => {
		for (;;) {
			const found = await follow(signal);
			if (found !== undefined) missing(found);
			// Replicas do not ask together.
			const recheckMs = timings.recheckMs * (0.8 + 0.4 * random());
			await sleep(clock, found === undefined ? backoff.nextMs() : recheckMs, signal);
		}
	};

	return {
		resource: kind,
		get presence() {
			return presence;
		},
		async start(signal) {
			running = run(signal);
			// It ends with the signal's reason only.
			running.catch(known.reject);
			await known.promise;
		},
		freshness() {
			if (presence !== "listed") return undefined;
			return reflector?.freshness();
		},
		refresh: (version) => reflector?.refresh(version),
		currentVersion,
		async closed() {
			await running?.catch(() => {});
		},
	};
}

/** Creates the way to kinds that a cluster need not serve. */
export function createOptionalKinds(options: {
	readonly calls: ApiCalls;
	/** The one namespace to list and watch; empty: all. */
	readonly namespace: string;
	readonly timings: ApiTimings;
}): OptionalKinds {
	const { calls, namespace, timings } = options;
	return {
		async isServed(resource, signal) {
			// Every signed-in user may ask (ClusterRole system:discovery).
			const path = `/apis/${apiVersionOf(resource)}`;
			try {
				const answer = await calls.fetchJson(
					{ method: "GET", path, signal },
					timings.answerTimeoutMs,
				);
				return objectsAt(answer, "resources").some(({ name }) => name === resource.plural);
			} catch (error) {
				if (refusalCode(error) === 404) return false;
				throw error;
			}
		},
		upstreamOf: (resource) => createUpstream({ calls, resource, namespace, timings }),
	};
}
