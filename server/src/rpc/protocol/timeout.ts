/** Header that carries the time a call may take. */
export interface TimeoutHeader {
	/** Name of the header, in lower case. */
	readonly name: string;
	/** Grammar of the header, for the caller's error message. */
	readonly syntax: string;
	/** Parses a value to milliseconds; undefined: it is malformed. */
	parse(value: string): number | undefined;
	/** Formats milliseconds. */
	format(timeoutMs: number): string;
}

/** Connect's timeout (Connect protocol, "Timeout"). */
export const connectTimeout: TimeoutHeader = {
	name: "connect-timeout-ms",
	syntax: "connect-timeout-ms takes one to ten digits",
	parse: (value) => (/^\d{1,10}$/.test(value) ? Number(value) : undefined),
	format: String,
};

const msPerUnit: Readonly<Record<string, number>> = {
	H: 3_600_000,
	M: 60_000,
	S: 1_000,
	m: 1,
	u: 1e-3,
	n: 1e-6,
};

/** gRPC's timeout (grpc/doc/PROTOCOL-HTTP2.md, "Timeout"). */
export const grpcTimeout: TimeoutHeader = {
	name: "grpc-timeout",
	syntax: "grpc-timeout takes one to eight digits and a unit of H, M, S, m, u, n",
	parse(value) {
		const match = /^(\d{1,8})([HMSmun])$/.exec(value);
		if (match === null) return undefined;
		return Number(match[1]) * (msPerUnit[match[2] as string] as number);
	},
	// It holds eight digits.
	format: (timeoutMs) => (timeoutMs < 1e8 ? `${timeoutMs}m` : `${Math.floor(timeoutMs / 1_000)}S`),
};

/** Bounds of a call's deadline. */
export interface TimeoutRule {
	/** Longer deadlines become this, in milliseconds. */
	readonly maxTimeoutMs: number;
	/** A call without a deadline gets that one, too. */
	readonly always: boolean;
}

/**
 * Reads a call's deadline and applies the bounds: a long one would overflow the 32-bit timer and
 * fire after 1 ms; one below a millisecond has expired.
 *
 * @param given the header's value; undefined: the call has none
 * @returns milliseconds from the request's head on; undefined: no deadline
 */
export function parseTimeoutMs(
	given: string | undefined,
	header: TimeoutHeader,
	rule: TimeoutRule,
): number | undefined | "malformed" {
	if (given === undefined) return rule.always ? rule.maxTimeoutMs : undefined;
	const timeoutMs = header.parse(given);
	if (timeoutMs === undefined) return "malformed";
	return Math.min(Math.floor(timeoutMs), rule.maxTimeoutMs);
}
