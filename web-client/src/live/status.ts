import type { ConnectError } from "@connectrpc/connect";

/**
 * How far what a watch shows can be trusted.
 *
 * - `connecting`: nothing complete has come yet.
 * - `live`: complete and current.
 * - `stale`: complete, but no longer kept current: the stream broke, or the service itself does not
 *   hear from the cluster; tries go on.
 * - `offline`: the service cannot be reached; tries go on.
 * - `closed`: the caller has left.
 * - `failed`: a retry cannot cure it; `error` says why. Another token, or `refresh`, begins anew.
 */
export type LiveStatus = "connecting" | "live" | "stale" | "offline" | "closed" | "failed";

/** A status with what explains it. */
export interface LiveCondition {
	readonly status: LiveStatus;
	/** Why it is not live; undefined while it is, and before the first failure. */
	readonly error: ConnectError | undefined;
	/** The service's own word: it has not heard from the cluster since. */
	readonly staleSince: Date | undefined;
}

export function conditionOf(
	status: LiveStatus,
	error?: ConnectError,
	staleSince?: Date,
): LiveCondition {
	return { status, error, staleSince };
}
