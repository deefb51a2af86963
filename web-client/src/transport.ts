import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { isLocal, isTypeError } from "./errors.ts";

/** What the client knows of a transport. */
export interface TransportTraits {
	/** Its own fetch tells failures before the answer from those in it. */
	readonly tellsUnreached: boolean;
	/** Deadline of a call that has none of its own, in milliseconds; undefined: the transport's. */
	readonly defaultTimeoutMs: number | undefined;
}

/**
 * Wraps a transport: tells a broken connection from what the caller did and from what the service
 * said, whatever carries the calls. Errors that already say it pass as they are.
 */
export function createTellingTransport(
	transport: Transport,
	{ tellsUnreached, defaultTimeoutMs }: TransportTraits,
): Transport {
	return {
		unary: (method, signal, timeoutMs = defaultTimeoutMs, ...rest) =>
			transport.unary(method, signal, timeoutMs, ...rest).catch(tell(signal, tellsUnreached)),
		async stream(method, signal, ...rest) {
			const response = await transport.stream(method, signal, ...rest).catch(tell(signal, false));
			return {
				...response,
				message: {
					[Symbol.asyncIterator]() {
						const messages = response.message[Symbol.asyncIterator]();
						return { next: () => messages.next().catch(tell(signal, true)) };
					},
				},
			};
		},
	};
}

/** @param hasBegun the head of an answer had come */
function tell(signal: AbortSignal | undefined, hasBegun: boolean): (reason: unknown) => never {
	return (reason) => {
		const error = ConnectError.from(reason);
		// connect-node tells the loss of an HTTP/2 connection as if the caller had cancelled.
		const isLost = error.code === Code.Canceled && signal?.aborted !== true;
		// Fetch tells a network error by a TypeError, before the answer and in it.
		const isNetwork = error.code === Code.Unknown && isTypeError(error);
		if (!isLocal(error) || !(isLost || isNetwork)) throw error;
		const code = hasBegun || isLost ? Code.Aborted : Code.Unavailable;
		throw new ConnectError(error.rawMessage, code, undefined, undefined, error.cause ?? error);
	};
}
