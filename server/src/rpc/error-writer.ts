import { type Code, ConnectError } from "@connectrpc/connect";
import type { ErrorReason } from "@novasphere/wukong-gen/error";
import type { FieldViolation } from "../failure.ts";
import type { HeaderFields } from "../http/fields.ts";
import type { RefusalCause } from "../http/observer.ts";

/** Why a request goes no further, in the contract's terms. */
export interface Refusal {
	readonly cause: RefusalCause;
	/** For callers of plain HTTP and of Connect's unary form; all others are answered with 200. */
	readonly httpStatus: number;
	readonly code: Code;
	readonly reason: ErrorReason;
	/** For people: what to change. Nothing of the caller's own text. */
	readonly message: string;
	readonly headers?: HeaderFields;
	/** When to try again; undefined: no sooner than with another request. */
	readonly retryAfterMs?: number;
	/** Which fields of the request are at fault. */
	readonly violations?: readonly FieldViolation[];
	/** A matter of HTTP: Connect's streams are told by the HTTP status, too. */
	readonly isBare?: boolean;
}

/** What the contract of the services adds to the error of a refusal. */
export type RefusalDetails = (
	refusal: Refusal,
) => NonNullable<ConstructorParameters<typeof ConnectError>[3]>;

/** The error that callers get for a refusal. */
export function createRefusalError(refusal: Refusal, detailsOf: RefusalDetails): ConnectError {
	return new ConnectError(refusal.message, refusal.code, undefined, detailsOf(refusal));
}
