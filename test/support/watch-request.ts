import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import {
	type ClientHttp2Session,
	type ClientHttp2Stream,
	connect as connectHttp2,
	constants,
	type Settings,
} from "node:http2";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { pathOf } from "./path-of.ts";

/** An empty message in an envelope: all that a Watch needs. */
const emptyMessage = Buffer.concat([Buffer.from([0, 0, 0, 0, 2]), Buffer.from("{}")]);

/** Opens an HTTP/2 connection that trusts any certificate; its faults are no concern of the test. */
export async function openSession(
	url: string,
	settings: Settings = {},
): Promise<{ session: ClientHttp2Session; socket: Socket }> {
	const session = connectHttp2(url, { rejectUnauthorized: false, settings });
	session.on("error", () => {});
	const [, socket] = (await once(session, "connect")) as [unknown, Socket];
	return { session, socket };
}

/** Starts a Watch on a session and reads nothing of its body; resolves with its head. */
export async function startH2Watch(session: ClientHttp2Session): Promise<ClientHttp2Stream> {
	const stream = session.request({
		":method": "POST",
		":path": pathOf("WatchWukong"),
		"content-type": "application/connect+json",
	});
	stream.on("error", () => {});
	stream.end(emptyMessage);
	await once(stream, "response");
	return stream;
}

/** Starts a Watch on an HTTP/1.1 connection of its own and reads nothing of its body. */
export async function startH1Watch(
	url: string,
): Promise<{ socket: Socket; body: IncomingMessage }> {
	const start = url.startsWith("https") ? httpsRequest : httpRequest;
	const request = start(`${url}${pathOf("WatchWukong")}`, {
		method: "POST",
		agent: false,
		rejectUnauthorized: false,
		headers: { "content-type": "application/connect+json" },
	} as object);
	request.on("error", () => {});
	request.end(emptyMessage);
	const [body] = (await once(request, "response")) as [IncomingMessage];
	body.on("error", () => {});
	return { socket: body.socket, body };
}

/** Resets a stream with CANCEL. */
export function cancelStream(stream: ClientHttp2Stream): void {
	stream.close(constants.NGHTTP2_CANCEL);
}
