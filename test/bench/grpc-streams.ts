import type { ClientHttp2Session } from "node:http2";
import { envelope } from "./envelope.ts";
import { grpcHeaders, openGrpcSession } from "./grpc-session.ts";
import { procedure } from "./procedure.ts";
import type { StreamOpener } from "./stream-opener.ts";

/** Streams on one connection, as many as the strictest common server takes. */
const streamsPerConnection = 100;

/** Watches over gRPC, many on each connection. */
export function createGrpcStreams(server: URL, request: Uint8Array): StreamOpener {
	const headers = grpcHeaders(procedure("WatchWukong"));
	const frame = envelope(request);
	const sessions: ClientHttp2Session[] = [];
	let opened = 0;
	let closed = false;

	const nextSession = () => {
		const place = Math.floor(opened++ / streamsPerConnection);
		const session = sessions[place] ?? openGrpcSession(server);
		sessions[place] = session;
		return session;
	};
	return {
		open(handler) {
			const end = (why: string) => {
				if (!closed) handler.ended(why);
			};
			const stream = nextSession().request(headers);
			stream.on("response", ({ ":status": status }) => {
				if (status !== 200) end(`HTTP ${status}`);
			});
			stream.on("data", handler.bytes);
			stream.on("trailers", ({ "grpc-status": status }) => end(`grpc-status ${status}`));
			stream.on("error", (error) => end(error.message));
			stream.on("close", () => end("the stream was closed"));
			stream.end(frame);
		},
		close() {
			closed = true;
			for (const session of sessions) session.destroy();
		},
	};
}
