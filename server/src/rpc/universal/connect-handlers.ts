import type { Registry } from "@bufbuild/protobuf";
import type { Interceptor, ServiceImplSpec } from "@connectrpc/connect";
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
import { markReached } from "./interceptors-reached.ts";
import { createFaultTeller } from "./told-faults.ts";

/** What handlers are built from. */
export interface HandlerOptions {
	readonly services: readonly ServiceImplSpec[];
	/** Between our first, which marks that a call got so far, and our last, which enforces deadlines. */
	readonly interceptors: readonly Interceptor[];
	readonly limits: Pick<TransportLimits, "maxRequestBytes">;
	readonly compressions: readonly Compression[];
	readonly observer: Pick<RpcObserver, "unexpected">;
	/** Types that a google.protobuf.Any may hold. */
	readonly registry: Registry;
}

/**
 * connect's own handlers for Connect, gRPC and gRPC-Web, one per procedure. JSON
 * names that the contract lacks, and text that is not UTF-8, are refused: read
 * leniently, a misspelt `validateOnly` would delete.
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
			createFaultTeller(options.observer),
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
