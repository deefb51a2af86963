import type { ErrorReason } from "@novasphere/wukong-gen/error";
import fc from "fast-check";
import { isFailure } from "../../server/src/failure.ts";

/** One parser, or what stands before one, under inputs that nobody thought of. */
export interface FuzzTarget {
	readonly name: string;
	readonly property: fc.IAsyncProperty<unknown> | fc.IProperty<unknown>;
}

/** A target with one generated input; it fails where `run` throws, or gives false. */
export function fuzzTarget<T>(
	name: string,
	input: fc.Arbitrary<T>,
	run: (input: T) => Promise<void> | void,
): FuzzTarget {
	const property = fc.asyncProperty(input, async (value) => run(value));
	return { name, property: property as fc.IAsyncProperty<unknown> };
}

/** What a parser makes of an input; undefined where it refuses it with the reason. */
export function parsedOr<T>(reason: ErrorReason, parse: () => T): T | undefined {
	try {
		return parse();
	} catch (error) {
		if (isFailure(error, reason)) return undefined;
		throw error;
	}
}

/** Throws where a claim does not hold. */
export function claim(what: string, holds: boolean): void {
	if (!holds) throw new Error(`not so: ${what}`);
}

/** Cuts bytes into chunks, at generated places. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Buffer[] {
	const ends = places.map((place) => place % (bytes.byteLength + 1)).sort((a, b) => a - b);
	const starts = [0, ...ends];
	return starts.map((start, i) => Buffer.from(bytes.subarray(start, ends[i] ?? bytes.byteLength)));
}

/** Places for {@link cutAt}. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat(), { maxLength: 6 });

/**
 * Something sound with a few changes: bytes that are changed, put in, left out or repeated. What is
 * wholly random seldom gets past the first byte.
 */
export function mutated(sound: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
	const change = fc.record({
		kind: fc.constantFrom("set", "insert", "remove", "repeat"),
		at: fc.nat(),
		byte: fc.oneof(fc.constantFrom(0, 0x0a, 0x0d, 0x7f, 0x80, 0xff), fc.nat(255)),
		length: fc.nat(16),
	});
	return fc.tuple(sound, fc.array(change, { maxLength: 4 })).map(([bytes, changes]) => {
		let result: Uint8Array = bytes;
		for (const { kind, at, byte, length } of changes) {
			const place = at % (result.byteLength + 1);
			const before = result.subarray(0, place);
			const part = result.subarray(place, place + length);
			const after = result.subarray(place + length);
			const middle = {
				set: [Buffer.alloc(part.byteLength, byte)],
				insert: [Buffer.alloc(length, byte), part],
				remove: [],
				repeat: [part, part],
			}[kind] as Uint8Array[];
			result = Buffer.concat([before, ...middle, after]);
		}
		return result;
	});
}
