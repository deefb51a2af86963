import { openRaw, type RawClient } from "../support/raw-client.ts";
import { until } from "../support/until.ts";
import { type Answer, noAnswer, parseHttp1 } from "./answer.ts";
import { type Manner, writeBytes } from "./byte-writer.ts";
import type { HostileRequest } from "./row.ts";

/** How a request is sent, and how much of its answer is waited for. */
export interface Sending {
	readonly manner: Manner;
	/** Wait for this text of a stream that does not end, not for the answer's end. */
	readonly untilText?: string;
}

/** Sends a request on a connection of its own. */
export async function sendHttp1(
	port: number,
	request: HostileRequest,
	sending: Sending,
): Promise<Answer> {
	const client = await openRaw(port);
	try {
		const sent = writeBytes(client.socket, bytesOf(request), sending.manner);
		const answer = await readAnswer(client, request.method === "HEAD", sending.untilText);
		await sent;
		return answer;
	} finally {
		client.socket.destroy();
	}
}

/** Sends bytes as they stand; gives the first answer once the connection has ended. */
export async function sendBytes(
	port: number,
	bytes: Uint8Array,
	options: { readonly manner: Manner; readonly halfClosed?: boolean },
): Promise<Answer> {
	const client = await openRaw(port);
	try {
		await writeBytes(client.socket, bytes, options.manner);
		if (options.halfClosed === true) client.socket.end();
		await client.expectClosed();
		return parseHttp1(Buffer.from(client.received(), "latin1"), true, false) ?? noAnswer;
	} finally {
		client.socket.destroy();
	}
}

async function readAnswer(
	client: RawClient,
	isHead: boolean,
	untilText: string | undefined,
): Promise<Answer> {
	let answer: Answer | undefined;
	await until("the answer has come", () => {
		const enough = untilText !== undefined && client.received().includes(untilText);
		const bytes = Buffer.from(client.received(), "latin1");
		answer = parseHttp1(bytes, enough || client.isClosed(), isHead);
		return answer !== undefined;
	});
	return answer as Answer;
}

function bytesOf({ method, target, headers, body, open }: HostileRequest): Buffer {
	const names = new Set(headers.map(([name]) => name));
	const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
	if (!names.has("host")) lines.unshift("host: localhost\r\n");
	if (!names.has("content-length") && (body.byteLength > 0 || method !== "GET")) {
		// One byte more than there will ever be keeps the request open.
		lines.push(`content-length: ${body.byteLength + (open === true ? 1 : 0)}\r\n`);
	}
	const head = `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
	return Buffer.concat([Buffer.from(head, "latin1"), body]);
}
