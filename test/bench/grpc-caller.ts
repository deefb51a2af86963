import type { ClientHttp2Session } from "node:http2";
import type { Answer, Caller } from "./caller.ts";
import { envelope, envelopeHeadBytes } from "./envelope.ts";
import { grpcHeaders, openGrpcSession } from "./grpc-session.ts";
import type { UnaryCall } from "./unary-call.ts";

/** Callers that share one connection. */
export function createGrpcCallers(server: URL, call: UnaryCall, count: number): Caller[] {
	const headers = grpcHeaders(call.path);
	const frame = envelope(call.request);
	let session: ClientHttp2Session | undefined;
	const connected = () => {
		if (session === undefined || session.closed || session.destroyed) {
			session = openGrpcSession(server);
		}
		return session;
	};

	const caller: Caller = {
		call: () =>
			new Promise<Answer>((resolve, reject) => {
				const stream = connected().request(headers);
				const parts: Buffer[] = [];
				let httpStatus = 0;
				let grpcStatus: unknown = "missing";
				stream.on("response", (head) => {
					httpStatus = head[":status"] ?? 0;
					grpcStatus = head["grpc-status"] ?? grpcStatus;
				});
				stream.on("data", (chunk: Buffer) => parts.push(chunk));
				stream.on("trailers", (trailers) => {
					grpcStatus = trailers["grpc-status"] ?? grpcStatus;
				});
				stream.on("error", reject);
				stream.on("close", () =>
					resolve({
						ok: httpStatus === 200 && grpcStatus === "0",
						status: `HTTP ${httpStatus}, grpc-status ${grpcStatus}`,
						body: withoutEnvelope(parts),
					}),
				);
				stream.end(frame);
			}),
		close: () => session?.destroy(),
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
