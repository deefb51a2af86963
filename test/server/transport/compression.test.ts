import { brotliCompressSync, gzipSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { createCompressions } from "../../../server/src/transport/compression.ts";

const maxBytes = 1_000;
const compressors = { gzip: gzipSync, br: brotliCompressSync };

describe.each(createCompressions(maxBytes))("$name", (compression) => {
	const compress = compressors[compression.name as keyof typeof compressors];

	test("comes back as it was", async () => {
		const bytes = new TextEncoder().encode("a word ".repeat(100));
		expect(await compression.decompress(await compression.compress(bytes), maxBytes)).toEqual(
			Buffer.from(bytes),
		);
	});

	test.each([
		["ours", 1e9],
		["connect's", 10],
	])("stops at the lower limit, %s, before the memory is there", async (_name, readMaxBytes) => {
		const bomb = compress(Buffer.alloc(Math.min(readMaxBytes, maxBytes) + 1));
		await expect(compression.decompress(bomb, readMaxBytes)).rejects.toMatchObject({
			code: Code.ResourceExhausted,
		});
	});

	test("refuses what is no such data", async () => {
		const call = compression.decompress(Buffer.from("not compressed"), maxBytes);
		await expect(call).rejects.toMatchObject({ code: Code.InvalidArgument });
	});

	test("takes nothing for nothing", async () => {
		expect(await compression.decompress(new Uint8Array(), maxBytes)).toHaveLength(0);
	});
});
