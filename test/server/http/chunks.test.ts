import { expect, test } from "vitest";
import { Chunks } from "../../../server/src/http/chunks.ts";

test.each([1, 9, 15, 16, 4_095, 4_096, 16 * 1_024])(
	"a chunk of %i bytes has its size in hexadecimal digits, and two line ends (RFC 9112, 7.1)",
	(length) => {
		const part = Buffer.alloc(length, "x");
		const chunk = new Chunks().make(part)?.toString();
		expect(chunk).toBe(`${length.toString(16)}\r\n${"x".repeat(length)}\r\n`);
	},
);

test("an empty part makes no chunk: that would be the last one", () => {
	expect(new Chunks().make(Buffer.alloc(0))).toBeUndefined();
});

test("a chunk is made once for all who are written the same part, and few are kept", () => {
	const chunks = new Chunks();
	const parts = Array.from({ length: 4 }, (_, at) => Buffer.from(`part ${at}`));
	const first = parts.map((part) => chunks.make(part));
	expect(parts.map((part) => chunks.make(part))).toEqual(first);
	expect(chunks.make(parts[0] as Buffer)).toBe(first[0]);
	chunks.make(Buffer.from("another"));
	expect(chunks.make(parts[0] as Buffer)).not.toBe(first[0]);
	expect(chunks.make(parts[0] as Buffer)).toEqual(first[0]);
});
