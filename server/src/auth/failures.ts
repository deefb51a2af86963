import { ErrorReason, Failure } from "../failure.ts";

/** Challenge of this service (RFC 6750, 3): how a credential is shown. */
const challenge = 'Bearer realm="wukong-server"';
/** Errors of a challenge (RFC 6750, 3.1). */
const invalidToken = `${challenge}, error="invalid_token"`;
const invalidRequest = `${challenge}, error="invalid_request"`;

/** Creates the failure of a call that shows no credential: UNAUTHENTICATED. */
export function noCredential(): Failure {
	const message =
		"this call shows no credential; send one as Authorization: Bearer, or as X-API-Key";
	return new Failure(ErrorReason.UNAUTHENTICATED, message, { challenge });
}

/** Creates the failure of a credential that no source of identities accepts: UNAUTHENTICATED. */
export function notValid(message = "the credential is not valid here", cause?: unknown): Failure {
	return new Failure(ErrorReason.UNAUTHENTICATED, message, { challenge: invalidToken, cause });
}

/** Creates the failure of credentials that are shown in a wrong way: UNAUTHENTICATED. */
export function wronglyShown(message: string): Failure {
	return new Failure(ErrorReason.UNAUTHENTICATED, message, { challenge: invalidRequest });
}

/** Creates the failure of a credential whose time is over: TOKEN_EXPIRED. */
export function expired(): Failure {
	const message = "the credential has expired; get a new one and resume";
	return new Failure(ErrorReason.TOKEN_EXPIRED, message, { challenge: invalidToken });
}

/** Creates the failure of a stream whose credential stands for something else now: TOKEN_EXPIRED. */
export function changed(): Failure {
	const message = "what the credential stands for has changed; resume with it";
	return new Failure(ErrorReason.TOKEN_EXPIRED, message, { challenge: invalidToken });
}

/** Creates the failure of a stream whose credential is not accepted any more: UNAUTHENTICATED. */
export function revoked(): Failure {
	return notValid("the credential was revoked");
}

/** Creates the failure of a caller whose address has shown too many credentials in vain: TOO_MANY_REQUESTS. */
export function tooManyFailures(waitMs: number): Failure {
	const message = "too many credentials from this address were not valid; try again later";
	const details = { retryAfterMs: Math.ceil(waitMs) };
	return new Failure(ErrorReason.TOO_MANY_REQUESTS, message, details);
}
