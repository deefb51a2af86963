import { createAnswerCheck } from "../load/answer-check.ts";
import type { Caller } from "../load/caller.ts";
import { createGrpcCallers } from "../load/grpc-caller.ts";
import { createHttp1Caller } from "../load/http1-caller.ts";
import { usualObjects } from "../servers/roster.ts";
import type { ServerProcess } from "../servers/server-process.ts";
import type { BenchCase, CaseName } from "./case.ts";
import { measureRate } from "./rate.ts";
import type { MakeCall, UnaryCall } from "./unary-call.ts";

/** Calls that are under way at any time. */
const concurrency = 16;
/** Connections that gRPC calls share. */
const grpcConnections = 2;

export interface UnaryCaseOptions extends CaseName {
	readonly wire: "http1-json" | "grpc";
	readonly call: MakeCall;
	/** VMs that each server holds. Default: 100. */
	readonly objects?: number;
}

/** As many calls as the server answers, a fixed number at a time. */
export function createUnaryCase(options: UnaryCaseOptions): BenchCase {
	const { title, wire, call, objects = usualObjects } = options;
	return {
		...options,
		async prepare(spec, { payload, faults, start }) {
			const stored = payload(objects);
			const server = await start(spec, stored);
			const encoded = call(stored, wire === "grpc" ? "binary" : "json");
			const callers = createCallers(server, encoded, wire);
			const name = `${title}, ${spec.name}`;
			const check = createAnswerCheck({ name, faults, isRight: encoded.isRight });

			const callUntil = async (caller: Caller, endMs: number) => {
				do {
					try {
						check.judge(await caller.call());
					} catch (error) {
						// Ends this caller's window, so that a server that is down is not asked a million times.
						faults.add(`${name}: ${(error as Error).message}`);
						return;
					}
				} while (performance.now() < endMs);
			};
			return {
				run: (windowMs) =>
					measureRate(server, async () => {
						const rightBefore = check.right;
						const endMs = performance.now() + windowMs;
						await Promise.all(callers.map((caller) => callUntil(caller, endMs)));
						return check.right - rightBefore;
					}),
				async close() {
					for (const caller of callers) caller.close();
					await server.stop();
				},
			};
		},
	};
}

function createCallers(
	server: ServerProcess,
	call: UnaryCall,
	wire: UnaryCaseOptions["wire"],
): Caller[] {
	if (wire === "http1-json") {
		return Array.from({ length: concurrency }, () => createHttp1Caller(server.http1, call));
	}
	return Array.from({ length: grpcConnections }, () =>
		createGrpcCallers(server.http2, call, concurrency / grpcConnections),
	).flat();
}
