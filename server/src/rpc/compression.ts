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

const gzip = promisify(gzipCallback);
const gunzip = promisify(gunzipCallback);
const brotliCompress = promisify(brotliCompressCallback);
const brotliDecompress = promisify(brotliDecompressCallback);

const brotliOptions = { params: { [zlib.BROTLI_PARAM_QUALITY]: 4 } };

/**
 * Creates the compressions: gzip at level 1 and brotli at quality 4. The default quality of 11 costs 300
 * times the work of gzip for a list, and a caller buys it with one header.
 * Decompression stops at `maxDecompressedBytes` (or connect's limit, if lower)
 * with RESOURCE_EXHAUSTED; data that is not what it claims is INVALID_ARGUMENT.
 * At most `maxParallelCompressions` messages are compressed or decompressed at a time.
 */
export function createCompressions(
	limits: Pick<TransportLimits, "maxDecompressedBytes" | "maxParallelCompressions">,
): Compression[] {
	const { maxDecompressedBytes } = limits;
	// One limit for all: they share Node's threads with files and DNS.
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

/** zlib never returns shared memory; its types do not say so. */
function owned(buffer: Buffer): Uint8Array<ArrayBuffer> {
	return buffer as Uint8Array<ArrayBuffer>;
}

/** Runs work at once or when its turn comes; settles as the work does. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Limits how many pieces of work run at a time; the others wait in order. */
export function createParallelLimit(max: number): InTurn {
	const waiting: (() => void)[] = [];
	let running = 0;
	return async (work) => {
		if (running < max) running++;
		// Work that ends passes its place on, so `running` stays as it is.
		else await new Promise<void>((resolve) => waiting.push(resolve));
		try {
			return await work();
		} finally {
			const next = waiting.shift();
			if (next === undefined) running--;
			else next();
		}
	};
}
