import { describe, expect, test } from "vitest";
import { createTextReader, type TextFrames } from "./text-frames.ts";

function readIn(frames: TextFrames, text: string, pieceBytes: number, collects = true) {
	const messages: (string | undefined)[] = [];
	const push = createTextReader(frames, {
		collects: () => collects,
		message: (_flags, bytes) => void messages.push(bytes?.toString()),
	});
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length; at += pieceBytes) push(bytes.subarray(at, at + pieceBytes));
	return messages;
}

const events = 'retry: 1000\n\nevent: synced\nid: 7\ndata: {"a":1}\n\ndata: {"b":2}\n\n';

describe.each([1, 3, 1_000])("text in pieces of %i bytes", (pieceBytes) => {
	test("is a message for each line", () => {
		expect(readIn("lines", '{"a":1}\n{"b":2}\n', pieceBytes)).toEqual(['{"a":1}', '{"b":2}']);
	});

	test("is a message for each event that has data", () => {
		expect(readIn("events", events, pieceBytes)).toEqual(['{"a":1}', '{"b":2}']);
	});

	test("is counted without being looked at", () => {
		expect(readIn("events", events, pieceBytes, false)).toEqual([undefined, undefined]);
	});
});
