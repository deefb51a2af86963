import { procedure } from "../payload/procedure.ts";
import { envelope } from "./envelope.ts";
import { type H2Connection, openH2Connection } from "./h2-connection.ts";
import type { StreamOpener } from "./stream-opener.ts";

/** Streams on one connection, as many as the strictest common server takes. */
const streamsPerConnection = 100;

/** Watches over gRPC, many on each connection. */
export function createGrpcStreams(server: URL, request: Uint8Array): StreamOpener {
	const call = { path: procedure("WatchWukong"), body: envelope(request) };
	const connections: H2Connection[] = [];
	let opened = 0;

	const nextConnection = () => {
		const place = Math.floor(opened++ / streamsPerConnection);
		const connection = connections[place] ?? openH2Connection(server, call);
		connections[place] = connection;
		return connection;
	};
	return {
		open(handler) {
			nextConnection().request({
				data: handler.bytes,
				ended: (problem) => handler.ended(problem ?? "the stream ended"),
			});
		},
		close() {
			for (const connection of connections) connection.close();
		},
	};
}
