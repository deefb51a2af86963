import type { JsonObject } from "@bufbuild/protobuf";
import type { Clock } from "../../../../server/src/clock.ts";
import { keyOf, type ObjectRef } from "../../../../server/src/resource/object.ts";
import { createWukongEvents } from "../../../../server/src/service/wukong/wukong-events.ts";
import { createWukongPacing } from "../../../../server/src/service/wukong/wukong-pacing.ts";
import type { Api } from "../../../../server/src/store/kubernetes/api.ts";
import { createKubernetesStore } from "../../../../server/src/store/kubernetes/kubernetes-store.ts";
import {
	objectAt,
	type Unstructured,
} from "../../../../server/src/store/kubernetes/unstructured.ts";
import { createReplica } from "../../../../server/src/watch/replica.ts";
import { FakeRefusal, patched } from "../../../support/fake-api-store.ts";
import { createCountingObserver, filterOf } from "../../../support/watching.ts";
import { rawNamed } from "./raw.ts";
import { answerAs, createScriptedUpstream, refused } from "./scripted-upstream.ts";

const silent = () => {};

/**
 * A cluster in memory, which keeps no history, with an operator that writes status as often as it is told; and
 * before it the store and the replica of the service as they run, without a port.
 */
export async function createStormStage({ vms, clock }: { vms: number; clock: Clock }) {
	const upstream = createScriptedUpstream();
	const objects = new Map<string, Unstructured>();
	let version = 1_000;
	let lines: string[] = [];
	let onWrite: (ref: ObjectRef) => void = silent;

	const flush = () => {
		upstream.watching.bytes(lines.join(""));
		lines = [];
	};
	const commit = (next: Unstructured): Unstructured => {
		const raw = { ...next, metadata: { ...next.metadata, resourceVersion: String(++version) } };
		objects.set(keyOf(raw.metadata), raw);
		if (lines.length === 0) queueMicrotask(flush);
		lines.push(`${JSON.stringify({ type: "MODIFIED", object: raw })}\n`);
		return raw;
	};
	const get = (ref: ObjectRef): Unstructured => {
		const raw = objects.get(keyOf(ref));
		if (raw === undefined) throw new FakeRefusal(404, "NotFound", "none", { name: ref.name });
		return raw;
	};
	const replaced = (resource: Unstructured): Unstructured => {
		const current = get(resource.metadata);
		if (current.metadata.resourceVersion === resource.metadata.resourceVersion) {
			return commit({ ...resource, status: objectAt(current, "status") });
		}
		throw new FakeRefusal(409, "Conflict", "the object has been modified");
	};
	const rawOf = (index: number) => get({ namespace: "default", name: `vm-${index}` });
	/** What the cluster does not serve, such as KubeVirt. */
	const none = async () => {
		throw refused(404);
	};
	const api: Api = {
		calls: { product: { name: "", userAgent: "" }, open: none, fetchText: none, fetchJson: none },
		async list({ limit }) {
			const items = limit === 1 ? [] : [...objects.values()];
			return { version: BigInt(version), items, continueToken: "" };
		},
		watch: (request) => upstream.watch(request),
		get: (ref) => answerAs(() => get(ref)),
		create: none,
		replace(resource) {
			onWrite(resource.metadata);
			return answerAs(() => replaced(resource));
		},
		patch(ref, patch) {
			onWrite(ref);
			return answerAs(() => commit(patched(get(ref), patch)));
		},
		remove: none,
		close: silent,
	};

	for (let index = 0; index < vms; index++) {
		const raw = rawNamed(`vm-${index}`, { version: 1_000, status: statusOf("Running", 0) });
		objects.set(keyOf(raw.metadata), raw);
	}
	const store = createKubernetesStore(
		{
			...{ kubeconfig: "", context: "", maxConnections: 1, namespace: "", clock },
			random: () => 0,
			reflectorTimings: { historyVersions: 0n },
			observer: {
				...{ listed: silent, watchOpened: silent, watchEnded: silent, troubled: silent },
				...{ recovered: silent, answeredUnseen: silent },
			},
		},
		async () => api,
	);
	const observer = createCountingObserver();
	let seen = 0n;
	/** The store, which tells the replica, and us how far it is. */
	const feed: typeof store = {
		...store,
		start: (sink) =>
			store.start({
				load(state) {
					sink.load(state);
					seen = state.head;
				},
				append(changes) {
					sink.append(changes);
					seen = changes.at(-1)?.version ?? seen;
				},
				advance(version, ...others) {
					sink.advance(version, ...others);
					seen = version;
				},
			}),
	};
	const replica = createReplica({
		...{ feed, events: createWukongEvents(), clock, observer, maxStreams: 1_000 },
		historyLimits: { maxChanges: 10_000, maxAgeMs: 86_400_000, maxBytes: 2 ** 26 },
		pacing: createWukongPacing(250),
	});
	return {
		store,
		replica,
		observer,
		/** Checks that the replica has everything that the cluster has. */
		isCurrent: () => seen >= BigInt(version),
		rawOf,
		/** The operator says so. @param second renews the times of all conditions */
		say(index: number, phase: string, second: number) {
			commit({ ...rawOf(index), status: statusOf(phase, second) });
		},
		/** Called before each write of the service. */
		onWrite(callback: (ref: ObjectRef) => void) {
			onWrite = callback;
		},
		watch: (resourceVersion = "") =>
			replica.watch({
				...{ filter: filterOf(), resourceVersion, minResourceVersion: "" },
				...{ heartbeatIntervalMs: 600_000, caller: new AbortController() },
			}),
	};
}

function statusOf(phase: string, second: number): JsonObject {
	const lastTransitionTime = `2026-01-01T00:00:${String(second % 60).padStart(2, "0")}Z`;
	const condition = (type: string) => ({
		type,
		status: "False",
		reason: phase,
		lastTransitionTime,
	});
	return { phase, conditions: ["Ready", "NetworksConfigured", "VolumesBound"].map(condition) };
}
