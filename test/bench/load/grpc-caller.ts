import type { UnaryCall } from "../cases/unary-call.ts";
import type { Answer, Caller } from "./caller.ts";
import { envelope, envelopeHeadBytes } from "./envelope.ts";
import { type H2Connection, openH2Connection } from "./h2-connection.ts";

/** Callers that share one connection. */
export function createGrpcCallers(
	server: URL,
	calls: readonly UnaryCall[],
	count: number,
): Caller[] {
	const framed = calls.map(({ path, request }) => ({ path, body: envelope(request) }));
	let connection: H2Connection | undefined;

	const caller: Caller = {
		call: (place) =>
			new Promise<Answer>((resolve) => {
				connection ??= openH2Connection(server, framed);
				const parts: Buffer[] = [];
				const ended = (problem: string | undefined) =>
					resolve({
						ok: problem === undefined,
						status: problem ?? "grpc-status 0",
						body: withoutEnvelope(parts),
					});
				connection.request({ data: (bytes) => parts.push(bytes), ended }, place);
			}),
		close: () => connection?.close(),
	};
	return Array.from({ length: count }, () => caller);
}

function withoutEnvelope(parts: readonly Buffer[]): readonly Buffer[] {
	const [first, ...others] = parts;
	if (first === undefined) return parts;
	// Split within the five bytes: rare, so joined.
	if (first.length < envelopeHeadBytes) return [Buffer.concat(parts).subarray(envelopeHeadBytes)];
	return [first.subarray(envelopeHeadBytes), ...others];
}
