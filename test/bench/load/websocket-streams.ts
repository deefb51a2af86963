import { createConnection, type Socket } from "node:net";
import type { EnvelopeHandler } from "./envelope.ts";
import type { StreamHandler, StreamOpener } from "./stream-opener.ts";
import { createClientMessage, createMessageReader, emptyPong } from "./websocket-frames.ts";

const headEnd = "\r\n\r\n";
const idStart = Buffer.from('"id":"');
const quote = 0x22;
/** Where a message says its type: `{"type":"events"` or `{"type":"status"`. */
const typeAt = 9;
const eventsInitial = 0x65;

interface OpenSocket {
	readonly handlers: StreamHandler[];
	send(message: Buffer): void;
}

/**
 * Subscriptions on WebSockets, so many on each. A handler is given one whole `events` message at a
 * time.
 * @param queries JSON, taken in turn, a subscription each
 */
export function createWebSocketStreams(
	server: URL,
	queries: readonly string[],
	perSocket: number,
): StreamOpener {
	const sockets: Socket[] = [];
	let opened = 0;
	let closed = false;
	let last: OpenSocket | undefined;

	function openSocket(): OpenSocket {
		const socket = createConnection({ host: server.hostname, port: Number(server.port) });
		const handlers: StreamHandler[] = [];
		let early: Buffer[] = [];
		const end = (why: string) => {
			if (!closed) for (const handler of handlers) handler.ended(why);
		};
		const take = (message: Buffer) => {
			const start = message.indexOf(idStart) + idStart.length;
			const id = message.toString("latin1", start, message.indexOf(quote, start));
			if (message[typeAt] !== eventsInitial) end(message.toString());
			else handlers[Number(id)]?.bytes(message);
		};
		const read = createMessageReader(take, () => void socket.write(emptyPong));
		let head: string | undefined = "";
		socket.on("data", (chunk: Buffer) => {
			try {
				if (head === undefined) return read(chunk);
				head += chunk.toString("latin1");
				const at = head.indexOf(headEnd);
				if (at === -1) return;
				if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(head);
				const rest = Buffer.from(head.slice(at + headEnd.length), "latin1");
				head = undefined;
				for (const message of early) socket.write(message);
				early = [];
				read(rest);
			} catch (error) {
				end((error as Error).message);
				socket.destroy();
			}
		});
		socket.on("error", (error) => end(error.message));
		socket.on("close", () => end("the connection was closed"));
		socket.write(
			[
				"GET /api/v1/ws HTTP/1.1",
				`Host: ${server.host}`,
				"Connection: Upgrade",
				"Upgrade: websocket",
				"Sec-WebSocket-Version: 13",
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
				headEnd,
			]
				.join("\r\n")
				.replace(/\r\n\r\n\r\n/, headEnd),
		);
		sockets.push(socket);
		return {
			handlers,
			// Nothing may come before the handshake is answered: Gorilla's server hangs up then.
			send: (message) => void (head === undefined ? socket.write(message) : early.push(message)),
		};
	}

	return {
		open(handler) {
			const place = opened % perSocket;
			if (last === undefined || place === 0) last = openSocket();
			last.handlers.push(handler);
			const query = queries[opened++ % queries.length] ?? "{}";
			const message = `{"type":"subscribe","id":"${place}","query":${query}}`;
			last.send(createClientMessage(message));
		},
		close() {
			closed = true;
			for (const socket of sockets) socket.destroy();
		},
	};
}

const modified = Buffer.from('"type":"MODIFIED"');

/** Reads the events of whole `events` messages: counts changes where they are not wanted. */
export function createEventsReader(handler: EnvelopeHandler): (message: Buffer) => void {
	return (message) => {
		if (handler.collects()) {
			for (const event of JSON.parse(message.toString()).events) {
				handler.message(0, Buffer.from(JSON.stringify(event)));
			}
			return;
		}
		for (let at = message.indexOf(modified); at !== -1; at = message.indexOf(modified, at + 1)) {
			handler.message(0, undefined);
		}
	};
}
