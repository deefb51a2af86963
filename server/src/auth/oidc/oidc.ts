import { hash } from "node:crypto";
import { decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import { isReserved, type Principal } from "../../caller.ts";
import type { Clock } from "../../clock.ts";
import { isFailure } from "../../failure.ts";
import type { Authenticator } from "../authenticator.ts";
import { expired, notValid } from "../failures.ts";
import { createTokenCache } from "../token-cache.ts";
import { createIssuerKeys, type IssuerKeysOptions } from "./issuer-keys.ts";

export interface OidcOptions extends IssuerKeysOptions {
	/** A token is for one of these: its claim `aud`. */
	readonly audience: string;
	/** Claim that the name is, as in `sub`. */
	readonly nameClaim: string;
	/** Claim that the groups are: a text or a list of them. */
	readonly groupsClaim: string;
	/** Begins names and groups, so that no issuer can say who is known otherwise; may be "". */
	readonly prefix: string;
	readonly clock: Clock;
}

/**
 * Algorithms that a token may be signed with (RFC 7518, 3.1; RFC 8037): those with a private key. What
 * is public would be the secret of the others.
 */
const algorithms = [
	...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
	...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

/** Difference between the issuer's clock and ours that is forgiven, in milliseconds. */
const clockSkewMs = 30_000;
/** Time after which a good token is verified again, because its key may have been withdrawn. */
const maxAgeMs = 600_000;
const maxGroups = 500;
const maxNameLength = 256;

/** Creates the source of identities that an OpenID Connect issuer is, by its JWTs (RFC 7519). */
export function createOidc(options: OidcOptions): Authenticator {
	const { issuer, audience, clock } = options;
	const keys = createIssuerKeys(options);

	const verify = async (token: string): Promise<Principal> => {
		try {
			const { payload } = await jwtVerify(token, keys.find, {
				...{ issuer, audience, algorithms },
				requiredClaims: ["exp"],
				clockTolerance: clockSkewMs / 1_000,
				currentDate: new Date(clock.nowMs()),
			});
			return principalOf(payload, token, options);
		} catch (error) {
			if (isFailure(error)) throw error;
			if (error instanceof errors.JWTExpired) throw expired();
			if (!(error instanceof errors.JOSEError)) throw error;
			const isEarly = error instanceof errors.JWTClaimValidationFailed && error.claim === "nbf";
			throw notValid(isEarly ? "the credential is not valid yet" : undefined, error);
		}
	};
	const cache = createTokenCache({ verify, maxAgeMs, clock });

	return {
		authenticate({ token }, _peer, address = "") {
			if (token === undefined || !isOf(issuer, token)) return undefined;
			return cache.get(token, address);
		},
		start: async () => keys.start(),
		stop: keys.stop,
		trouble: () => keys.trouble,
	};
}

/** Checks whether a token says that it is an issuer's, before anything of it is believed. */
function isOf(issuer: string, token: string): boolean {
	if (token.split(".", 4).length !== 3) return false;
	try {
		return decodeJwt(token).iss === issuer;
	} catch {
		return false;
	}
}

function principalOf(payload: JWTPayload, token: string, options: OidcOptions): Principal {
	const { nameClaim, groupsClaim, prefix } = options;
	// As Kubernetes has it: an address that nobody has confirmed could be anybody's.
	if (nameClaim === "email" && payload.email_verified === false) {
		throw notValid("the credential's address is not verified");
	}
	const groups = payload[groupsClaim] ?? [];
	const listed: readonly unknown[] = Array.isArray(groups) ? groups : [groups];
	if (listed.length > maxGroups) throw notValid("the credential has too many groups");
	return Object.freeze({
		name: nameOf(payload[nameClaim], prefix),
		groups: Object.freeze(listed.map((group) => nameOf(group, prefix))),
		method: "oidc",
		// What was forgiven at the start is forgiven at the end, too: else a resume would end at once.
		expireTimeMs: (payload.exp as number) * 1_000 + clockSkewMs,
		credentialId: `oidc:${hash("sha256", token, "hex").slice(0, 16)}`,
	});
}

function nameOf(claim: unknown, prefix: string): string {
	const isName = typeof claim === "string" && claim !== "" && claim.length <= maxNameLength;
	// Control characters would end up in logs and headers.
	if (!isName || /\p{Cc}/u.test(claim))
		throw notValid("the credential has no usable name or group");
	if (isReserved(claim) || isReserved(prefix + claim)) {
		throw notValid("the credential has a name or group that only Kubernetes itself may give");
	}
	return prefix + claim;
}
