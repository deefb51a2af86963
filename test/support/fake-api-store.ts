import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Clock } from "../../server/src/clock.ts";
import {
	objectAt,
	parseUnstructured,
	type Unstructured,
} from "../../server/src/store/kubernetes/unstructured.ts";

/** One event as a watch tells it. */
export interface FakeEvent {
	readonly type: "ADDED" | "MODIFIED" | "DELETED";
	readonly raw: Unstructured;
	readonly version: number;
}

/** The one namespace that is not there. */
export const absentNamespace = "nowhere";

/** A refusal, as a Kubernetes `Status`. */
export class FakeRefusal extends Error {
	readonly status: JsonObject;
	constructor(code: number, reason: string, message: string, details: JsonObject = {}) {
		super(message);
		this.status = {
			kind: "Status",
			apiVersion: "v1",
			status: "Failure",
			code,
			reason,
			message,
			details,
		};
	}
}

/** The objects of a fake API server, with the rules that it keeps for every custom resource. */
export interface FakeApiStore {
	readonly version: number;
	readonly events: readonly FakeEvent[];
	/** What was before this version is forgotten. */
	readonly compacted: number;
	/** Objects at the newest version, or at an older one, in order. */
	list(version?: number): Unstructured[];
	get(namespace: string, name: string): Unstructured;
	/** What a dry run would make has no resourceVersion. */
	create(resource: JsonObject, namespace: string, dryRun: boolean): JsonObject;
	/** @param part what of the object is taken from `resource`. */
	replace(resource: Unstructured, part: "spec" | "status", dryRun: boolean): Unstructured;
	/** Applies a JSON Patch (RFC 6902) to the object as it is now. */
	patch(
		ref: { readonly namespace: string; readonly name: string },
		patch: readonly JsonObject[],
		dryRun: boolean,
	): Unstructured;
	remove(
		ref: { readonly namespace: string; readonly name: string },
		options: { readonly preconditions: JsonObject; readonly dryRun: boolean },
	): Unstructured | undefined;
	/** Something else in the cluster was written. */
	tick(count?: number): void;
	/** Forgets what was before the newest version. */
	compact(): void;
	/** As after a restore: back to the state at an older version. */
	restore(version: number): void;
	/** Calls back at each event. */
	onEvent(callback: (event: FakeEvent) => void): void;
}

/**
 * @param options.finalizers what a webhook puts on each new object. Default: none
 * @param options.version the version before the first change. Default: 1,000
 */
export function createFakeApiStore(
	clock: Pick<Clock, "nowMs">,
	options: { readonly finalizers?: readonly string[]; readonly version?: number } = {},
): FakeApiStore {
	const { finalizers = [] } = options;
	let objects = new Map<string, Unstructured>();
	let events: FakeEvent[] = [];
	let { version = 1_000 } = options;
	let compacted = version;
	const listeners = new Set<(event: FakeEvent) => void>();

	const keyOf = ({ namespace, name }: { namespace: string; name: string }) =>
		`${namespace}/${name}`;
	const now = () => new Date(clock.nowMs()).toISOString().replace(/\.\d+/, "");

	const commit = (type: FakeEvent["type"], next: Unstructured): Unstructured => {
		version++;
		const raw = withMetadata(next, { resourceVersion: String(version) });
		if (type === "DELETED") objects.delete(keyOf(raw.metadata));
		else objects.set(keyOf(raw.metadata), raw);
		const event = { type, raw, version };
		events.push(event);
		for (const listener of [...listeners]) listener(event);
		return raw;
	};

	const get = (namespace: string, name: string): Unstructured => {
		const raw = objects.get(`${namespace}/${name}`);
		if (raw !== undefined) return raw;
		throw new FakeRefusal(404, "NotFound", `wukongs "${name}" not found`, {
			name,
			kind: "wukongs",
			group: "vm.novasphere.dev",
		});
	};

	return {
		get version() {
			return version;
		},
		get compacted() {
			return compacted;
		},
		get events() {
			return events;
		},
		list(at = version) {
			if (at < compacted) throw new FakeRefusal(410, "Expired", "too old resource version");
			const state = new Map(objects);
			for (const { type, raw, version: changed } of events.toReversed()) {
				if (changed <= at) break;
				state.delete(keyOf(raw.metadata));
				if (type === "ADDED") continue;
				const before = events.findLast(
					(e) => e.version < changed && keyOf(e.raw.metadata) === keyOf(raw.metadata),
				);
				if (before !== undefined && before.type !== "DELETED") {
					state.set(keyOf(raw.metadata), before.raw);
				}
			}
			return [...state].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, raw]) => raw);
		},
		get,
		create(resource, namespace, dryRun) {
			if (namespace === absentNamespace) {
				const details = { name: namespace, kind: "namespaces" };
				throw new FakeRefusal(404, "NotFound", `namespaces "${namespace}" not found`, details);
			}
			const name = String(objectAt(resource, "metadata").name);
			if (objects.has(`${namespace}/${name}`)) {
				throw new FakeRefusal(409, "AlreadyExists", `wukongs "${name}" already exists`, { name });
			}
			const { status: _, ...given } = resource;
			const raw = parseUnstructured({
				...given,
				metadata: {
					...objectAt(resource, "metadata"),
					namespace,
					uid: randomUUID(),
					resourceVersion: "0",
					generation: 1,
					creationTimestamp: now(),
					...(finalizers.length > 0 && { finalizers: [...finalizers] }),
				},
			});
			if (!dryRun) return commit("ADDED", raw);
			const { resourceVersion: _version, ...metadata } = raw.metadata;
			return { ...raw, metadata };
		},
		replace(resource, part, dryRun) {
			const current = get(resource.metadata.namespace, resource.metadata.name);
			const { uid, resourceVersion } = resource.metadata;
			if (current.metadata.resourceVersion !== resourceVersion || current.metadata.uid !== uid) {
				throw new FakeRefusal(409, "Conflict", "the object has been modified");
			}
			if (part === "status") {
				const status = objectAt(resource, "status");
				// What changes nothing is no change: there is no new version, and no event.
				if (isDeepStrictEqual(current.status, status)) return current;
				return commit("MODIFIED", { ...current, status });
			}
			const sameSpec = isDeepStrictEqual(current.spec, resource.spec);
			const { status: _, ...given } = resource;
			const next = withMetadata(
				{
					...given,
					...(current.status !== undefined && { status: current.status }),
				} as Unstructured,
				{ generation: Number(current.metadata.generation) + (sameSpec ? 0 : 1) },
			);
			if (dryRun || isDeepStrictEqual(current, next)) return next;
			const pending = next.metadata.finalizers;
			const gone =
				next.metadata.deletionTimestamp !== undefined &&
				(!Array.isArray(pending) || pending.length === 0);
			return commit(gone ? "DELETED" : "MODIFIED", next);
		},
		patch({ namespace, name }, patch, dryRun) {
			return this.replace(patched(get(namespace, name), patch), "spec", dryRun);
		},
		remove({ namespace, name }, { preconditions, dryRun }) {
			const current = get(namespace, name);
			const { uid, resourceVersion, finalizers: pending } = current.metadata;
			for (const [key, value] of Object.entries({ uid, resourceVersion })) {
				if (preconditions[key] !== undefined && preconditions[key] !== value) {
					throw new FakeRefusal(409, "Conflict", `the ${key} in the precondition is not current`);
				}
			}
			if (!Array.isArray(pending) || pending.length === 0) {
				if (!dryRun) commit("DELETED", current);
				return undefined;
			}
			if (current.metadata.deletionTimestamp !== undefined) return current;
			const marked = withMetadata(current, {
				deletionTimestamp: now(),
				deletionGracePeriodSeconds: 0,
				generation: Number(current.metadata.generation) + 1,
			});
			return dryRun ? marked : commit("MODIFIED", marked);
		},
		tick(count = 1) {
			version += count;
		},
		compact() {
			compacted = version;
		},
		restore(at) {
			const state = this.list(at);
			objects = new Map(state.map((raw) => [keyOf(raw.metadata), raw]));
			events = events.filter((event) => event.version <= at);
			version = at;
		},
		onEvent(callback) {
			listeners.add(callback);
		},
	};
}

function withMetadata(raw: Unstructured, metadata: JsonObject): Unstructured {
	return { ...raw, metadata: { ...raw.metadata, ...metadata } };
}

/** Applies operations of RFC 6902: what the API server answers where a test fails names no kind. */
export function patched(raw: Unstructured, patch: readonly JsonObject[]): Unstructured {
	const next = structuredClone(raw) as JsonObject;
	for (const { op, path, value = null } of patch) {
		const keys = String(path).slice(1).split("/");
		const last = keys.pop() ?? "";
		const parent = keys.reduce((object, key) => objectAt(object, key), next);
		if (op === "add") parent[last] = value;
		else if (op === "remove") delete parent[last];
		else if (!isDeepStrictEqual(parent[last] ?? null, value)) {
			throw new FakeRefusal(422, "Invalid", "the server rejected our request");
		}
	}
	return next as Unstructured;
}
