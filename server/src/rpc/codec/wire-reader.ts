import { WireType } from "@bufbuild/protobuf/wire";

/** Groups within each other that are passed over. */
const maxGroups = 100;

/**
 * Steps through bytes in protobuf's binary form without making anything of them. Whatever the bytes
 * are, it never fails: it stops being sound, and nothing that it says then counts. A class, because
 * one is made for nearly each request.
 */
export class WireReader {
	/** Place of the next byte. */
	at = 0;
	/** End of the bytes that may be read now. May be set. */
	end: number;
	/** True while all that was read is as protobuf.dev/programming-guides/encoding has it. */
	isSound = true;
	/** The lower and the upper 32 bits of the varint that was read last, without sign. */
	low = 0;
	high = 0;
	readonly #bytes: Uint8Array;

	/** Stands at the first byte. */
	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
		this.end = bytes.byteLength;
	}

	/**
	 * Steps over a varint, of at most 64 bits in ten bytes; returns its lower 32 bits, without sign.
	 */
	varint(): number {
		let low = 0;
		let high = 0;
		for (let count = 0; count < 10 && this.at < this.end; count++) {
			const byte = this.#bytes[this.at++] as number;
			const bits = byte & 0x7f;
			if (count < 4) low |= bits << (7 * count);
			else if (count === 4) {
				low |= bits << 28;
				high = bits >>> 4;
			} else {
				if (count === 9 && bits > 1) break;
				high |= bits << (7 * count - 32);
			}
			if (byte < 0x80) {
				this.low = low >>> 0;
				this.high = high >>> 0;
				return this.low;
			}
		}
		this.#break();
		return 0;
	}

	/** Steps over a tag; returns the number of its field and sets {@link wireType}. */
	tag(): number {
		const tag = this.varint();
		// 29 bits of number and three of type.
		if (this.high !== 0 || tag < 8 || (tag & 7) > WireType.Bit32) this.#break();
		this.wireType = tag & 7;
		return tag >>> 3;
	}

	/** Wire type of the tag that was read last. */
	wireType: number = WireType.Varint;

	/** Steps over a length; what has this length is there. */
	length(): number {
		const length = this.varint();
		if (this.high === 0 && length <= this.end - this.at) return length;
		this.#break();
		return 0;
	}

	/** Steps over so many bytes. */
	pass(bytes: number): void {
		this.at += bytes;
		if (this.at > this.end) this.#break();
	}

	/**
	 * Steps over a value of the wire type.
	 *
	 * @param number of its field: a group ends with it
	 * @returns how many values there were, of those within groups too
	 */
	skip(wireType: number, number: number): number {
		switch (wireType) {
			case WireType.Varint:
				this.varint();
				return 1;
			case WireType.Bit64:
				this.pass(8);
				return 1;
			case WireType.LengthDelimited:
				this.pass(this.length());
				return 1;
			case WireType.StartGroup:
				return this.#skipGroup(number);
			case WireType.Bit32:
				this.pass(4);
				return 1;
			default:
				this.#break();
				return 1;
		}
	}

	/** Nesting costs no stack. */
	#skipGroup(first: number): number {
		const open = [first];
		let count = 1;
		for (; this.isSound && open.length > 0; count++) {
			const number = this.tag();
			if (this.wireType === WireType.StartGroup) {
				open.push(number);
				if (open.length > maxGroups) this.#break();
			} else if (this.wireType === WireType.EndGroup) {
				if (open.pop() !== number) this.#break();
			} else this.skip(this.wireType, number);
		}
		return count;
	}

	/** Stops reading: all loops over bytes end. */
	#break(): void {
		this.isSound = false;
		this.at = this.#bytes.byteLength;
		this.end = 0;
	}
}
