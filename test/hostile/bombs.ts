import { brotliCompressSync, gzipSync } from "node:zlib";

const mebibyte = 1024 * 1024;

/** A megabyte that becomes a gigabyte: a thousand members in one file (RFC 1952, 2.2). */
export function gzipBomb(): Buffer {
	const member = gzipSync(Buffer.alloc(mebibyte, 32));
	return Buffer.concat(Array(1024).fill(member));
}

/** Some bytes that become 16 MiB. */
export function brotliBomb(): Buffer {
	return brotliCompressSync(Buffer.alloc(16 * mebibyte, 32));
}
