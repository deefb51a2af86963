import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { TransportLimits } from "../http/limits.ts";
import type { DirectProcedure } from "./call/invoke-implementation.ts";
import type { UniversalHandler } from "./connect-internals.ts";
import { createConnectHandlers, type HandlerOptions } from "./universal/connect-handlers.ts";

/** One procedure of a service, and how it is answered. */
export interface Procedure {
	/** Path, as in `/novasphere.v1.WukongService/GetWukong`. */
	readonly path: string;
	readonly method: DescMethod;
	readonly isUnary: boolean;
	/** Longest deadline of a call, in milliseconds. */
	readonly maxTimeoutMs: number;
	/**
	 * It is unary and waits for something: a caller that ends its side has left, as that of a stream,
	 * for nothing may be written for long that would show it.
	 */
	readonly isWait: boolean;
	/** True without side effects (`idempotency_level`), so that a GET may ask for it. */
	readonly isReadOnly: boolean;
	/**
	 * The implementation of a procedure with one request message; undefined: connect's handler
	 * answers.
	 */
	readonly direct: DirectProcedure | undefined;
	/** connect's handler. */
	readonly universal: UniversalHandler;
}

/**
 * Lists the procedures of all services.
 * @param options.way "universal": connect's own handlers answer all of them, as the reference that
 * the direct way is compared with
 */
export function createProcedures(
	options: HandlerOptions & {
		readonly way: "direct" | "universal";
		readonly limits: Pick<TransportLimits, "maxStreamTimeoutMs" | "maxUnaryTimeoutMs">;
		/** Longest deadlines of single unary methods, in milliseconds. Default: none has its own. */
		readonly maxTimeoutsMs?: ReadonlyMap<DescMethod, number> | undefined;
	},
): Procedure[] {
	const { interceptors, limits, maxTimeoutsMs } = options;
	const direct = new Map<DescMethod, DirectProcedure>();
	for (const { methods } of options.way === "direct" ? options.services : []) {
		for (const spec of Object.values(methods)) {
			if (spec.kind === "unary") direct.set(spec.method, { spec, interceptors });
			if (spec.kind === "server_streaming") direct.set(spec.method, { spec, interceptors });
		}
	}
	return createConnectHandlers(options).map((universal) => {
		const { method } = universal;
		const isUnary = method.methodKind === "unary";
		const maxTimeoutMs = isUnary ? limits.maxUnaryTimeoutMs : limits.maxStreamTimeoutMs;
		return {
			path: universal.requestPath,
			method,
			isUnary,
			maxTimeoutMs: maxTimeoutsMs?.get(method) ?? maxTimeoutMs,
			isWait: maxTimeoutsMs?.has(method) ?? false,
			isReadOnly: method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS,
			direct: direct.get(method),
			universal,
		};
	});
}

/**
 * Checks for a path that is meant to be a procedure's: one with a service in a package, as in
 * `/a.b.C/D`, whatever is wrong with the rest of it.
 */
export function isProcedurePath(path: string): boolean {
	return /\/\w+(?:\.\w+)*\.[A-Z]\w*(?:\/|$)/.test(path);
}
