import { WireType } from "@bufbuild/protobuf/wire";

const overrun = Number.POSITIVE_INFINITY;

/**
 * Steps through bytes in protobuf's binary form without making anything of them. Whatever the bytes
 * are, it never fails: it ends. A class, because one is made for nearly each request.
 */
export class WireReader {
	/** Where the next byte is; behind all bytes where they ended too early. May be set. */
	at = 0;
	readonly #bytes: Uint8Array;
	#low = 0;
	#high = 0;

	/** Stands at the first byte. */
	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	/** The varint that was read last is a number of 32 bits, with sign or without. */
	get fits32Bits(): boolean {
		return this.#high === 0 || (this.#high === -1 && this.#low < 0);
	}

	/** The lower 32 bits of the varint here, without sign. */
	varint(): number {
		let low = 0;
		let high = 0;
		let isWhole = false;
		for (let shift = 0; shift < 70 && !isWhole; shift += 7) {
			const byte = this.#bytes[this.at++];
			if (byte === undefined) break;
			const bits = byte & 0x7f;
			if (shift < 28) low |= bits << shift;
			else if (shift === 28) {
				low |= bits << 28;
				high = bits >>> 4;
			} else high |= bits << (shift - 32);
			isWhole = byte < 0x80;
		}
		this.#low = low;
		this.#high = high;
		if (isWhole) return low >>> 0;
		this.at = overrun;
		return 0;
	}

	/** Passes over a value of the wire type. */
	skip(wireType: number): void {
		switch (wireType) {
			case WireType.Varint:
				this.varint();
				break;
			case WireType.Bit64:
				this.at += 8;
				break;
			case WireType.LengthDelimited: {
				// In this order: the varint moves `at`.
				const length = this.varint();
				this.at += length;
				break;
			}
			case WireType.StartGroup:
				this.#skipGroup();
				break;
			case WireType.Bit32:
				this.at += 4;
				break;
			default:
				this.at = overrun;
		}
	}

	/** A group ends where all that began within it have ended; nesting costs no stack. */
	#skipGroup(): void {
		for (let open = 1; open > 0 && this.at < this.#bytes.byteLength; ) {
			const wireType = this.varint() & 7;
			if (wireType === WireType.StartGroup) open++;
			else if (wireType === WireType.EndGroup) open--;
			else this.skip(wireType);
		}
	}
}
