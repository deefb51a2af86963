import type {
	ConnectError,
	Interceptor,
	StreamRequest,
	StreamResponse,
	UnaryRequest,
} from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import type { Clock } from "../clock.ts";
import { Failure } from "../failure.ts";
import type { Call, CallFailure, CallObserver } from "./call-observer.ts";
import { callSubject } from "./call-subject.ts";
import { reasonIn, toConnectError } from "./connect-error.ts";
import { observedStream } from "./observed-stream.ts";

type Request = UnaryRequest | StreamRequest;

export interface CallInterceptorOptions {
	/** Told of every call, in this order. */
	readonly observers: readonly CallObserver[];
	/** What the transport knows of the call. */
	readonly contextOf: (request: Request) => Pick<Call, "requestId" | "protocol">;
	readonly clock: Clock;
}

/**
 * The outermost interceptor: turns whatever a call fails with into the error that the caller
 * gets, and tells the observers how the call ended. That a call ends at its deadline, and when
 * its caller leaves, is the transport's part.
 */
export function createCallInterceptor(options: CallInterceptorOptions): Interceptor {
	return (next) => async (request) => {
		const record = createCallRecord(request, options);
		try {
			const response = await next(request);
			if (!response.stream) {
				record.end(undefined);
				return response;
			}
			return observeStream(response, record, request.signal);
		} catch (error) {
			throw record.fail(error);
		}
	};
}

const readerLeft = new Failure(ErrorReason.CANCELED, "the caller left");

type CallRecord = ReturnType<typeof createCallRecord>;

function observeStream(
	response: StreamResponse,
	record: CallRecord,
	signal: AbortSignal,
): StreamResponse {
	record.streamStarted();
	// Tells the end of a stream that is stalled, too: nobody may ever ask it for more.
	const onAbort = () => void record.fail(signal.reason);
	if (signal.aborted) onAbort();
	signal.addEventListener("abort", onAbort, { once: true });
	const message = observedStream(response.message, {
		failed: record.fail,
		ended: () => record.end(undefined),
		left: () => void record.fail(signal.aborted ? signal.reason : readerLeft),
	});
	return { ...response, message };
}

/** One call's way from its start to its one end. */
function createCallRecord(request: Request, options: CallInterceptorOptions) {
	const { observers, clock } = options;
	const startMs = clock.monotonicMs();
	const { protocol, requestId } = options.contextOf(request);
	const call: Call = { method: request.method, protocol, requestId };
	const subject = () => request.contextValues.get(callSubject);
	let ended = false;

	const end = (failure: CallFailure | undefined) => {
		if (ended) return;
		ended = true;
		const durationMs = clock.monotonicMs() - startMs;
		for (const observer of observers) {
			observer.callEnded(call, { durationMs, wukong: subject(), failure });
		}
	};
	const fail = (error: unknown): ConnectError => {
		const { signal } = request;
		// Work that was broken off says so in many ways; the signal knows why.
		const why = signal.aborted && isAbortError(error) ? signal.reason : error;
		const outgoing = toConnectError(why, subject());
		const reason = reasonIn(outgoing) ?? "";
		end({ code: outgoing.code, reason, cause: outgoing.cause });
		return outgoing;
	};
	return {
		streamStarted() {
			for (const observer of observers) observer.streamStarted(call, subject());
		},
		end,
		fail,
	};
}

function isAbortError(error: unknown): boolean {
	return error instanceof Error && error.name === "AbortError";
}
