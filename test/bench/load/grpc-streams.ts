import { procedure } from "../payload/procedure.ts";
import { envelope } from "./envelope.ts";
import { type H2Connection, openH2Connection } from "./h2-connection.ts";
import type { StreamOpener } from "./stream-opener.ts";

/** Streams on one connection, as many as the strictest common server takes. */
const streamsPerConnection = 100;

/**
 * Watches over gRPC, many on each connection.
 * @param requests taken in turn, a stream each
 */
export function createGrpcStreams(server: URL, requests: readonly Uint8Array[]): StreamOpener {
	const path = procedure("WatchWukong");
	const calls = requests.map((request) => ({ path, body: envelope(request) }));
	const connections: H2Connection[] = [];
	let opened = 0;

	const connectionOf = (stream: number) => {
		const place = Math.floor(stream / streamsPerConnection);
		const connection = connections[place] ?? openH2Connection(server, calls);
		connections[place] = connection;
		return connection;
	};
	return {
		open(handler) {
			const stream = opened++;
			const ended = (problem: string | undefined) => handler.ended(problem ?? "the stream ended");
			connectionOf(stream).request({ data: handler.bytes, ended }, stream % calls.length);
		},
		close() {
			for (const connection of connections) connection.close();
		},
	};
}
