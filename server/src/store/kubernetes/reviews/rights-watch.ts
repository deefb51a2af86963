import type { Clock } from "../../../clock.ts";
import type { ApiCalls } from "../api.ts";
import { createBackoff, sleep } from "../backoff.ts";
import { createUpstream } from "../resource-upstream.ts";
import { objectAt, versionOf } from "../unstructured.ts";
import { refusalCode, retryAfterOf } from "../upstream-error.ts";
import { followWatch } from "../watch-session.ts";

/** Hears of changes of rights. */
export interface RightsWatch {
	/** Begins to watch. Returns at once. */
	start(calls: ApiCalls): void;
	stop(): Promise<void>;
	/** What is known of each kind, a line each, for operators. */
	notes(): readonly string[];
}

/** The kinds by which RBAC gives rights. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
const kinds = ["roles", "rolebindings", "clusterroles", "clusterrolebindings"] as const;
type Kind = (typeof kinds)[number];
const group = { group: "rbac.authorization.k8s.io", version: "v1" };

/** Asks for the metadata alone: nobody here needs to know who has which right. */
const metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const metadataListOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/** Time after which the API server is to end a watch, in milliseconds. */
const watchMs = 60_000;
/** A watch that outlives its time by this is cut, in milliseconds. */
const stallGraceMs = 10_000;
/** Time before it is looked whether we may watch by now, in milliseconds. */
const recheckMs = 30_000;
/** A watch that ends sooner is opened again with a wait, in milliseconds. */
const hastyMs = 1_000;
const answerTimeoutMs = 10_000;
const maxLineBytes = 8 * 1_024 * 1_024;

type State = "unknown" | "followed" | "broken" | "forbidden";

const stateWords: Readonly<Record<State, string>> = {
	unknown: "not known yet",
	followed: "followed",
	broken: "its watch is broken: changes of rights are seen within 30 s",
	forbidden: "we may not list and watch it: changes of rights are seen within 30 s",
};

/**
 * Creates the watch of the kinds that rights are made of. Where a watch has lost its place, what changed in
 * between is not known, and that counts as a change.
 */
export function createRightsWatch(options: {
	/** Rights have changed, or may have. */
	readonly onChange: () => void;
	readonly clock: Clock;
	/** Random number from 0 to below 1. */
	readonly random: () => number;
}): RightsWatch {
	const { onChange, clock, random } = options;
	const closing = new AbortController();
	const { signal } = closing;
	const states = new Map<Kind, State>(kinds.map((kind) => [kind, "unknown"]));
	let running: Promise<unknown> = Promise.resolve();

	const follow = async (kind: Kind, calls: ApiCalls) => {
		const path = `/apis/${group.group}/${group.version}/${kind}`;
		const upstream = createUpstream({
			calls: { ...calls, open: (call) => calls.open({ ...call, accept: metadataOnly }) },
			resource: { ...group, plural: kind },
			namespace: "",
			timings: { answerTimeoutMs, listTimeoutMs: answerTimeoutMs },
		});
		const newest = async (): Promise<bigint> => {
			const query = { limit: "1" };
			const call = { method: "GET", path, query, accept: metadataListOnly, signal } as const;
			const list = await calls.fetchJson(call, answerTimeoutMs);
			return versionOf(objectAt(list, "metadata").resourceVersion);
		};
		const backoff = createBackoff({ minMs: 100, maxMs: 5_000, healthyMs: 60_000 }, clock, random);
		/** Everything up to it was seen; undefined: the place is lost. */
		let version: bigint | undefined;

		const watch = async (): Promise<void> => {
			const newestVersion = await newest();
			// A restored store gives versions out again: what it had is not known.
			if (version === undefined || newestVersion < version) {
				version = newestVersion;
				onChange();
			}
			const startMs = clock.monotonicMs();
			await followWatch(upstream, clock, {
				fromVersion: version,
				timeoutMs: watchMs,
				cutAfterMs: watchMs + stallGraceMs,
				maxLineBytes,
				isNamespaced: false,
				signal,
				onOpen: () => void states.set(kind, "followed"),
				onEvent(event) {
					if (event.type === "BOOKMARK") version = event.version;
					else {
						version = versionOf(event.raw.metadata.resourceVersion);
						onChange();
					}
					return false;
				},
			});
			if (clock.monotonicMs() - startMs < hastyMs) await sleep(clock, backoff.nextMs(), signal);
		};
		for (;;) {
			try {
				await watch();
			} catch (error) {
				signal.throwIfAborted();
				const code = refusalCode(error);
				// 410: it was too long ago. Without the right, changes go unseen.
				if (code === 410 || code === 403) version = undefined;
				states.set(kind, code === 403 ? "forbidden" : "broken");
				await sleep(clock, code === 403 ? recheckMs : backoff.nextMs(retryAfterOf(error)), signal);
			}
		}
	};

	return {
		start(calls) {
			running = Promise.allSettled(kinds.map((kind) => follow(kind, calls)));
		},
		async stop() {
			closing.abort(new Error("the watch of rights is stopped"));
			await running;
		},
		notes: () =>
			kinds.map((kind) => `${kind}.${group.group}: ${stateWords[states.get(kind) ?? "unknown"]}`),
	};
}
