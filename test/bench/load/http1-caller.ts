import { createConnection, type Socket } from "node:net";
import type { UnaryCall } from "../cases/unary-call.ts";
import type { Answer, Caller } from "./caller.ts";
import { http1Get } from "./http1-get.ts";
import { http1Post } from "./http1-post.ts";
import { createHttp1Reader } from "./http1-reader.ts";

interface Waiting {
	resolve(answer: Answer): void;
	reject(error: Error): void;
}

/** Requests in JSON, ready to be written. */
export function jsonPosts(server: URL, ...calls: readonly UnaryCall[]): readonly Buffer[] {
	return calls.map(({ path, request }) =>
		http1Post({ server, path, contentType: "application/json", body: request }),
	);
}

/** The same calls by REST, ready to be written. */
export function restGets(server: URL, ...calls: readonly UnaryCall[]): readonly Buffer[] {
	return calls.map(({ restTarget: path }) =>
		http1Get({ server, path, accept: "application/json" }),
	);
}

/** A caller that can also send what was not known beforehand. */
export interface Http1Caller extends Caller {
	/** @throws Error as `call` does */
	send(post: Buffer): Promise<Answer>;
}

/**
 * Calls in JSON over one kept-alive HTTP/1.1 connection.
 * @param posts what `call` sends, by place. Default: none.
 */
export function createHttp1Caller(server: URL, posts: readonly Buffer[] = []): Http1Caller {
	let socket: Socket | undefined;
	let waiting: Waiting | undefined;

	const fail = (error: Error) => {
		socket?.destroy();
		socket = undefined;
		waiting?.reject(error);
		waiting = undefined;
	};
	const connect = () => {
		let status = 0;
		let body: Buffer[] = [];
		const read = createHttp1Reader({
			head: (newStatus) => {
				status = newStatus;
			},
			body: (bytes) => body.push(bytes),
			end: () => {
				const answer = { ok: status === 200, status: `HTTP ${status}`, body };
				body = [];
				waiting?.resolve(answer);
			},
		});
		const opened = createConnection({ host: server.hostname, port: Number(server.port) });
		opened.setNoDelay(true);
		opened.on("data", (chunk: Buffer) => {
			try {
				read(chunk);
			} catch (error) {
				fail(error as Error);
			}
		});
		opened.on("error", fail);
		opened.on("close", () => {
			if (socket === opened) fail(new Error("the connection was closed"));
		});
		return opened;
	};

	const send = (post: Buffer) => {
		socket ??= connect();
		socket.write(post);
		return new Promise<Answer>((resolve, reject) => {
			waiting = { resolve, reject };
		});
	};
	return {
		send,
		call(place = 0) {
			const post = posts[place];
			if (post === undefined) throw new RangeError(`no request at ${place}`);
			return send(post);
		},
		close() {
			const closed = socket;
			socket = undefined;
			closed?.destroy();
		},
	};
}
