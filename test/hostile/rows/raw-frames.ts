import { frame, headersFrame } from "../../support/h2-frames.ts";
import { pathOf } from "../../support/path-of.ts";
import { bytesField, envelope } from "../wire-bytes.ts";

/** Frames of HTTP/2 on stream 1 that break its rules, or its limits. */
export interface RawFrames {
	readonly id: string;
	readonly what: string;
	readonly frames: Buffer;
	/** Codes of RFC 9113, 7, one of which ends the stream or its connection. */
	readonly http2Codes: readonly number[];
}

const protocolError = 1;
const streamClosed = 5;
const enhanceYourCalm = 11;

type Pairs = readonly (readonly [string, string])[];

const pseudo: Pairs = [
	[":method", "POST"],
	[":scheme", "http"],
	[":path", pathOf("GetWukong")],
	[":authority", "localhost"],
];
const fields: Pairs = [
	["content-type", "application/grpc"],
	["te", "trailers"],
];
const endStream = 1;
const body = frame(0, endStream, 1, envelope(bytesField(2, "web-1")));

/** A call with a sound body and this head. */
function call(head: Pairs): Buffer {
	return Buffer.concat([headersFrame(1, head), body]);
}

function withPath(path: string): Pairs {
	return pseudo.map(([name, value]) => [name, name === ":path" ? path : value]);
}

const many: Pairs = Array.from({ length: 200 }, (_, i) => [`x-${i}`, "y"]);

const rows: readonly (readonly [string, string, Buffer, readonly number[]])[] = [
	["R22", "te: gzip", call([...pseudo, ["te", "gzip"]]), [protocolError]],
	["R30", "a path without a slash", call([...withPath("GetWukong"), ...fields]), [protocolError]],
	[
		"R32",
		"a value of 64 KiB",
		call([...pseudo, ...fields, ["x-long", "a".repeat(64 * 1024)]]),
		[protocolError, enhanceYourCalm],
	],
	["R33", "200 fields", call([...pseudo, ...fields, ...many]), [enhanceYourCalm]],
	["R34", "a name in capitals", call([...pseudo, ...fields, ["X-Up", "1"]]), [protocolError]],
	[
		"R35",
		"a connection field",
		call([...pseudo, ...fields, ["connection", "close"]]),
		[protocolError],
	],
	["R36", "two paths", call([...pseudo, [":path", "/b"], ...fields]), [protocolError]],
	["R37", "no method", call([...pseudo.slice(1), ...fields]), [protocolError]],
	["R39", "no authority", call([...pseudo.slice(0, 3), ...fields]), [protocolError]],
	[
		"R43",
		"data after the end",
		Buffer.concat([headersFrame(1, [...pseudo, ...fields]), body, body]),
		[streamClosed],
	],
];

export const rawFrames: readonly RawFrames[] = rows.map(([id, what, frames, http2Codes]) => ({
	id,
	what,
	frames,
	http2Codes,
}));
