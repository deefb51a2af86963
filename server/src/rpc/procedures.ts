import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { DirectProcedure } from "./call/serve.ts";
import type { UniversalHandler } from "./connect-internals.ts";
import { createConnectHandlers, type HandlerOptions } from "./universal/connect-handlers.ts";

/** One procedure of a service, and how it is answered. */
export interface Procedure {
	/** As in `/novasphere.v1.WukongService/GetWukong`. */
	readonly path: string;
	readonly method: DescMethod;
	readonly isUnary: boolean;
	/** Unary and without side effects, so it may be asked for by GET. */
	readonly allowsGet: boolean;
	/** Those with one request message; undefined: by connect's own handler. */
	readonly direct: DirectProcedure | undefined;
	readonly universal: UniversalHandler;
}

/**
 * The procedures of all services.
 * @param options.way "universal": all by connect's own handlers, the reference that the direct way
 * is compared with
 */
export function createProcedures(
	options: HandlerOptions & { readonly way: "direct" | "universal" },
): Procedure[] {
	const direct = new Map<DescMethod, DirectProcedure>();
	for (const { methods } of options.way === "direct" ? options.services : []) {
		for (const spec of Object.values(methods)) {
			if (spec.kind === "unary")
				direct.set(spec.method, { spec, interceptors: options.interceptors });
			if (spec.kind === "server_streaming") {
				direct.set(spec.method, { spec, interceptors: options.interceptors });
			}
		}
	}
	return createConnectHandlers(options).map((universal) => {
		const { method } = universal;
		const isUnary = method.methodKind === "unary";
		return {
			path: universal.requestPath,
			method,
			isUnary,
			allowsGet: isUnary && method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS,
			direct: direct.get(method),
			universal,
		};
	});
}
