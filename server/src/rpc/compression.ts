import { promisify } from "node:util";
import {
	brotliCompress as brotliCompressCallback,
	brotliDecompress as brotliDecompressCallback,
	gunzip as gunzipCallback,
	gzip as gzipCallback,
	constants as zlib,
} from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import type { TransportLimits } from "../http/limits.ts";
import type { Compression } from "./connect-internals.ts";
import { createParallelLimit } from "./parallel-limit.ts";

const gzip = promisify(gzipCallback);
const gunzip = promisify(gunzipCallback);
const brotliCompress = promisify(brotliCompressCallback);
const brotliDecompress = promisify(brotliDecompressCallback);

const brotliOptions = { params: { [zlib.BROTLI_PARAM_QUALITY]: 4 } };

/**
 * gzip at level 1 and brotli at quality 4. The default quality of 11 costs 300
 * times the work of gzip for a list, and a caller buys it with one header.
 * Decompression stops at `maxDecompressedBytes` (or connect's limit, if lower)
 * with RESOURCE_EXHAUSTED; data that is not what it claims is INVALID_ARGUMENT.
 * At most `maxParallelCompressions` messages are worked on at a time, in both directions together.
 */
export function createCompressions(
	limits: Pick<TransportLimits, "maxDecompressedBytes" | "maxParallelCompressions">,
): Compression[] {
	const { maxDecompressedBytes } = limits;
	// One limit for all: they share Node's threads, which files and names need, too.
	const inTurn = createParallelLimit(limits.maxParallelCompressions);
	const limit = (readMaxBytes: number) => ({
		maxOutputLength: Math.min(readMaxBytes, maxDecompressedBytes),
	});
	return [
		{
			name: "gzip",
			compress: async (bytes) => owned(await inTurn(() => gzip(bytes, { level: 1 }))),
			decompress: (bytes, readMaxBytes) =>
				decompressed(bytes, () => inTurn(() => gunzip(bytes, limit(readMaxBytes)))),
		},
		{
			name: "br",
			compress: async (bytes) => owned(await inTurn(() => brotliCompress(bytes, brotliOptions))),
			decompress: (bytes, readMaxBytes) =>
				decompressed(bytes, () => inTurn(() => brotliDecompress(bytes, limit(readMaxBytes)))),
		},
	];
}

async function decompressed(
	bytes: Uint8Array,
	run: () => Promise<Buffer>,
): Promise<Uint8Array<ArrayBuffer>> {
	if (bytes.byteLength === 0) return new Uint8Array(0);
	try {
		return owned(await run());
	} catch (error) {
		const tooLarge = error instanceof RangeError;
		throw new ConnectError(
			tooLarge ? "the message is too large after decompression" : "decompression failed",
			tooLarge ? Code.ResourceExhausted : Code.InvalidArgument,
			undefined,
			undefined,
			error,
		);
	}
}

/** zlib never answers with shared memory; the types do not say so. */
function owned(buffer: Buffer): Uint8Array<ArrayBuffer> {
	return buffer as Uint8Array<ArrayBuffer>;
}
