import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { createInterface } from "node:readline";
import type { KubeAccess } from "../kube-api.ts";

/** One change of one object. */
export interface KnownChange {
	readonly type: string;
	readonly uid: string;
	/** The object's resource version afterwards. */
	readonly version: string;
}

/** What really happened: a watch on the API server, past the service. */
export interface ClusterHistory {
	/** All changes so far, in order. */
	readonly changes: readonly KnownChange[];
	/** Ends the watch. @throws what went wrong with it */
	close(): Promise<void>;
}

/**
 * Writes down each change of a collection after a version.
 * @param path of the collection, as `wukongPath` gives it
 */
export function recordHistory(
	access: KubeAccess,
	path: string,
	fromVersion: string,
): ClusterHistory {
	const changes: KnownChange[] = [];
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
			changes.push({ type, uid: object.metadata.uid, version: object.metadata.resourceVersion });
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
