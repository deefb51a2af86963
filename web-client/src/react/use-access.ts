import { useMemo, useSyncExternalStore } from "react";
import {
	type AccessSnapshot,
	type AccessVerb,
	accessVerbs,
	createAccess,
} from "../access/index.ts";
import { unknownAccess } from "../access/live-access.ts";
import type { WukongClient } from "../client.ts";
import { useWukongClient } from "./provider.ts";

/** What a component wants to know. */
export interface AccessQuery {
	/** In any order. Default, and where there is none: all. */
	readonly verbs?: readonly AccessVerb[];
	/** As in a question: for most verbs empty is the default one. */
	readonly namespace?: string;
	/** One VM; empty: all of the namespace. */
	readonly name?: string;
	/** Made once, outside of any component. Default: that of the WukongProvider above. */
	readonly client?: WukongClient;
}

/** What the caller may do, as far as it is known. */
export interface LiveRights extends Omit<AccessSnapshot, "answers"> {
	/** It is allowed. False until it is known, and for verbs that were not asked about. */
	readonly can: (verb: AccessVerb) => boolean;
	/** Why it is allowed or not, for people; undefined: not known. */
	readonly reason: (verb: AccessVerb) => string | undefined;
}

/**
 * What the caller may do, kept current. Components that ask for the same share one stream. It changes what a page
 * shows, and protects nothing: the service judges each call.
 *
 * @example
 * const { can, reason } = useAccess({ verbs: ["stop"], namespace: "default" });
 * <button disabled={!can("stop")} title={reason("stop")}>Stop</button>
 */
export function useAccess({ client, verbs = [], namespace, name }: AccessQuery = {}): LiveRights {
	const asked = accessVerbs.filter((verb) => verbs.length === 0 || verbs.includes(verb));
	const store = createAccess(useWukongClient(client)).watch(
		asked.map((verb) => ({ verb, namespace, name })),
	);
	const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot, () => unknownAccess);
	return useMemo(() => {
		const { answers, ...rest } = snapshot;
		const find = (verb: AccessVerb) => answers.find(({ question }) => question?.verb === verb);
		return {
			...rest,
			can: (verb) => find(verb)?.allowed === true,
			reason: (verb) => find(verb)?.reason,
		};
	}, [snapshot]);
}
