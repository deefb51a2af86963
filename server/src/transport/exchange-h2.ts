import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { afterTurn } from "./after-turn.ts";
import { boundEnd, waitForDrain } from "./backpressure.ts";
import { collectBody } from "./body-collector.ts";
import { readBody } from "./body-reader.ts";
import { Departure } from "./departure.ts";
import type { Exchange, ExchangeOptions } from "./exchange.ts";
import type { Fields } from "./fields.ts";

/** How often it is looked whether an answer is out, whose request is still coming. In ms. */
const uploadPollMs = 10;

/** An exchange on a stream of HTTP/2, over the stream itself: Node's compatibility API costs a quarter more. */
export function createH2Exchange(
	stream: ServerHttp2Stream,
	raw: readonly string[],
	options: ExchangeOptions,
): Exchange {
	const departure = new Departure();
	let ended = false;
	const leave = () => {
		if (!ended) departure.happen();
	};
	// "aborted" comes at once; "close" may wait for a body that nobody reads.
	stream.on("aborted", leave);
	stream.on("close", leave);
	const cutOff = () => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
	/** The answer stands, so a body that is still on its way is not wanted (RFC 9113, 8.1). */
	const stopUpload = () => {
		if (stream.destroyed || stream.closed || stream.readableEnded) return;
		// A reset discards what nghttp2 has not written yet, the end of the answer too.
		if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR);
		else options.clock.setTimer(uploadPollMs, stopUpload);
	};
	const { method, target, authorities, rawHeaders } = splitHeaders(raw);
	return {
		connection: options.connection,
		method,
		target,
		authorities,
		rawHeaders,
		departure,
		collectBody: (limit, done) => collectBody(stream, limit, done),
		readBody: (timeoutMs) => readBody(stream, options, timeoutMs),
		writeHead(head) {
			if (stream.headersSent || stream.destroyed || stream.closed) return;
			stream.respond([":status", String(head.status), ...head.headers], {
				waitForTrailers: head.trailers === true,
				endStream: head.isAll === true,
			});
		},
		reserve: (bytes) => options.unread.reserve(bytes, options.connection, stream),
		write: (bytes) => stream.destroyed || stream.writableEnded || stream.write(bytes),
		drained: (stallTimeoutMs) =>
			waitForDrain(stream, { clock: options.clock, departure, stallTimeoutMs }, cutOff),
		end({ body, trailers } = {}) {
			if (ended) return;
			ended = true;
			if (stream.destroyed || stream.closed) return;
			if (trailers !== undefined) {
				stream.once("wantTrailers", () => {
					if (!stream.destroyed && !stream.closed) stream.sendTrailers(toNodeHeaders(trailers));
				});
			}
			stream.end(body);
			boundEnd(stream, options, cutOff);
			if (stream.readableEnded || stream.endAfterHeaders) return;
			stream.resume();
			afterTurn(stopUpload);
		},
		abort() {
			ended = true;
			stream.close(constants.NGHTTP2_INTERNAL_ERROR);
		},
	};
}

/** Node takes trailers in this form only. */
function toNodeHeaders(fields: Fields): OutgoingHttpHeaders {
	const headers: Record<string, string> = {};
	for (let i = 0; i < fields.length; i += 2) {
		const name = fields[i] as string;
		const before = headers[name];
		headers[name] =
			before === undefined ? (fields[i + 1] as string) : `${before}, ${fields[i + 1]}`;
	}
	return headers;
}

function splitHeaders(raw: readonly string[]) {
	let method = "";
	let target = "";
	const authorities: string[] = [];
	const rawHeaders: string[] = [];
	for (let i = 0; i + 1 < raw.length; i += 2) {
		const name = raw[i] as string;
		const value = raw[i + 1] as string;
		if (name === ":method") method = value;
		else if (name === ":path") target = value;
		if (name === ":authority" || name === "host") authorities.push(value);
		if (!name.startsWith(":")) rawHeaders.push(name, value);
	}
	return { method, target, authorities, rawHeaders };
}
