import { brotliCompressSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { envelopePrefix } from "../hostile/wire-bytes.ts";

/** What a request says of its compression, and what it does. */
export interface Packing {
	/** Name in the header; undefined: no header. */
	readonly named: string | undefined;
	readonly done: "gzip" | "br" | undefined;
	/** The envelope, where there is one, says that it is compressed. */
	readonly isFlagged: boolean;
}

export const notPacked: Packing = { named: undefined, done: undefined, isFlagged: false };

export const packing: fc.Arbitrary<Packing> = fc.oneof(
	{ weight: 8, arbitrary: fc.constant(notPacked) },
	{
		weight: 2,
		arbitrary: fc
			.constantFrom("gzip" as const, "br" as const)
			.map((name) => ({ named: name, done: name, isFlagged: true })),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			named: fc.constantFrom(undefined, "gzip", "br", "identity", "zstd", "GZIP", ""),
			done: fc.constantFrom(undefined, "gzip" as const, "br" as const),
			isFlagged: fc.boolean(),
		}),
	},
);

/** What is done to the envelopes of a request. */
export interface Wrapping {
	/** Besides "compressed". */
	readonly flags: number;
	/** What the prefix says more than there is. */
	readonly extraBytes: number;
	readonly copies: number;
	readonly tail: readonly number[];
	/** Bytes that are missing at the end. */
	readonly cutBytes: number;
}

/** One envelope, as it should be. */
export const oneEnvelope: Wrapping = { flags: 0, extraBytes: 0, copies: 1, tail: [], cutBytes: 0 };

const mostly = <T>(usual: T, ...others: readonly T[]) =>
	fc.oneof(
		{ weight: 16, arbitrary: fc.constant(usual) },
		{ weight: 1, arbitrary: fc.constantFrom(...others) },
	);

export const wrapping: fc.Arbitrary<Wrapping> = fc.record({
	flags: mostly(0, 2, 4, 0x80, 0xfe),
	extraBytes: mostly(0, 1, -1, 70_000, 2 ** 32 - 1),
	copies: mostly(1, 0, 2),
	tail: mostly([], [0], [0, 0, 0, 0, 0], [2, 0, 0, 0, 2, 0x7b, 0x7d]),
	cutBytes: mostly(0, 1, 4, 1_000),
});

/** A message as its body holds it: compressed as said, within envelopes or bare. */
export function pack(
	message: Buffer,
	{ done, isFlagged }: Packing,
	wrap: Wrapping | undefined,
): Buffer {
	const packed = done === undefined ? message : compressors[done](message);
	if (wrap === undefined) return packed;
	const length = Math.min(2 ** 32 - 1, Math.max(0, packed.byteLength + wrap.extraBytes));
	const one = Buffer.concat([envelopePrefix(wrap.flags | (isFlagged ? 1 : 0), length), packed]);
	const whole = Buffer.concat([...Array<Buffer>(wrap.copies).fill(one), Buffer.from(wrap.tail)]);
	return whole.subarray(0, Math.max(0, whole.byteLength - wrap.cutBytes));
}

const compressors = { gzip: gzipSync, br: brotliCompressSync };
