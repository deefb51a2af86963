import { WireType } from "@bufbuild/protobuf/wire";

/** Steps through bytes in protobuf's binary form without making anything of them. */
export interface WireReader {
	/** Where the next byte is; behind all bytes where they ended too early. */
	readonly at: number;
	/** The lower 32 bits of the varint here, without sign. */
	varint(): number;
	/** The varint that was read last is a number of 32 bits, with sign or without. */
	readonly fits32Bits: boolean;
	/** Passes over a value of the wire type. */
	skip(wireType: number): void;
	/** Goes on elsewhere. */
	moveTo(at: number): void;
}

const overrun = Number.POSITIVE_INFINITY;

/** A reader at the first byte. Whatever the bytes are, it never fails: it ends. */
export function createWireReader(bytes: Uint8Array): WireReader {
	let at = 0;
	let high = 0;
	let low = 0;

	function varint(): number {
		low = 0;
		high = 0;
		for (let shift = 0; shift < 70; shift += 7) {
			const byte = bytes[at++];
			if (byte === undefined) break;
			const bits = byte & 0x7f;
			if (shift < 28) low |= bits << shift;
			else if (shift === 28) {
				low |= bits << 28;
				high = bits >>> 4;
			} else high |= bits << (shift - 32);
			if (byte < 0x80) return low >>> 0;
		}
		at = overrun;
		return 0;
	}

	/** A group ends where all that began within it have ended; nesting costs no stack. */
	function skipGroup(): void {
		for (let open = 1; open > 0 && at < bytes.byteLength; ) {
			const wireType = varint() & 7;
			if (wireType === WireType.StartGroup) open++;
			else if (wireType === WireType.EndGroup) open--;
			else skip(wireType);
		}
	}

	function skip(wireType: number): void {
		switch (wireType) {
			case WireType.Varint:
				varint();
				break;
			case WireType.Bit64:
				at += 8;
				break;
			case WireType.LengthDelimited: {
				// In this order: the varint moves `at`.
				const length = varint();
				at += length;
				break;
			}
			case WireType.StartGroup:
				skipGroup();
				break;
			case WireType.Bit32:
				at += 4;
				break;
			default:
				at = overrun;
		}
	}

	return {
		get at() {
			return at;
		},
		get fits32Bits() {
			return high === 0 || (high === -1 && low < 0);
		},
		varint,
		skip,
		moveTo(place) {
			at = place;
		},
	};
}
