import { Agent, request as httpRequest } from "node:http";
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from "node:http2";
import type { Readable, Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Answer, noAnswer } from "../hostile/answer.ts";
import type { Ask } from "./ask.ts";

/** A client of one port, which keeps its connections. */
export interface Caller {
	/** Resolves with the whole answer, or with its start once `isEnough` says so of its body. */
	ask(ask: Ask, isEnough: (body: Buffer) => boolean): Promise<Reply>;
	close(): void;
}

/** What came back. */
export interface Reply extends Answer {
	/** The answer came to its end, by HTTP's own rules. */
	readonly isWhole: boolean;
}

/** Most pieces that a body is sent in. */
const maxPieces = 32;

export function createCaller(port: number): Caller {
	const agent = new Agent({ keepAlive: true });
	let session: ClientHttp2Session | undefined;
	const open = () => {
		if (session === undefined || session.closed || session.destroyed) {
			session = connect(`http://127.0.0.1:${port}`);
			session.on("error", () => {});
		}
		return session;
	};
	return {
		ask: (ask, isEnough) =>
			ask.http === "2" ? askHttp2(open(), ask, isEnough) : askHttp1({ agent, port }, ask, isEnough),
		close() {
			agent.destroy();
			session?.destroy();
		},
	};
}

function askHttp1(
	to: { readonly agent: Agent; readonly port: number },
	ask: Ask,
	isEnough: (body: Buffer) => boolean,
): Promise<Reply> {
	const length = ask.inPieces
		? ["transfer-encoding", "chunked"]
		: ["content-length", String(ask.body.byteLength)];
	const headers = ["host", "localhost", ...ask.headers.flat()];
	if (ask.method === "POST") headers.push(...length);
	return new Promise((resolve) => {
		const request = httpRequest({
			...to,
			host: "127.0.0.1",
			method: ask.method,
			path: ask.target,
			headers,
		});
		request.on("response", (response) => {
			const answer = {
				...noAnswer,
				status: response.statusCode ?? 0,
				headers: new Map(Object.entries(response.headersDistinct).map(toField)),
			};
			read(response, isEnough).then(({ body, isWhole }) => {
				// A stream that goes on is left.
				if (!isWhole) request.destroy();
				resolve({ ...answer, body, isWhole });
			});
		});
		// The answer may come, and the connection end, before the request is out.
		request.on("error", () => resolve({ ...noAnswer, isWhole: false }));
		void write(request, ask);
	});
}

async function askHttp2(
	session: ClientHttp2Session,
	ask: Ask,
	isEnough: (body: Buffer) => boolean,
): Promise<Reply> {
	const stream = session.request(
		[
			":method",
			ask.method,
			":path",
			ask.target,
			":authority",
			"localhost",
			":scheme",
			"http",
		].concat(ask.headers.flat()) as never,
		{ endStream: false },
	);
	let [headers, trailers]: IncomingHttpHeaders[] = [{}, {}];
	stream.on("response", (fields) => {
		headers = fields;
	});
	stream.on("trailers", (fields) => {
		trailers = fields;
	});
	stream.on("error", () => {});
	void write(stream, ask);
	const { body, isWhole } = await read(stream, isEnough);
	stream.close(constants.NGHTTP2_CANCEL);
	return {
		...noAnswer,
		status: Number(headers?.[":status"] ?? 0),
		headers: new Map(Object.entries(headers ?? {}).map(toField)),
		trailers: new Map(Object.entries(trailers ?? {}).map(toField)),
		body,
		isWhole,
	};
}

function read(
	source: Readable,
	isEnough: (body: Buffer) => boolean,
): Promise<{ body: Buffer; isWhole: boolean }> {
	const chunks: Buffer[] = [];
	let isWhole = false;
	return new Promise((resolve) => {
		const finish = () => resolve({ body: Buffer.concat(chunks), isWhole });
		source.on("data", (chunk: Buffer) => {
			chunks.push(chunk);
			if (isEnough(Buffer.concat(chunks))) finish();
		});
		source.on("end", () => {
			isWhole = true;
			// HTTP/2 tells its trailers before.
			finish();
		});
		source.on("close", finish);
		source.on("error", finish);
	});
}

async function write(target: Writable, { body, inPieces }: Ask): Promise<void> {
	if (!inPieces) {
		target.end(body);
		return;
	}
	const pieceBytes = Math.max(1, Math.ceil(body.byteLength / maxPieces));
	for (let at = 0; at < body.byteLength && !target.destroyed; at += pieceBytes) {
		target.write(body.subarray(at, at + pieceBytes));
		await nextTurn();
	}
	target.end();
}

function toField([name, value]: [string, unknown]): [string, string] {
	return [name, Array.isArray(value) ? value.join(", ") : String(value)];
}
