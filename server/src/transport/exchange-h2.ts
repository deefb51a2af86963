import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { boundEnd, waitForDrain } from "./backpressure.ts";
import { readBody } from "./body-reader.ts";
import type { Exchange, ExchangeOptions } from "./exchange.ts";

/** An exchange on a stream of HTTP/2, over the stream itself: Node's compatibility API costs a quarter more. */
export function createH2Exchange(
	stream: ServerHttp2Stream,
	raw: readonly string[],
	options: ExchangeOptions,
): Exchange {
	const controller = new AbortController();
	let ended = false;
	const leave = () => {
		if (!ended) controller.abort(new ConnectError("the caller left", Code.Canceled));
	};
	// "aborted" comes at once; "close" may wait for a body that nobody reads.
	stream.on("aborted", leave);
	stream.on("close", leave);
	stream.on("error", () => {});
	const cutOff = () => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
	const { pseudo, authorities, rawHeaders } = splitHeaders(raw);
	return {
		connection: options.connection,
		method: pseudo.get(":method") ?? "",
		target: pseudo.get(":path") ?? "",
		authorities,
		rawHeaders,
		closed: controller.signal,
		readBody: (timeoutMs) => readBody(stream, options, timeoutMs),
		writeHead(head) {
			if (stream.headersSent || stream.destroyed || stream.closed) return;
			const headers = toNodeHeaders(head.headers);
			headers[":status"] = head.status;
			stream.respond(headers, { waitForTrailers: head.trailers === true });
		},
		write: (bytes) => stream.destroyed || stream.writableEnded || stream.write(bytes),
		drained: (stallTimeoutMs) =>
			waitForDrain(stream, { ...options, closed: controller.signal, stallTimeoutMs }, cutOff),
		end(trailers) {
			if (ended) return;
			ended = true;
			if (stream.destroyed || stream.closed) return;
			boundEnd(stream, options, cutOff);
			if (trailers !== undefined) {
				stream.once("wantTrailers", () => {
					if (!stream.destroyed && !stream.closed) stream.sendTrailers(toNodeHeaders(trailers));
				});
			}
			stream.end();
			// The answer stands, so a body that is still on its way is not wanted (RFC 9113, 8.1).
			if (stream.readableEnded || stream.endAfterHeaders) return;
			stream.resume();
			stream.close(constants.NGHTTP2_NO_ERROR);
		},
		abort() {
			ended = true;
			stream.close(constants.NGHTTP2_INTERNAL_ERROR);
		},
	};
}

function toNodeHeaders(
	headers: Iterable<readonly [name: string, value: string]>,
): OutgoingHttpHeaders {
	const result: OutgoingHttpHeaders = {};
	for (const [name, value] of headers) {
		const before = result[name];
		result[name] = before === undefined ? value : `${before}, ${value}`;
	}
	return result;
}

function splitHeaders(raw: readonly string[]) {
	const pseudo = new Map<string, string>();
	const authorities: string[] = [];
	const rawHeaders: string[] = [];
	for (let i = 0; i + 1 < raw.length; i += 2) {
		const name = raw[i] as string;
		const value = raw[i + 1] as string;
		if (name === ":authority" || name === "host") authorities.push(value);
		if (name.startsWith(":")) pseudo.set(name, value);
		else rawHeaders.push(name, value);
	}
	return { pseudo, authorities, rawHeaders };
}
