import { isMessage } from "@bufbuild/protobuf";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { metadataFieldsOf } from "../../http/fields.ts";
import type { RpcObserver } from "../observer.ts";

/**
 * The outermost interceptor of connect's handlers: tells of what is thrown within and is no error
 * of the protocols'. connect answers it with INTERNAL and says nothing.
 */
export function createFaultTeller(observer: Pick<RpcObserver, "unexpected">): Interceptor {
	const tell = (error: unknown): never => {
		if (!(error instanceof ConnectError)) observer.unexpected(error);
		// connect takes a stream that throws `undefined` for one that has ended.
		throw error ?? new TypeError("what was thrown is no error");
	};
	return (next) => async (request) => {
		try {
			const response = await next(request);
			// What is no metadata and no message connect would answer with INTERNAL, and say nothing.
			metadataFieldsOf(response.header);
			metadataFieldsOf(response.trailer);
			if (!response.stream) {
				if (isMessage(response.message, response.method.output)) return response;
				throw new TypeError("what an interceptor answered with is no response message");
			}
			return { ...response, message: telling(response.message, tell) };
		} catch (error) {
			return tell(error);
		}
	};
}

async function* telling<T>(
	messages: AsyncIterable<T>,
	tell: (error: unknown) => never,
): AsyncIterable<T> {
	try {
		yield* messages;
	} catch (error) {
		tell(error);
	}
}
