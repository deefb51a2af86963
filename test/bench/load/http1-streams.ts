import { createConnection, type Socket } from "node:net";
import { createHttp1Reader } from "./http1-reader.ts";
import type { StreamOpener } from "./stream-opener.ts";

/**
 * Streams, each on an HTTP/1.1 connection of its own.
 * @param requests as they are written to a socket; taken in turn, a stream each
 */
export function createHttp1Streams(server: URL, requests: readonly Uint8Array[]): StreamOpener {
	const sockets: Socket[] = [];
	let closed = false;
	return {
		open(handler) {
			const socket = createConnection({ host: server.hostname, port: Number(server.port) });
			const end = (why: string) => {
				if (!closed) handler.ended(why);
			};
			const read = createHttp1Reader({
				head: (status) => {
					if (status !== 200) end(`HTTP ${status}`);
				},
				body: handler.bytes,
				end: () => end("the stream ended"),
			});
			socket.on("data", (chunk: Buffer) => {
				try {
					read(chunk);
				} catch (error) {
					end((error as Error).message);
					socket.destroy();
				}
			});
			socket.on("error", (error) => end(error.message));
			socket.on("close", () => end("the connection was closed"));
			socket.write(requests[sockets.length % requests.length] ?? "");
			sockets.push(socket);
		},
		close() {
			closed = true;
			for (const socket of sockets) socket.destroy();
		},
	};
}
