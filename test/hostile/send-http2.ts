import { type ClientHttp2Stream, connect, type IncomingHttpHeaders } from "node:http2";
import { connect as connectTcp } from "node:net";
import { until } from "../support/until.ts";
import { type Answer, noAnswer } from "./answer.ts";
import { byteByByte } from "./byte-writer.ts";
import type { HostileRequest } from "./row.ts";
import type { Sending } from "./send-http1.ts";

/** Sends a request on a connection of its own. */
export async function sendHttp2(
	port: number,
	request: HostileRequest,
	sending: Sending,
): Promise<Answer> {
	const socket = connectTcp({ port, host: "127.0.0.1", noDelay: true });
	const session = connect("http://localhost", {
		createConnection: () => (sending.manner === "whole" ? socket : byteByByte(socket)),
	});
	session.on("error", () => {});
	try {
		const stream = session.request(headersOf(request), { endStream: false });
		if (request.open === true) stream.write(request.body);
		else stream.end(request.body);
		return await readAnswer(stream, sending.untilText);
	} finally {
		session.destroy();
		socket.destroy();
	}
}

async function readAnswer(
	stream: ClientHttp2Stream,
	untilText: string | undefined,
): Promise<Answer> {
	let [headers, trailers]: IncomingHttpHeaders[] = [{}, {}];
	const chunks: Buffer[] = [];
	let isOver = false;
	stream.on("response", (fields) => {
		headers = fields;
	});
	stream.on("trailers", (fields) => {
		trailers = fields;
	});
	stream.on("data", (chunk: Buffer) => chunks.push(chunk));
	stream.on("error", () => {});
	// An answer may be whole before the request is.
	for (const event of ["end", "close"]) {
		stream.on(event, () => {
			isOver = true;
		});
	}
	const body = () => Buffer.concat(chunks);
	const isEnough = () => untilText !== undefined && body().includes(untilText);
	await until("the answer has come", () => isOver || isEnough());
	return {
		...noAnswer,
		status: Number(headers?.[":status"] ?? 0),
		headers: fieldsOf(headers),
		trailers: fieldsOf(trailers),
		body: body(),
	};
}

function headersOf({ method, target, headers }: HostileRequest): Record<string, string> {
	const result: Record<string, string> = { ":method": method, ":path": target };
	for (const [name, value] of headers) result[name === "host" ? ":authority" : name] = value;
	return result;
}

function fieldsOf(headers: IncomingHttpHeaders | undefined): Map<string, string> {
	return new Map(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
}
