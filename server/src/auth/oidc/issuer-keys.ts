import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey, type RemoteJWKSet } from "jose";
import type { Clock, Timer } from "../../clock.ts";
import { ErrorReason, Failure } from "../../failure.ts";
import { type BoundedFetch, createBoundedFetch } from "./bounded-fetch.ts";

/** Keys that an issuer signs with. */
export interface IssuerKeys {
	/** Begins to look for the issuer; it need not be there yet. */
	start(): void;
	stop(): void;
	/**
	 * Finds the key of a token, and asks the issuer for keys that it has not told yet.
	 * @throws UPSTREAM_UNAVAILABLE where the issuer is needed and does not answer, else jose's errors
	 */
	readonly find: JWTVerifyGetKey;
	/** Says why the issuer cannot be asked, in one line; undefined: it answered last. */
	readonly trouble: string | undefined;
}

export interface IssuerKeysOptions {
	/** As in the claim `iss`; https, or http on a loopback host. */
	readonly issuer: string;
	readonly clock: Clock;
	/** Hears that the issuer cannot be asked; once until it can. */
	readonly onTrouble: (error: unknown) => void;
	readonly onRecovery: () => void;
	/** Shortest time between two questions for keys that are not known, in milliseconds. Default: 30 s. */
	readonly cooldownMs?: number;
}

/** Time between two looks at an issuer that answers, in milliseconds; keys are good for twice that. */
const refreshIntervalMs = 300_000;
/** Time before an issuer that did not answer is asked again, in milliseconds. */
const retryIntervalMs = 5_000;
/** Time for an answer, in milliseconds. */
const timeoutMs = 5_000;
/** Largest answer that is read, in bytes. */
const maxBytes = 1_024 * 1_024;

/**
 * Creates the keys of an issuer (OpenID Connect Discovery 1.0, 4). They are read again in the
 * background, so that a rotation and an outage are known before a caller meets them; where the issuer
 * does not answer, calls do not ask it again before the next look.
 */
export function createIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
	const { issuer, clock, onTrouble, onRecovery, cooldownMs = 30_000 } = options;
	let keys: RemoteJWKSet | undefined;
	let trouble: string | undefined;
	let timer: Timer | undefined;
	let isStopped = false;

	const failed = (error: unknown): Failure => {
		if (trouble === undefined) onTrouble(error);
		trouble = `the identity provider ${issuer} cannot be asked: its tokens are not accepted unless known`;
		return unavailable(error);
	};
	const fetchBounded = createBoundedFetch(maxBytes);
	const discover = async () => {
		const { jwksUrl } = await readConfiguration(issuer, fetchBounded);
		return createRemoteJWKSet(jwksUrl, {
			cooldownDuration: cooldownMs,
			cacheMaxAge: 2 * refreshIntervalMs,
			timeoutDuration: timeoutMs,
			[customFetch]: fetchBounded,
		});
	};
	const look = async () => {
		try {
			keys ??= await discover();
			await keys.reload();
			if (trouble !== undefined) onRecovery();
			trouble = undefined;
		} catch (error) {
			failed(error);
		}
		if (isStopped) return;
		const delayMs = trouble === undefined ? refreshIntervalMs : retryIntervalMs;
		timer = clock.setTimer(delayMs, () => void look());
	};
	/** Looks soon: the issuer has failed in between. */
	const lookSoon = () => {
		if (isStopped) return;
		timer?.cancel();
		timer = clock.setTimer(retryIntervalMs, () => void look());
	};
	let first: Promise<void> | undefined;

	return {
		start() {
			first = look();
		},
		stop() {
			isStopped = true;
			timer?.cancel();
		},
		async find(header, token) {
			// A call that comes with the first look waits for it.
			await first;
			if (keys === undefined) throw unavailable(undefined);
			if (trouble !== undefined && !keys.fresh) throw unavailable(undefined);
			try {
				return await keys(header, token);
			} catch (error) {
				if (!isOfIssuer(error)) throw error;
				// Later calls find the next look set already, and must not put it off.
				if (trouble === undefined) lookSoon();
				throw failed(error);
			}
		},
		get trouble() {
			return trouble;
		},
	};
}

/** Codes of jose's errors that are about the token; all others are about the issuer or its answer. */
const tokenFaults: readonly string[] = [
	"ERR_JWKS_NO_MATCHING_KEY",
	"ERR_JWKS_MULTIPLE_MATCHING_KEYS",
	"ERR_JOSE_NOT_SUPPORTED",
];

function isOfIssuer(error: unknown): boolean {
	return !tokenFaults.includes((error as { readonly code?: string }).code ?? "");
}

function unavailable(cause: unknown): Failure {
	const message = "the identity provider cannot be asked now";
	const details = { retryAfterMs: retryIntervalMs, cause };
	return new Failure(ErrorReason.UPSTREAM_UNAVAILABLE, message, details);
}

/** Reads where the keys are. @throws Error where the issuer does not say so */
async function readConfiguration(
	issuer: string,
	fetchBounded: BoundedFetch,
): Promise<{ readonly jwksUrl: URL }> {
	const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
	const signal = AbortSignal.timeout(timeoutMs);
	const response = await fetchBounded(url, { redirect: "error", signal });
	if (response.status !== 200) throw new Error(`${url} answers ${response.status}`);
	const found = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown } | null;
	// Else one issuer could speak for another (OpenID Connect Discovery 1.0, 4.3).
	if (found?.issuer !== issuer) throw new Error(`${url} names another issuer`);
	const jwksUrl = typeof found.jwks_uri === "string" ? URL.parse(found.jwks_uri) : null;
	// Keys are believed, so nobody between may answer in place of the issuer.
	const isSafe = jwksUrl?.protocol === "https:" || jwksUrl?.origin === new URL(issuer).origin;
	if (jwksUrl === null || !isSafe) throw new Error(`${url} names no https jwks_uri`);
	return { jwksUrl };
}
