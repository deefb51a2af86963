import { isMessage, type Registry } from "@bufbuild/protobuf";
import {
	ConnectError,
	type ContextKey,
	createContextKey,
	type Interceptor,
	type ServiceImplSpec,
} from "@connectrpc/connect";
import { metadataFieldsOf } from "../../http/fields.ts";
import type { TransportLimits } from "../../http/limits.ts";
import { leaveOnAbort } from "../call/leave-on-abort.ts";
import {
	type Compression,
	createConnectHandlerFactory,
	createGrpcHandlerFactory,
	createGrpcWebHandlerFactory,
	createUniversalServiceHandlers,
	type UniversalHandler,
} from "../connect-internals.ts";
import type { RpcObserver } from "../observer.ts";

/** Options of connect's handlers. */
export interface HandlerOptions {
	readonly services: readonly ServiceImplSpec[];
	/** Interceptors between two of our own: the first one marks that a call got so far, the last one enforces deadlines. */
	readonly interceptors: readonly Interceptor[];
	readonly limits: Pick<TransportLimits, "maxRequestBytes">;
	readonly compressions: readonly Compression[];
	readonly observer: Pick<RpcObserver, "unexpected">;
	/** Types that a google.protobuf.Any may hold. */
	readonly registry: Registry;
}

/**
 * Creates connect's own handlers for Connect, gRPC and gRPC-Web, one for each procedure. They refuse
 * JSON names that the contract lacks and text that is not UTF-8: read leniently, a misspelt
 * `validateOnly` would delete.
 */
export function createConnectHandlers(options: HandlerOptions): UniversalHandler[] {
	const jsonOptions = {
		ignoreUnknownFields: false,
		registry: options.registry,
		textDecoder: new TextDecoder("utf-8", { fatal: true }),
	};
	const handlerOptions = {
		acceptCompression: [...options.compressions],
		binaryOptions: { readUnknownFields: false },
		readMaxBytes: options.limits.maxRequestBytes,
		jsonOptions,
		interceptors: [
			createFaultReporter(options.observer),
			markReached,
			...options.interceptors,
			leaveOnAbort,
		],
	};
	const factories = [
		createConnectHandlerFactory(handlerOptions),
		createGrpcHandlerFactory(handlerOptions),
		createGrpcWebHandlerFactory(handlerOptions),
	];
	return options.services.flatMap((spec) => createUniversalServiceHandlers(spec, factories));
}

/** Finds in the context values whether a call got past connect's own checks. */
export const reachedKey: ContextKey<boolean> = createContextKey(false, {
	description: "an interceptor was reached",
});

/** Marks that a call reached the interceptors. */
const markReached: Interceptor = (next) => (request) => {
	request.contextValues.set(reachedKey, true);
	return next(request);
};

/**
 * Creates the outermost interceptor: reports whatever is thrown and is no ConnectError. connect
 * itself answers that with INTERNAL and reports nothing.
 */
function createFaultReporter(observer: Pick<RpcObserver, "unexpected">): Interceptor {
	const report = (error: unknown): never => {
		if (!(error instanceof ConnectError)) observer.unexpected(error);
		// connect takes a stream that throws `undefined` for one that has ended.
		throw error ?? new TypeError("what was thrown is no error");
	};
	return (next) => async (request) => {
		try {
			const response = await next(request);
			// Malformed metadata and messages: connect would answer INTERNAL, and report nothing.
			metadataFieldsOf(response.header);
			metadataFieldsOf(response.trailer);
			if (!response.stream) {
				if (isMessage(response.message, response.method.output)) return response;
				throw new TypeError("what an interceptor answered with is no response message");
			}
			return { ...response, message: reporting(response.message, report) };
		} catch (error) {
			return report(error);
		}
	};
}

async function* reporting<T>(
	messages: AsyncIterable<T>,
	report: (error: unknown) => never,
): AsyncIterable<T> {
	try {
		yield* messages;
	} catch (error) {
		report(error);
	}
}
