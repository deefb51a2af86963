import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Interceptor, StreamRequest, StreamResponse, UnaryRequest } from "@connectrpc/connect";
import type { Clock } from "../../clock.ts";
import { ErrorReason, Failure } from "../../failure.ts";
import { addressKey, createRates } from "../../rates.ts";
import { wrapStream } from "../../rpc/batched-stream.ts";
import { callContextKey, principalKey, quotaKey } from "../../rpc/call/call-context.ts";

/** Options of {@link createCallerLimits}. */
export interface CallerLimitsOptions {
	/** Calls of one caller in the long run; twice as many at once. 0: no limit. */
	readonly callsPerSecond: number;
	/** Open streams and waits of one caller. 0: no limit. */
	readonly maxStreams: number;
	/** Unary methods that stay open as streams do. */
	readonly waits: readonly DescMethod[];
	/** Services that answer everybody at any time, as health does. */
	readonly exempt: readonly DescService[];
	readonly clock: Pick<Clock, "monotonicMs">;
	/** Hears of each call that is refused. */
	readonly onLimited: (limit: "calls" | "streams") => void;
}

/** Seconds of calls that may come at once. */
const burstSeconds = 2;
/** Time after which a place for a stream may be free, in milliseconds. Nobody knows. */
const streamRetryMs = 5_000;

/**
 * Creates the interceptor that bounds what one caller takes: calls, streams, and answers that it leaves
 * unread. A caller is a principal, by its name; where nobody signs in an address, and on the loopback
 * interface nobody, so that nothing is bounded there. Belongs right behind authentication: what comes
 * after it costs.
 */
export function createCallerLimits(options: CallerLimitsOptions): Interceptor {
	const { callsPerSecond, maxStreams, clock, onLimited } = options;
	const rate = { perSecond: callsPerSecond, burst: burstSeconds * callsPerSecond };
	const rates = callsPerSecond === 0 ? undefined : createRates(rate, { clock });
	const streams = maxStreams === 0 ? undefined : createStreamCount(maxStreams);
	const waits: ReadonlySet<DescMethod> = new Set(options.waits);
	const exempt: ReadonlySet<string> = new Set(options.exempt.map(({ typeName }) => typeName));

	return (next) => (request) => {
		if (exempt.has(request.service.typeName)) return next(request);
		const key = callerKey(request);
		if (key === undefined) return next(request);
		request.contextValues.set(quotaKey, key);
		const waitMs = rates?.take(key) ?? 0;
		if (waitMs > 0) {
			onLimited("calls");
			throw tooMany("too many calls of this caller; make fewer", waitMs);
		}
		if (streams === undefined) return next(request);
		if (!request.stream && !waits.has(request.method)) return next(request);
		if (!streams.enter(key)) {
			onLimited("streams");
			throw tooMany("this caller has too many open streams and waits; end one", streamRetryMs);
		}
		return hold(
			() => next(request),
			request,
			once(() => streams.leave(key)),
		);
	};
}

type AnyResponse = Awaited<ReturnType<ReturnType<Interceptor>>>;

/** Keeps a place until what was opened has ended. */
async function hold(
	open: () => Promise<AnyResponse>,
	request: UnaryRequest | StreamRequest,
	leave: () => void,
): Promise<AnyResponse> {
	let response: AnyResponse;
	try {
		response = await open();
	} catch (error) {
		leave();
		throw error;
	}
	if (!response.stream) {
		leave();
		return response;
	}
	const onError = (error: unknown) => {
		leave();
		return error;
	};
	const hooks = { onError, onEnd: leave, onClose: leave };
	const message: StreamResponse["message"] = wrapStream(response.message, hooks, request);
	return { ...response, message };
}

function once(work: () => void): () => void {
	let isDone = false;
	return () => {
		if (isDone) return;
		isDone = true;
		work();
	};
}

/** @returns undefined: nobody's calls are counted */
function callerKey({ contextValues }: UnaryRequest | StreamRequest): string | undefined {
	const principal = contextValues.get(principalKey);
	// Apart, because a name may look like an address.
	if (principal !== undefined) return `name ${principal.name}`;
	const address = contextValues.get(callContextKey)?.address ?? "";
	if (address === "" || address === "::1" || address.startsWith("127.")) return undefined;
	return `address ${addressKey(address)}`;
}

function tooMany(message: string, retryAfterMs: number): Failure {
	const details = { retryAfterMs: Math.ceil(retryAfterMs) };
	return new Failure(ErrorReason.TOO_MANY_REQUESTS, message, details);
}

/** Creates a count that has entries for callers with open streams only. */
function createStreamCount(max: number) {
	const counts = new Map<string, number>();
	return {
		enter(key: string): boolean {
			const count = counts.get(key) ?? 0;
			if (count >= max) return false;
			counts.set(key, count + 1);
			return true;
		},
		leave(key: string): void {
			const count = (counts.get(key) ?? 0) - 1;
			if (count > 0) counts.set(key, count);
			else counts.delete(key);
		},
	};
}
