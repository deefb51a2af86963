import { createFraming } from "../../codec/codec.ts";
import type { ErrorBody, OpenForm, StreamForm } from "../rest/stream-form.ts";

/** The type that lines are sent as: none is registered. */
export const ndjsonType = "application/x-ndjson";

const lineFeed = 0x0a;

/** Framing of messages as lines of JSON, which itself holds no line break. */
export const lineFraming = createFraming("lines", joinLines, (frame) => frame.subarray(0, -1));

/**
 * Streams as newline-delimited JSON: a message a line. The last line alone has `complete`, and where
 * that is false, the `status` with which the stream has ended: without such a line it was cut off.
 */
const lines: OpenForm = {
	contentType: ndjsonType,
	framing: lineFraming,
	end: (status) => ({ body: lastLine(status, '{"complete":true}') }),
};

/** NDJSON; who takes any JSON gets it, too. */
export const ndjson: StreamForm = {
	name: "ndjson",
	mediaTypes: [ndjsonType, "application/ndjson", "application/jsonl", "application/json"],
	open: () => lines,
};

/** Writes the last line of a stream. @param complete what it says where all went well */
export function lastLine(status: ErrorBody | undefined, complete: string): Buffer {
	const line = status === undefined ? complete : `{"complete":false,"status":${status.json}}`;
	return Buffer.from(`${line}\n`);
}

function joinLines(messages: readonly Uint8Array[]): Buffer {
	let length = messages.length;
	for (const { byteLength } of messages) length += byteLength;
	const bytes = Buffer.allocUnsafe(length);
	let at = 0;
	for (const message of messages) {
		bytes.set(message, at);
		at += message.byteLength;
		bytes[at++] = lineFeed;
	}
	return bytes;
}
