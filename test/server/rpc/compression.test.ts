import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { createCompressions } from "../../../server/src/rpc/compression.ts";

const maxBytes = 1_000;
const compressors = { gzip: gzipSync, br: brotliCompressSync };
const quick = {
	gzip: (bytes: Uint8Array) => gzipSync(bytes, { level: 1 }),
	br: (bytes: Uint8Array) =>
		brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
};

/** Like a page of a list. */
const list = new TextEncoder().encode(
	JSON.stringify(
		Array.from({ length: 500 }, (_, index) => ({
			namespace: "default",
			name: `vm-${index}`,
			uid: `${(index * 2_654_435_761) % 2 ** 32}`,
			status: { phase: index % 3 === 0 ? "Running" : "Stopped", nodeName: `node-${index % 7}` },
		})),
	),
);

const limits = { maxDecompressedBytes: maxBytes, maxParallelCompressions: 2 };

describe.each(createCompressions(limits))("$name", (compression) => {
	const name = compression.name as keyof typeof compressors;
	const compress = compressors[name];

	test("comes back as it was", async () => {
		const bytes = new TextEncoder().encode("a word ".repeat(100));
		expect(await compression.decompress(await compression.compress(bytes), maxBytes)).toEqual(
			Buffer.from(bytes),
		);
	});

	// The default levels cost up to 300 times the work.
	test("is quick rather than small", async () => {
		expect(await compression.compress(list)).toEqual(quick[name](list));
		expect(compress(list)).not.toEqual(quick[name](list));
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
