import { hash } from "node:crypto";
import { decodeJwt } from "jose";
import type { Principal } from "../../caller.ts";
import type { Clock } from "../../clock.ts";
import { createRates, type Rate } from "../../rates.ts";
import type { ReviewedUser, Reviews } from "../../store/kubernetes/reviews/reviews.ts";
import type { Authenticator } from "../authenticator.ts";
import { expired, notValid } from "../failures.ts";
import { createTokenCache } from "../token-cache.ts";

export interface TokenReviewsOptions {
	readonly reviews: Pick<Reviews, "reviewToken">;
	/** A token must be for one of these; none: for the API server itself. */
	readonly audiences: readonly string[];
	readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
	/** Hears that the cluster cannot be asked; once until it can. */
	readonly onTrouble: (error: unknown) => void;
	readonly onRecovery: () => void;
	/** Opens the way to the cluster. @throws what the one who starts the service is told */
	readonly start?: () => Promise<void>;
	readonly stop?: () => void;
}

/**
 * Time after which a good token is reviewed again: it may have been deleted, or the account or the pod
 * that it is bound to. In milliseconds.
 */
const maxAgeMs = 60_000;
/** Time for which a token that nobody knows is not asked about again, in milliseconds. */
const refusedMs = 5_000;
/** Reviews that an address may cause for tokens that are nobody's. */
const failureRate: Rate = { perSecond: 1, burst: 20 };
/** Bounds what a cluster says of a user: it is copied into tickets, reviews and header fields. */
const maxGroups = 500;
const maxTextLength = 1_024;

/** Names the token and not its user: else each token would be a user of its own. */
const credentialIdKey = "authentication.kubernetes.io/credential-id";

/**
 * Creates the source of identities that a cluster is: it is shown every token that no other source knows,
 * and says whose it is. Names and groups are the cluster's own, those that begin with `system:` too.
 * Belongs behind the other sources.
 */
export function createTokenReviews(options: TokenReviewsOptions): Authenticator {
	const { reviews, audiences, clock } = options;
	let trouble: string | undefined;

	const ask = async (token: string): Promise<ReviewedUser | undefined> => {
		try {
			const user = await reviews.reviewToken(token, audiences);
			if (trouble !== undefined) options.onRecovery();
			trouble = undefined;
			return user;
		} catch (error) {
			if (trouble === undefined) options.onTrouble(error);
			trouble = `of the cluster's tokens only known ones are accepted: ${(error as Error).message}`;
			throw error;
		}
	};
	const verify = async (token: string): Promise<Principal | undefined> => {
		const expireTimeMs = expireTimeOf(token);
		// Nobody has to be asked about these, which a forgotten program shows for ever.
		const isOver = () => expireTimeMs !== undefined && expireTimeMs <= clock.nowMs();
		if (isOver()) throw expired();
		const user = await ask(token);
		if (isOver()) throw expired();
		return user && principalOf(user, token, expireTimeMs);
	};
	const failures = createRates(failureRate, { clock });
	const cache = createTokenCache({ verify, maxAgeMs, refusedMs, failures, clock });

	return {
		authenticate: ({ token }, _peer, address = "") =>
			token === undefined ? undefined : cache.get(token, address),
		start: async () => options.start?.(),
		stop: () => options.stop?.(),
		trouble: () => trouble,
	};
}

/** Reads when a token ends, where it is a JWT (RFC 7519, 4.1.4); it is believed to shorten a life only. */
function expireTimeOf(token: string): number | undefined {
	try {
		const { exp } = decodeJwt(token);
		return typeof exp === "number" && Number.isFinite(exp) ? exp * 1_000 : undefined;
	} catch {
		return undefined;
	}
}

function principalOf(
	{ username, uid, groups, extra }: ReviewedUser,
	token: string,
	expireTimeMs: number | undefined,
): Principal {
	const { [credentialIdKey]: _, ...further } = extra;
	const texts = [username, uid, ...groups, ...Object.entries(further).flat(2)];
	// Control characters would end up in logs and header fields.
	const isUsable = texts.every((text) => text.length <= maxTextLength && !/\p{Cc}/u.test(text));
	if (!isUsable || texts.length > maxGroups) {
		throw notValid("the credential has no usable name or group");
	}
	return Object.freeze({
		name: username,
		groups: Object.freeze([...groups]),
		method: "kubernetes",
		expireTimeMs,
		credentialId: `kubernetes:${hash("sha256", token, "hex").slice(0, 16)}`,
		...(uid !== "" && { uid }),
		...(Object.keys(further).length > 0 && { extra: further }),
	});
}
