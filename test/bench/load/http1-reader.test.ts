import { describe, expect, test } from "vitest";
import { createHttp1Reader } from "./http1-reader.ts";

function read(wire: string, pieceBytes: number): string[] {
	const seen: string[] = [];
	let body = "";
	const push = createHttp1Reader({
		head: (status) => seen.push(`${status}`),
		body: (bytes) => {
			body += bytes.toString();
		},
		end: () => {
			seen.push(body);
			body = "";
		},
	});
	const data = Buffer.from(wire);
	for (let at = 0; at < data.length; at += pieceBytes) push(data.subarray(at, at + pieceBytes));
	return seen;
}

const sized = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const bare = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
const chunked =
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nt: 1\r\n\r\n";

describe.each([1, 2, 3, 7, 1_000])("an HTTP/1.1 reader given pieces of %i bytes", (pieceBytes) => {
	test("finds answers one after another, with a length or in chunks", () => {
		expect(read(sized + chunked + bare + sized, pieceBytes)).toEqual([
			"200",
			"hello",
			"200",
			"abc0123456789",
			"404",
			"",
			"200",
			"hello",
		]);
	});
});

test("an answer whose end cannot be known is refused", () => {
	expect(() => read("HTTP/1.1 200 OK\r\n\r\n", 100)).toThrow(/length/);
	expect(() => read("SSH-2.0-x\r\n\r\n", 100)).toThrow(/not an answer/);
	const badChunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
	expect(() => read(badChunk, 100)).toThrow(/chunk size/);
});
