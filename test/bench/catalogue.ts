import type { BenchCase } from "./case.ts";
import { createFanOutCase } from "./fan-out-case.ts";
import { createStartUpCase } from "./start-up-case.ts";
import { getCall, listCall } from "./unary-call.ts";
import { createUnaryCase } from "./unary-case.ts";

const unary = [
	createUnaryCase({
		id: "get-json",
		title: "Get, JSON, HTTP/1.1",
		wire: "http1-json",
		call: getCall,
	}),
	createUnaryCase({
		id: "list-json",
		title: "List 100, JSON, HTTP/1.1",
		wire: "http1-json",
		call: listCall,
	}),
	createUnaryCase({ id: "get-grpc", title: "Get, gRPC", wire: "grpc", call: getCall }),
	createUnaryCase({ id: "list-grpc", title: "List 100, gRPC", wire: "grpc", call: listCall }),
];

const wires = { "connect-json": "Connect JSON", grpc: "gRPC" } as const;

function fanOut(wire: keyof typeof wires, streamCounts: readonly number[]): BenchCase[] {
	return streamCounts.map((streams) =>
		createFanOutCase({
			id: `watch-${wire}-${streams}`,
			title: `Watch, ${streams.toLocaleString("en")} streams, ${wires[wire]}`,
			wire,
			streams,
		}),
	);
}

/** Every case, in the order of the scoreboard. */
export function fullCatalogue(): BenchCase[] {
	const streamCounts = [10, 100, 1_000];
	return [
		...unary,
		...fanOut("connect-json", streamCounts),
		...fanOut("grpc", streamCounts),
		createStartUpCase(),
	];
}

/** Every kind of case, but with few streams: for a smoke. */
export function quickCatalogue(): BenchCase[] {
	return [
		...unary,
		...fanOut("connect-json", [100]),
		...fanOut("grpc", [100]),
		createStartUpCase(),
	];
}
