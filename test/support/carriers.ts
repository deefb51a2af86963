import type { Carriers } from "../../server/src/auth/carriers.ts";
import type { Peer } from "../../server/src/caller.ts";

/** What a call shows that shows nothing but this. */
export function carriersOf(shown: Partial<Carriers>): Carriers {
	return { token: undefined, ticket: undefined, method: "POST", target: "/x", ...shown };
}

/** The other end of a connection that has no certificate. */
export const plainPeer: Peer = { address: "", port: 0, secure: false, certificate: undefined };
