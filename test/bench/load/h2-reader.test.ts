import { expect, test } from "vitest";
import { frame, headersFrame } from "../../support/h2-frames.ts";
import { createH2Reader } from "./h2-reader.ts";

const sent = Buffer.concat([
	frame(4, 0, 0),
	headersFrame(1, { a: "b" }),
	frame(0, 0, 1, Buffer.from("hello")),
	frame(0, 0, 3, Buffer.from("other")),
	frame(0, 1, 1),
	frame(1, 5, 3, Buffer.from("trailers")),
]);

function readIn(pieceBytes: number) {
	const data: Record<number, string> = {};
	const frames: string[] = [];
	const read = createH2Reader({
		data(id, bytes) {
			data[id] = `${data[id] ?? ""}${bytes}`;
		},
		frame: ({ type, flags, id }) => frames.push(`${type} ${flags} ${id}`),
	});
	for (let at = 0; at < sent.length; at += pieceBytes) read(sent.subarray(at, at + pieceBytes));
	return { data, frames };
}

test.each([1, 2, 7, 9, 1_000])("frames are found in pieces of %i bytes", (pieceBytes) => {
	expect(readIn(pieceBytes)).toEqual({
		data: { 1: "hello", 3: "other" },
		frames: ["4 0 0", "1 4 1", "0 0 1", "0 0 3", "0 1 1", "1 5 3"],
	});
});

test("what the reader does not know is an error, not a miscount", () => {
	const read = createH2Reader({ data() {}, frame() {} });
	expect(() => read(frame(0, 8, 1, Buffer.from("padded")))).toThrow(/type 0 with flags 8/);
	const split = createH2Reader({ data() {}, frame() {} });
	expect(() => split(headersFrame(1, {}, { endHeaders: false }))).toThrow(/type 1 with flags 0/);
});
