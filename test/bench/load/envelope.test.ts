import { expect, test } from "vitest";
import { createEnvelopeReader, envelope } from "./envelope.ts";

const first = envelope(Buffer.from("hello"));
const empty = envelope(Buffer.alloc(0));
const last = Buffer.from([2, 0, 0, 0, 2, 0x7b, 0x7d]);
const stream = Buffer.concat([first, empty, last]);

test.each([1, 2, 3, 5, 7, 100])("messages are found in pieces of %i bytes", (pieceBytes) => {
	const seen: [flags: number, text: string | undefined][] = [];
	const push = createEnvelopeReader({
		collects: () => true,
		message: (flags, bytes) => seen.push([flags, bytes?.toString()]),
	});
	for (let at = 0; at < stream.length; at += pieceBytes) {
		push(stream.subarray(at, at + pieceBytes));
	}
	expect(seen).toEqual([
		[0, "hello"],
		[0, ""],
		[2, "{}"],
	]);
});

test("a message that nobody wants is counted without its bytes", () => {
	const seen: unknown[] = [];
	const push = createEnvelopeReader({
		collects: () => false,
		message: (flags, bytes) => seen.push([flags, bytes]),
	});
	push(stream);
	expect(seen).toEqual([
		[0, undefined],
		[0, undefined],
		[2, undefined],
	]);
});
