import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { createInterface } from "node:readline";
import type { Unstructured } from "../../../server/src/store/kubernetes/unstructured.ts";
import type { KubeAccess } from "../kube-api.ts";

/** One change of one object. */
export interface KnownChange {
	readonly type: string;
	readonly uid: string;
	/** The object's resource version afterwards. */
	readonly version: string;
}

/** What really happened: a watch on the API server, past the service. */
export interface ClusterHistory<C extends KnownChange = KnownChange> {
	/** All changes so far, in order. */
	readonly changes: readonly C[];
	/** Ends the watch. @throws what went wrong with it */
	close(): Promise<void>;
}

/** Returns what is to be known of an event of a watch. */
export function knownChange(type: string, { metadata }: Unstructured): KnownChange {
	return { type, uid: metadata.uid, version: metadata.resourceVersion };
}

/** Writes down each change of a Wukong after a version. @param path as `wukongPath` gives it */
export function recordWukongs(
	access: KubeAccess,
	path: string,
	fromVersion: string,
): ClusterHistory {
	return recordHistory(access, path, fromVersion, knownChange);
}

/**
 * Writes down each change of a collection after a version.
 * @param path of the collection
 */
export function recordHistory<C extends KnownChange>(
	access: KubeAccess,
	path: string,
	fromVersion: string,
	read: (type: string, object: Unstructured) => C,
): ClusterHistory<C> {
	const changes: C[] = [];
	const leaver = new AbortController();
	const { signal } = leaver;

	const follow = async (version: string) => {
		const url = new URL(`${path}?watch=1&resourceVersion=${version}`, access.url);
		const headers = { authorization: `Bearer ${access.token}` };
		const call = request(url, { agent: false, ca: access.ca, headers, signal }).end();
		const [response] = (await once(call, "response")) as [IncomingMessage];
		for await (const line of createInterface({ input: response, signal })) {
			const { type, object } = JSON.parse(line);
			if (object.metadata === undefined) throw new Error(`no history: ${line}`);
			changes.push(read(type, object));
		}
	};
	const followAll = async () => {
		// The API server ends the watch of a reader that it finds slow.
		while (!signal.aborted) await follow(changes.at(-1)?.version ?? fromVersion);
	};
	const following = followAll().catch((error) => {
		if (!signal.aborted) throw error;
	});
	// Awaited at the end: until then a failure is not unhandled, only early.
	following.catch(() => {});
	return {
		changes,
		async close() {
			leaver.abort();
			await following;
		},
	};
}
