import { createServer, type Socket } from "node:net";
import { keepPort } from "../support/kept-port.ts";

/** How a way to the service fails. */
export type Breakage =
	| "nobody listens"
	| "closes before an answer"
	| "resets before an answer"
	| "ends inside an envelope"
	| "ends between envelopes"
	| "breaks inside an envelope"
	| "resets inside an envelope"
	| "ends inside a document"
	| "breaks inside a document"
	| "answers with a page"
	| "answers 502 with a page";

/** A port of 127.0.0.1 that fails each call in one way. Lets pages of every origin in. */
export interface BrokenService extends AsyncDisposable {
	readonly url: string;
}

/** Starts one. The preflights of pages are answered as the service does. */
export async function startBrokenService(breakage: Breakage): Promise<BrokenService> {
	const sockets = new Set<Socket>();
	const { promise: isRead, resolve: told } = Promise.withResolvers<void>();
	const server = createServer((socket) => {
		sockets.add(socket.on("close", () => sockets.delete(socket)).on("error", () => {}));
		socket.on("data", (bytes) => {
			const request = bytes.toString("latin1");
			if (request.startsWith("OPTIONS ")) socket.write(preflight);
			else if (request.startsWith("GET /read ")) told();
			else breakOff[breakage](socket, isRead);
		});
	});
	// Kept: where nobody listens, nobody else's server may answer.
	const port = await keepPort();
	const close = () => {
		for (const socket of sockets) socket.destroy();
		return new Promise<void>((resolve) => server.close(() => resolve()));
	};
	if (breakage !== "nobody listens") {
		await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
	}
	return {
		url: `http://127.0.0.1:${port}`,
		[Symbol.asyncDispose]: breakage === "nobody listens" ? async () => {} : close,
	};
}

const allow = "access-control-allow-origin: *\r\naccess-control-allow-headers: *\r\n";
const preflight = `HTTP/1.1 204 No Content\r\n${allow}\r\n`;
const chunked = "transfer-encoding: chunked\r\n\r\n";
const stream = `HTTP/1.1 200 OK\r\n${allow}content-type: application/connect+json\r\n${chunked}`;
const document = `HTTP/1.1 200 OK\r\n${allow}content-type: application/json\r\n${chunked}`;
const wholeEnvelope = chunk('\0\0\0\0\x14{"type":"HEARTBEAT"}');
const halfEnvelope = chunk('\0\0\0\0\x14{"type":"HEA');
const halfDocument = chunk('{"wukong":{"na');
const lastChunk = "0\r\n\r\n";
const page = `${allow}content-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>`;

function chunk(text: string): string {
	return `${text.length.toString(16)}\r\n${text}\r\n`;
}

const send = (socket: Socket, text: string) => void socket.write(Buffer.from(text, "latin1"));

/** @param isRead settles once the reader of a stream has its event */
type BreakOff = (socket: Socket, isRead: Promise<void>) => void;

const breakOff: Readonly<Record<Breakage, BreakOff>> = {
	"nobody listens": () => {},
	"closes before an answer": (socket) => void socket.end(),
	"resets before an answer": (socket) => void socket.resetAndDestroy(),
	"ends inside an envelope": (socket) =>
		send(socket, stream + wholeEnvelope + halfEnvelope + lastChunk),
	"ends between envelopes": (socket) => send(socket, stream + wholeEnvelope + lastChunk),
	"breaks inside an envelope": (socket) => {
		send(socket, stream + wholeEnvelope + halfEnvelope);
		socket.end();
	},
	"resets inside an envelope": (socket, isRead) => {
		send(socket, stream + wholeEnvelope + halfEnvelope);
		// A reset overtakes what is still on its way.
		isRead.then(() => socket.resetAndDestroy());
	},
	"ends inside a document": (socket) => send(socket, document + halfDocument + lastChunk),
	"breaks inside a document": (socket) => {
		send(socket, document + halfDocument);
		socket.end();
	},
	"answers with a page": (socket) => send(socket, `HTTP/1.1 200 OK\r\n${page}`),
	"answers 502 with a page": (socket) => send(socket, `HTTP/1.1 502 Bad Gateway\r\n${page}`),
};
