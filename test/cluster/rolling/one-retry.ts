import { setTimeout as pause } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorReason, isRetryable, reasonOf, retryAfterMs } from "../../../web-client/src/index.ts";

/** Time before the second try where the service names none, in milliseconds. */
const usualWaitMs = 1_000;

/**
 * True where a call may be made again: the service asks for it, or the error is not the service's,
 * because each of its own has a reason. Clients call a connection that broke by many names, as
 * connect-node does with INTERNAL for a stream that was refused unread.
 */
export function isWorthARetry(error: unknown): boolean {
	return isRetryable(error) || reasonOf(error) === undefined;
}

/** Waits as long as the service asks its caller to. */
export async function waitAsAsked(error: unknown): Promise<void> {
	await pause(retryAfterMs(error) ?? usualWaitMs);
}

/** The reason in the contract's words, or what a broken connection is called. */
export function nameOfEnd(error: unknown): string {
	const reason = reasonOf(error);
	if (reason !== undefined) return ErrorReason[reason];
	const { code, rawMessage } = ConnectError.from(error);
	return `${Code[code]}: ${rawMessage}`;
}
