import type { ServerResponse } from "node:http";
import type { JsonObject } from "@bufbuild/protobuf";
import {
	objectAt,
	parseUnstructured,
	type Unstructured,
} from "../../server/src/store/kubernetes/unstructured.ts";
import { type FakeApiStore, type FakeEvent, FakeRefusal } from "./fake-api-store.ts";

/** Lists, watches and writes of one kind, as a fake API server answers them. */
export interface FakeResource {
	readonly store: FakeApiStore;
	/** Number of watches that are open. */
	readonly watching: number;
	/** Begins to answer a watch; it ends by itself when its time is over. */
	watch(response: ServerResponse, namespace: string, query: URLSearchParams): void;
	list(namespace: string, query: URLSearchParams): JsonObject;
	write(method: string, target: FakeTarget, given: FakeGiven): JsonObject;
	/** Breaks all watches off. */
	cutWatches(): void;
	/** Compacts, and ends all watches with ERROR 410. */
	expire(): void;
	/** Tells all watches the version. */
	bookmark(): void;
}

/** What a write is about. */
export interface FakeTarget {
	readonly namespace: string;
	readonly name: string;
	readonly part: "spec" | "status";
}

/** What a write brings. */
export interface FakeGiven {
	readonly body: JsonObject;
	readonly dryRun: boolean;
}

/** @param send writes a line of a watch */
export function createFakeResource(
	kind: string,
	store: FakeApiStore,
	send: (line: string, response: ServerResponse) => void,
): FakeResource {
	const watches = new Set<{ response: ServerResponse; from: number; namespace: string }>();
	const snapshots = new Map<string, { items: Unstructured[]; version: number }>();

	const tell = (response: ServerResponse, type: string, object: JsonObject) => {
		if (response.writableEnded || response.destroyed) return;
		send(`${JSON.stringify({ type, object })}\n`, response);
	};
	const bookmark = (response: ServerResponse) =>
		tell(response, "BOOKMARK", { metadata: { resourceVersion: String(store.version) } });
	const shows = (namespace: string, { raw }: FakeEvent) =>
		namespace === "" || raw.metadata.namespace === namespace;
	const expired = (response: ServerResponse) => {
		tell(response, "ERROR", { kind: "Status", code: 410, reason: "Expired" });
		response.end();
	};
	store.onEvent((event) => {
		for (const { response, from, namespace } of watches) {
			if (event.version > from && shows(namespace, event)) tell(response, event.type, event.raw);
		}
	});

	return {
		store,
		get watching() {
			return watches.size;
		},
		watch(response, namespace, query) {
			const from = Number(query.get("resourceVersion"));
			response.writeHead(200, { "content-type": "application/json" });
			response.flushHeaders();
			// As measured: the answer is 200, and says so only then.
			if (from < store.compacted) return expired(response);
			for (const event of store.events) {
				if (event.version > from && shows(namespace, event)) tell(response, event.type, event.raw);
			}
			const open = { response, from, namespace };
			watches.add(open);
			const timeoutMs = Number(query.get("timeoutSeconds")) * 1_000;
			const end = setTimeout(() => {
				bookmark(response);
				response.end();
			}, timeoutMs);
			// As the API server does, 2 s before the end.
			const early =
				timeoutMs > 2_000 ? setTimeout(() => bookmark(response), timeoutMs - 2_000) : undefined;
			response.on("close", () => {
				clearTimeout(end);
				clearTimeout(early);
				watches.delete(open);
			});
		},
		list(namespace, query) {
			const exact = query.get("resourceVersion");
			const version = exact === null ? store.version : Number(exact);
			const [id = "", skip = "0"] = (query.get("continue") ?? "").split(".");
			const snapshot =
				id === ""
					? {
							version,
							items: store
								.list(version)
								.filter(({ metadata }) => namespace === "" || metadata.namespace === namespace),
						}
					: snapshots.get(id);
			if (snapshot === undefined) {
				throw new FakeRefusal(410, "Expired", "the continue token expired");
			}
			const end = Number(skip) + Number(query.get("limit") ?? Number.POSITIVE_INFINITY);
			const next = `${snapshot.version}x${namespace}`;
			const more = end < snapshot.items.length;
			if (more) snapshots.set(next, snapshot);
			return {
				kind: `${kind}List`,
				metadata: {
					resourceVersion: String(snapshot.version),
					...(more && { continue: `${next}.${end}` }),
				},
				items: snapshot.items.slice(Number(skip), end),
			};
		},
		write(method, { namespace, name, part }, { body, dryRun }) {
			switch (method) {
				case "POST":
					return store.create(body, namespace, dryRun);
				case "PUT":
					return store.replace(parseUnstructured(body), part, dryRun);
				case "PATCH":
					return store.patch({ namespace, name }, body as never, dryRun);
				case "DELETE": {
					const preconditions = objectAt(body, "preconditions");
					const options = { preconditions, dryRun: dryRun || body.dryRun !== undefined };
					return (
						store.remove({ namespace, name }, options) ?? {
							kind: "Status",
							status: "Success",
							code: 200,
						}
					);
				}
				default:
					throw new FakeRefusal(405, "MethodNotAllowed", "not here");
			}
		},
		cutWatches() {
			for (const { response } of watches) response.destroy();
			watches.clear();
		},
		expire() {
			store.compact();
			for (const { response } of watches) expired(response);
			watches.clear();
		},
		bookmark() {
			for (const { response } of watches) bookmark(response);
		},
	};
}
