const connectHeader = "connect-timeout-ms";
const grpcHeader = "grpc-timeout";
const msPerUnit: Readonly<Record<string, number>> = {
	H: 3_600_000,
	M: 60_000,
	S: 1_000,
	m: 1,
	u: 1e-3,
	n: 1e-6,
};

/** How far a call's deadline may reach. */
export interface DeadlineRule {
	/** Longer deadlines become this, in milliseconds. */
	readonly maxTimeoutMs: number;
	/** No deadline becomes that one too. */
	readonly always: boolean;
}

/**
 * Reads a call's deadline as the port holds it: a long one would overflow the 32-bit
 * timer and fire after 1 ms; one below a millisecond has expired.
 *
 * @returns milliseconds from the request's head on. undefined: none.
 */
export function parseTimeoutMs(
	given: string | undefined,
	isGrpc: boolean,
	rule: DeadlineRule,
): number | undefined | "malformed" {
	if (given === undefined) return rule.always ? rule.maxTimeoutMs : undefined;
	const timeoutMs = isGrpc ? parseGrpc(given) : parseConnect(given);
	if (timeoutMs === undefined) return "malformed";
	return Math.min(Math.floor(timeoutMs), rule.maxTimeoutMs);
}

/** {@link parseTimeoutMs} of headers. A malformed deadline is none: connect refuses it in its own words. */
export function readTimeoutMs(
	headers: Headers,
	isGrpc: boolean,
	rule: DeadlineRule,
): number | undefined {
	const given = headers.get(isGrpc ? grpcHeader : connectHeader) ?? undefined;
	const timeoutMs = parseTimeoutMs(given, isGrpc, rule);
	return timeoutMs === "malformed" ? undefined : timeoutMs;
}

/** Sets the deadline header that connect's timer follows. The gRPC form holds eight digits. */
export function writeTimeoutMs(headers: Headers, isGrpc: boolean, timeoutMs: number): void {
	if (!isGrpc) headers.set(connectHeader, String(timeoutMs));
	else if (timeoutMs < 1e8) headers.set(grpcHeader, `${timeoutMs}m`);
	else headers.set(grpcHeader, `${Math.floor(timeoutMs / 1000)}S`);
}

function parseConnect(value: string): number | undefined {
	return /^\d{1,10}$/.test(value) ? Number(value) : undefined;
}

function parseGrpc(value: string): number | undefined {
	const match = /^(\d{1,8})([HMSmun])$/.exec(value);
	if (match === null) return undefined;
	return Number(match[1]) * (msPerUnit[match[2] as string] as number);
}
