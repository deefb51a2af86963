import { createAnswerCheck } from "../load/answer-check.ts";
import type { Caller } from "../load/caller.ts";
import { createGrpcCallers } from "../load/grpc-caller.ts";
import { createHttp1Caller, jsonPosts, restGets } from "../load/http1-caller.ts";
import { type ServerName, usualObjects } from "../servers/roster.ts";
import type { ServerProcess } from "../servers/server-process.ts";
import type { BenchCase, CaseName } from "./case.ts";
import { measureRate } from "./rate.ts";
import type { MakeCalls, UnaryCall } from "./unary-call.ts";

/** Calls that are under way at any time. */
const concurrency = 16;
/** Connections that gRPC calls share. */
const grpcConnections = 2;
/** Windows that a warm-up may take until each call was made once. */
const mostWarmUps = 4;

/** How calls are sent. */
export type UnaryWire = "http1-json" | "http1-rest" | "grpc";

export interface UnaryCaseOptions extends CaseName {
	readonly wire: UnaryWire;
	/** Wires of single servers, by name, that are measured beside the case's own. Default: none. */
	readonly otherWires?: Readonly<Partial<Record<ServerName, UnaryWire>>>;
	readonly calls: MakeCalls;
	/** VMs that each server holds. Default: 100. */
	readonly objects?: number;
}

/** As many calls as the server answers, a fixed number at a time. */
export function createUnaryCase(options: UnaryCaseOptions): BenchCase {
	const { title, calls, objects = usualObjects } = options;
	return {
		...options,
		async prepare(spec, { payload, faults, start }) {
			const wire = options.otherWires?.[spec.name as ServerName] ?? options.wire;
			const stored = payload(objects);
			const server = await start(spec, stored);
			const encoded = calls(stored, wire === "grpc" ? "binary" : "json");
			const callers = createCallers(server, encoded, wire);
			const name = `${title}, ${spec.name}`;
			const checks = encoded.map(({ isRight }) => createAnswerCheck({ name, faults, isRight }));
			const countRight = () => checks.reduce((sum, { right }) => sum + right, 0);
			let turn = 0;

			const callUntil = async (caller: Caller, endMs: number) => {
				do {
					const place = turn++ % encoded.length;
					try {
						const answer = await caller.call(place);
						checks[place]?.judge(answer);
					} catch (error) {
						// Ends this caller's window, so that a server that is down is not asked a million times.
						faults.add(`${name}: ${(error as Error).message}`);
						return;
					}
				} while (performance.now() < endMs);
			};
			const callFor = async (windowMs: number) => {
				const rightBefore = countRight();
				const endMs = performance.now() + windowMs;
				await Promise.all(callers.map((caller) => callUntil(caller, endMs)));
				return countRight() - rightBefore;
			};
			return {
				run: (windowMs) => measureRate(server, () => callFor(windowMs)),
				async warmUp(windowMs) {
					// What a server keeps of each VM would else be made in the rounds, and by the quick ones more.
					const mostEndMs = performance.now() + windowMs * mostWarmUps;
					do {
						if ((await callFor(windowMs)) === 0) return;
					} while (turn < encoded.length && performance.now() < mostEndMs);
				},
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
	calls: readonly UnaryCall[],
	wire: UnaryWire,
): Caller[] {
	if (wire !== "grpc") {
		const requests = wire === "http1-json" ? jsonPosts : restGets;
		const sent = requests(server.http1, ...calls);
		return Array.from({ length: concurrency }, () => createHttp1Caller(server.http1, sent));
	}
	return Array.from({ length: grpcConnections }, () =>
		createGrpcCallers(server.http2, calls, concurrency / grpcConnections),
	).flat();
}
