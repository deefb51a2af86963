import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError, type StreamResponse, type Transport } from "@connectrpc/connect";
import { isLocal, isTypeError } from "./errors.ts";

/**
 * Wraps a transport so that a broken connection is told from what the caller did and from what
 * the service said, whatever carries the calls. Errors that already say it pass as they are.
 *
 * @param tellsUnreached the transport's fetch has told failures before the answer
 */
export function createTellingTransport(transport: Transport, tellsUnreached: boolean): Transport {
	return {
		unary: (...call) =>
			transport.unary(...call).catch((error: unknown) => {
				throw tell(error, { signal: call[1], hasBegun: tellsUnreached });
			}),
		async stream(...call) {
			const signal = call[1];
			const response = await transport.stream(...call).catch((error: unknown) => {
				throw tell(error, { signal, hasBegun: false });
			});
			return withTellingMessages(response, signal);
		},
	};
}

function withTellingMessages<I extends DescMessage, O extends DescMessage>(
	response: StreamResponse<I, O>,
	signal: AbortSignal | undefined,
): StreamResponse<I, O> {
	const { message } = response;
	return {
		...response,
		message: {
			[Symbol.asyncIterator]() {
				const messages = message[Symbol.asyncIterator]();
				return {
					next: () =>
						messages.next().catch((error: unknown) => {
							throw tell(error, { signal, hasBegun: true });
						}),
				};
			},
		},
	};
}

interface Occasion {
	readonly signal: AbortSignal | undefined;
	/** The head of an answer had come. */
	readonly hasBegun: boolean;
}

function tell(reason: unknown, { signal, hasBegun }: Occasion): ConnectError {
	const error = ConnectError.from(reason);
	if (!isLocal(error)) return error;
	// connect-node tells the loss of an HTTP/2 connection as if the caller had cancelled.
	const isLost = error.code === Code.Canceled && signal?.aborted !== true;
	// Fetch tells a network error by a TypeError, before the answer and in it.
	const isNetwork = error.code === Code.Unknown && isTypeError(error);
	if (!isLost && !isNetwork) return error;
	const code = hasBegun || isLost ? Code.Aborted : Code.Unavailable;
	return new ConnectError(error.rawMessage, code, undefined, undefined, error.cause ?? error);
}
