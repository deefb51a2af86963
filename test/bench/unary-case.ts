import { createAnswerCheck } from "./answer-check.ts";
import type { Caller } from "./caller.ts";
import type { BenchCase } from "./case.ts";
import type { Form } from "./form.ts";
import { createGrpcCallers } from "./grpc-caller.ts";
import { createHttp1Caller } from "./http1-caller.ts";
import { measure } from "./measure.ts";
import type { Payload } from "./payload.ts";
import type { ServerProcess } from "./server-process.ts";
import type { UnaryCall } from "./unary-call.ts";

/** Calls that are under way at any time. */
const concurrency = 16;
/** Connections that gRPC calls share. */
const grpcConnections = 2;

export interface UnaryCaseOptions {
	readonly id: string;
	readonly title: string;
	readonly wire: "http1-json" | "grpc";
	readonly call: (payload: Payload, form: Form) => UnaryCall;
}

/** As many calls as the server answers, a fixed number at a time. */
export function createUnaryCase({ id, title, wire, call }: UnaryCaseOptions): BenchCase {
	return {
		id,
		title,
		unit: "answers",
		async prepare(spec, { payload, faults, start }) {
			const server = await start(spec);
			const encoded = call(payload, wire === "grpc" ? "binary" : "json");
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
					measure(server, async () => {
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
