import type { Peer, Principal } from "../caller.ts";
import type { Carriers } from "./carriers.ts";
import { noCredential, notValid } from "./failures.ts";

/** A source of identities: it knows some kinds of credentials, and who shows them. */
export interface Authenticator {
	/**
	 * Finds who calls, at once where it can: a promise costs each call a turn.
	 * @param address of the caller, for bounds on what failing costs; it proves nothing. Default: "", one for all
	 * @returns undefined: nothing that is shown is of this source's kind
	 * @throws UNAUTHENTICATED or TOKEN_EXPIRED: it is, and is not valid; UPSTREAM_UNAVAILABLE:
	 * nobody can tell now
	 */
	authenticate(
		carriers: Carriers,
		peer: Peer,
		address?: string,
	): Principal | undefined | Promise<Principal | undefined>;
	/**
	 * Finds the principal of a credential by its id.
	 * @returns null: it was revoked; undefined: it is not of this source, or cannot be revoked
	 */
	current?(credentialId: string): Principal | null | undefined;
	/** Loads what has to be there before the first call. @throws what the one who starts the service is told */
	start?(): Promise<void>;
	/** Ends what `start` began. */
	stop?(): void;
	/** Says why some callers cannot be told apart now, in one line; undefined: nothing is wrong. */
	trouble?(): string | undefined;
}

/** Finds who calls, or fails. */
export interface Authentication {
	/** @throws UNAUTHENTICATED, TOKEN_EXPIRED, UPSTREAM_UNAVAILABLE, TOO_MANY_REQUESTS */
	authenticate(carriers: Carriers, peer: Peer, address: string): Principal | Promise<Principal>;
}

/** Creates the authentication by several sources: the first one that knows the credential decides. */
export function createAuthentication(authenticators: readonly Authenticator[]): Authentication {
	const ask = (
		carriers: Carriers,
		[peer, address]: readonly [Peer, string],
		from: number,
	): Principal | Promise<Principal | undefined> | undefined => {
		for (let at = from; at < authenticators.length; at++) {
			const found = authenticators[at]?.authenticate(carriers, peer, address);
			if (found instanceof Promise) {
				return found.then((late) => late ?? ask(carriers, [peer, address], at + 1));
			}
			if (found !== undefined) return found;
		}
		return undefined;
	};
	const require = (found: Principal | undefined, { token, ticket }: Carriers): Principal => {
		if (found !== undefined) return found;
		throw token === undefined && ticket === undefined ? noCredential() : notValid();
	};
	return {
		authenticate(carriers, peer, address) {
			const found = ask(carriers, [peer, address], 0);
			if (found instanceof Promise) return found.then((late) => require(late, carriers));
			return require(found, carriers);
		},
	};
}
