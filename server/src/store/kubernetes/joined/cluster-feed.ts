import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Clock } from "../../../clock.ts";
import type { Failure } from "../../../failure.ts";
import type { StuckRules } from "../../../resource/wukong/power/power-times.ts";
import type { Freshness, KindIndex, Sink } from "../../change-feed.ts";
import type { Upstream } from "../api.ts";
import { createCurrentVersion } from "../current-version.ts";
import { type ObservedWukong, observedWukongKind } from "../kinds/observed-wukong.ts";
import { virtualMachineKind } from "../kinds/virtual-machine.ts";
import { virtualMachineInstanceKind } from "../kinds/virtual-machine-instance.ts";
import { createReflector, type ReflectorOptions } from "../reflector.ts";
import type { ReflectorTimings } from "../reflector-timings.ts";
import type { UpstreamObserver } from "../upstream-observer.ts";
import { createJoinedFeed } from "./joined-feed.ts";
import { createOptionalKind, type OptionalKind, type OptionalKinds } from "./optional-kind.ts";

export interface ClusterFeedOptions {
	/** The way to the Wukongs. */
	readonly upstream: Upstream;
	/** The way to KubeVirt's kinds. */
	readonly optional: OptionalKinds;
	readonly sink: Sink;
	readonly stuckRules: StuckRules;
	readonly clock: Clock;
	/** Random number from 0 to below 1. */
	readonly random: () => number;
	readonly timings: ReflectorTimings;
	readonly observer: UpstreamObserver;
	/** Called after the sink, for Wukongs. Everything up to `head` is in. */
	readonly onPassed: ReflectorOptions<ObservedWukong>["onPassed"];
}

/** Keeps a sink as the cluster is: one reflector for each kind that it serves and shows to us. */
export interface ClusterFeed {
	/** Loads the sink, however long it takes. @throws the reason given to `close` */
	start(): Promise<void>;
	/** How current all kinds are. */
	freshness(): Freshness;
	/** How current the Wukongs are, which decides about writes. */
	wukongFreshness(): Freshness;
	/** As `Reflector.refresh`, of one kind. Default: Wukongs. */
	refresh(version: bigint, kind?: KindIndex): void;
	/** Asks the API server for the newest version of a kind. @throws UpstreamError */
	currentVersion(signal: AbortSignal, kind?: KindIndex): Promise<bigint>;
	/** Joins a state of a Wukong that was read or written past the feed. */
	view(observed: ObservedWukong): Wukong;
	/** Ends all work. @param reason what a `start` under way fails with */
	close(reason: Failure): Promise<void>;
}

/** Creates the feed of a cluster; `start` begins its work. */
export function createClusterFeed(options: ClusterFeedOptions): ClusterFeed {
	const { upstream, optional, sink, clock, random, timings, observer } = options;
	const closing = new AbortController();
	const feed = createJoinedFeed(sink, options.stuckRules);
	const reflector = createReflector({
		...{ upstream, clock, random, timings, observer, onPassed: options.onPassed },
		kind: observedWukongKind,
		sink: feed.wukongs,
	});
	const shared = { clock, random, timings, observer };
	const others: readonly OptionalKind[] = [
		createOptionalKind({
			...{ ...shared, cluster: optional, kind: virtualMachineKind, sink: feed.vms },
			onMissing: () => feed.missing(1),
		}),
		createOptionalKind({
			...{ ...shared, cluster: optional, kind: virtualMachineInstanceKind, sink: feed.vmis },
			onMissing: () => feed.missing(2),
		}),
	];
	const ofWukongs = createCurrentVersion(upstream);

	return {
		async start() {
			await Promise.all([reflector.start(), ...others.map((other) => other.start(closing.signal))]);
			closing.signal.throwIfAborted();
			feed.open();
		},
		freshness: () => together(reflector.freshness(), others),
		wukongFreshness: reflector.freshness,
		refresh(version, kind = 0) {
			if (kind === 0) reflector.refresh(version);
			else others[kind - 1]?.refresh(version);
		},
		currentVersion: (signal, kind = 0) =>
			others[kind - 1]?.currentVersion(signal) ?? ofWukongs(signal),
		view: feed.view,
		async close(reason) {
			closing.abort(reason);
			await Promise.all([reflector.close(reason), ...others.map((other) => other.closed())]);
		},
	};
}

/** Returns how current what callers see is: as the kind that is least so. */
function together(wukongs: Freshness, others: readonly OptionalKind[]): Freshness {
	let { lagMs, staleSinceMs, trouble } = wukongs;
	for (const other of others) {
		const freshness = other.freshness();
		if (freshness === undefined) continue;
		lagMs = Math.max(lagMs, freshness.lagMs);
		staleSinceMs = earlier(staleSinceMs, freshness.staleSinceMs);
		if (freshness.trouble !== undefined) trouble ??= `${nameOf(other)}: ${freshness.trouble}`;
	}
	return {
		...{ lagMs, staleSinceMs, trouble },
		// Every list asks how current it is, but few ask this.
		get notes() {
			return others.map((other) => `${nameOf(other)}: ${presenceWords[other.presence]}`);
		},
	};
}

function earlier(oneMs: number | undefined, otherMs: number | undefined): number | undefined {
	if (oneMs === undefined || otherMs === undefined) return oneMs ?? otherMs;
	return Math.min(oneMs, otherMs);
}

/** Returns a resource's name as its definition has it, as in `virtualmachines.kubevirt.io`. */
function nameOf({ resource: { plural, group } }: OptionalKind): string {
	return `${plural}.${group}`;
}

const presenceWords = {
	unknown: "not known yet",
	absent: "the cluster does not serve it: power is told by the operator's phase",
	forbidden: "we may not list and watch it: power is told by what else is known",
	listed: "followed",
} as const;
