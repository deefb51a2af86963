import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

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
 * Rewrites a call's deadline header so that connect's timer holds it: a long one
 * would overflow the 32-bit timer and fire after 1 ms; one below a millisecond
 * has expired. Malformed values stay: connect refuses them with its own text.
 */
export function clampDeadline(headers: Headers, isGrpc: boolean, rule: DeadlineRule): void {
	const name = isGrpc ? grpcHeader : connectHeader;
	const given = headers.get(name);
	if (given === null) {
		if (rule.always) headers.set(name, write(rule.maxTimeoutMs, isGrpc));
		return;
	}
	const timeoutMs = isGrpc ? parseGrpc(given) : parseConnect(given);
	if (timeoutMs === undefined) return;
	headers.set(name, write(Math.min(Math.floor(timeoutMs), rule.maxTimeoutMs), isGrpc));
}

/**
 * The interceptor next to the implementation: a call whose deadline has passed or
 * whose caller left is not begun, and one that goes on past that point is left
 * behind, whatever its implementation does. A stream's own cleanup is asked for
 * at that moment (`return`), not when the next message would be read.
 */
export const leaveOnAbort: Interceptor = (next) => async (request) => {
	const { signal } = request;
	const response = await untilAborted(signal, () => next(request));
	if (!response.stream) return response;
	const { message } = response;
	return { ...response, message: { [Symbol.asyncIterator]: () => leaving(message, signal) } };
};

function leaving<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncIterator<T, undefined> {
	const iterator = source[Symbol.asyncIterator]();
	let abandon: ((reason: unknown) => void) | undefined;
	const onAbort = () => {
		// A generator within an await answers only after it; nobody waits for that.
		Promise.resolve(iterator.return?.()).catch(() => {});
		abandon?.(reasonOf(signal));
	};
	if (signal.aborted) onAbort();
	else signal.addEventListener("abort", onAbort, { once: true });
	const finish = async (): Promise<IteratorReturnResult<undefined>> => {
		signal.removeEventListener("abort", onAbort);
		return { done: true, value: undefined };
	};
	return {
		next() {
			if (signal.aborted) return Promise.reject(reasonOf(signal));
			// Not Promise.race: with a promise as old as the stream it keeps every message alive.
			return new Promise((resolve, reject) => {
				abandon = reject;
				iterator.next().then((result) => {
					if (result.done === true) finish().then(resolve, reject);
					else resolve(result);
				}, reject);
			});
		},
		return() {
			Promise.resolve(iterator.return?.()).catch(() => {});
			return finish();
		},
		throw(error) {
			Promise.resolve(iterator.return?.()).catch(() => {});
			return finish().then(() => Promise.reject(error));
		},
	};
}

function untilAborted<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
	if (signal.aborted) return Promise.reject(reasonOf(signal));
	return new Promise((resolve, reject) => {
		const onAbort = () => reject(reasonOf(signal));
		signal.addEventListener("abort", onAbort, { once: true });
		run()
			.then(resolve, reject)
			.finally(() => signal.removeEventListener("abort", onAbort));
	});
}

function reasonOf(signal: AbortSignal): ConnectError {
	return ConnectError.from(signal.reason, Code.Canceled);
}

function parseConnect(value: string): number | undefined {
	return /^\d{1,10}$/.test(value) ? Number(value) : undefined;
}

function parseGrpc(value: string): number | undefined {
	const match = /^(\d{1,8})([HMSmun])$/.exec(value);
	if (match === null) return undefined;
	return Number(match[1]) * (msPerUnit[match[2] as string] as number);
}

/** The gRPC form holds eight digits. */
function write(timeoutMs: number, isGrpc: boolean): string {
	if (!isGrpc) return String(timeoutMs);
	return timeoutMs < 1e8 ? `${timeoutMs}m` : `${Math.floor(timeoutMs / 1000)}S`;
}
