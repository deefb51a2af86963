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
 * @returns milliseconds from the request's head on. undefined: none, or a malformed
 * one, which connect refuses with its own text.
 */
export function readTimeoutMs(
	headers: Headers,
	isGrpc: boolean,
	rule: DeadlineRule,
): number | undefined {
	const given = headers.get(isGrpc ? grpcHeader : connectHeader);
	if (given === null) return rule.always ? rule.maxTimeoutMs : undefined;
	const timeoutMs = isGrpc ? parseGrpc(given) : parseConnect(given);
	if (timeoutMs === undefined) return undefined;
	return Math.min(Math.floor(timeoutMs), rule.maxTimeoutMs);
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
