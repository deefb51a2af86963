import { createConnection } from "node:net";
import { frame, h2Preface, h2SettingsAck, headersFrame } from "../../support/h2-frames.ts";
import { createH2Reader, frameFlags, frameTypes } from "./h2-reader.ts";

/** Who reads the answer on one stream. */
export interface H2Handler {
	data(bytes: Buffer): void;
	/** Nothing more comes. @param problem undefined: the trailers say grpc-status 0 */
	ended(problem: string | undefined): void;
}

/** One HTTP/2 connection, as cheap as a load must be: it knows just enough of RFC 9113. */
export interface H2Connection {
	/** @param place of the call among those that the connection was opened with; default: 0 */
	request(handler: H2Handler, place?: number): void;
	/** Closes it; handlers are told nothing more. */
	close(): void;
}

/** The most that the protocol allows: the load's slowness is not measured. */
const maxWindowBytes = 2 ** 31 - 1;
const firstWindowBytes = 65_535;

/** One gRPC call, its message in its envelope. */
export interface H2Call {
	readonly path: string;
	readonly body: Buffer;
}

/**
 * Opens a connection on which the same gRPC calls are made, again and again. It asks the server
 * not to index header fields, so that trailers can be read without an HPACK decoder.
 */
export function openH2Connection(server: URL, calls: readonly H2Call[]): H2Connection {
	const handlers = new Map<number, H2Handler>();
	const templates = calls.map((call) => {
		const frames = requestFrames(server, call);
		return { frames, bodyAt: frames.length - call.body.length - frameHeadBytes };
	});
	let lastStreamId = -1;
	let consumedBytes = 0;
	let closed = false;

	const socket = createConnection({ host: server.hostname, port: Number(server.port) });
	socket.setNoDelay(true);
	const end = (id: number, problem: string | undefined) => {
		const handler = handlers.get(id);
		handlers.delete(id);
		if (!closed) handler?.ended(problem);
	};
	const fail = (why: string) => {
		socket.destroy();
		for (const id of [...handlers.keys()]) end(id, why);
		closed = true;
	};
	const consume = (bytes: number) => {
		consumedBytes += bytes;
		if (consumedBytes < maxWindowBytes / 2) return;
		socket.write(frame(frameTypes.windowUpdate, 0, 0, number32(consumedBytes)));
		consumedBytes = 0;
	};
	const read = createH2Reader({
		data(id, bytes) {
			consume(bytes.length);
			handlers.get(id)?.data(bytes);
		},
		frame({ type, flags, id, payload }) {
			const ends = (flags & frameFlags.endStream) !== 0;
			if (type === frameTypes.headers && ends) end(id, trailersProblem(payload));
			else if (type === frameTypes.data && ends) end(id, "the stream ended without trailers");
			else if (type === frameTypes.reset) end(id, `reset with ${payload.readUInt32BE(0)}`);
			else if (type === frameTypes.goAway) fail(`GOAWAY with ${payload.readUInt32BE(4)}`);
			else if (type === frameTypes.settings && flags === 0) socket.write(h2SettingsAck);
			else if (type === frameTypes.ping && flags === 0) {
				socket.write(frame(frameTypes.ping, frameFlags.ack, 0, payload));
			}
		},
	});
	socket.on("data", (chunk: Buffer) => {
		try {
			read(chunk);
		} catch (error) {
			fail((error as Error).message);
		}
	});
	socket.on("error", (error) => fail(error.message));
	socket.on("close", () => fail("the connection was closed"));
	socket.write(greeting);

	return {
		request(handler, place = 0) {
			if (closed) return handler.ended("the connection was closed");
			const template = templates[place];
			if (template === undefined) throw new RangeError(`no call at ${place}`);
			lastStreamId += 2;
			handlers.set(lastStreamId, handler);
			const frames = Buffer.from(template.frames);
			frames.writeUInt32BE(lastStreamId, streamIdAt);
			frames.writeUInt32BE(lastStreamId, template.bodyAt + streamIdAt);
			socket.write(frames);
		},
		close() {
			closed = true;
			socket.destroy();
		},
	};
}

const frameHeadBytes = 9;
const streamIdAt = 5;

const greeting = Buffer.concat([
	h2Preface,
	// HEADER_TABLE_SIZE 0 and INITIAL_WINDOW_SIZE (RFC 9113, 6.5.2).
	frame(frameTypes.settings, 0, 0, setting(1, 0), setting(4, maxWindowBytes)),
	frame(frameTypes.windowUpdate, 0, 0, number32(maxWindowBytes - firstWindowBytes)),
]);

function requestFrames(server: URL, { path, body }: H2Call): Buffer {
	const head = headersFrame(0, {
		":method": "POST",
		":scheme": "http",
		":path": path,
		":authority": server.host,
		"content-type": "application/grpc+proto",
		te: "trailers",
	});
	return Buffer.concat([head, frame(frameTypes.data, frameFlags.endStream, 0, body)]);
}

/** The field grpc-status with the value 0, its name with and without Huffman coding (RFC 7541). */
const statusOk = ["889acac8b21234da8f0130", "0b677270632d7374617475730130"].map((hex) =>
	Buffer.from(hex, "hex"),
);

function trailersProblem(block: Buffer): string | undefined {
	return statusOk.some((field) => block.includes(field)) ? undefined : "no grpc-status 0";
}

function setting(id: number, value: number): Buffer {
	return Buffer.concat([Buffer.from([0, id]), number32(value)]);
}

function number32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
}
