import type { DescMessage } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { type WireField, wireFieldsOf } from "./wire-fields.ts";
import { WireReader } from "./wire-reader.ts";

/** Reason to refuse bytes that a decoder would accept as a message, or would refuse too late. */
export interface WireFault {
	/** `malformed`: protobuf's own grammar is broken, as far as a look without its texts can tell. */
	readonly kind: "malformed" | "wrong_type" | "out_of_range" | "too_deep" | "too_many_entries";
	/** Contract name of the field, from the request's root. */
	readonly field: string;
}

/** Messages within each other, as protobuf-es has it. */
const maxDepth = 100;

/** Values, known or not, for each entry that a message may hold: entries are messages with fields. */
const valuesPerEntry = 10;

/**
 * Checks a message in binary form before anything is made of it (protobuf.dev/programming-guides/
 * encoding). Beside broken grammar it finds what protobuf-es's decoder does not look for: a known
 * field with the wire type of another one, whose value it would take for a length; a number wider
 * than its field, which it would cut; a value that reaches over the end of its message; and so many
 * entries or fields that decoding them would hold up every other call for seconds.
 *
 * @param maxEntries that all lists and maps, and the messages in fields, may come to together
 */
export function findWireFault(
	schema: DescMessage,
	bytes: Uint8Array,
	maxEntries: number,
): WireFault | undefined {
	const valuesLeft = maxEntries * valuesPerEntry;
	const walk = { reader: new WireReader(bytes), entriesLeft: maxEntries, valuesLeft };
	return faultIn({ fields: wireFieldsOf(schema), depth: 1, group: 0 }, walk);
}

interface Place {
	readonly fields: ReadonlyMap<number, WireField>;
	/** 1 at the root. */
	readonly depth: number;
	/** Number of the group that this is; 0: it has a length. */
	readonly group: number;
}

interface Walk {
	readonly reader: WireReader;
	entriesLeft: number;
	valuesLeft: number;
}

/** Finds the first fault from here to the end that the reader has now. */
function faultIn(place: Place, walk: Walk): WireFault | undefined {
	const { reader } = walk;
	if (place.depth > maxDepth) return fault("too_deep");
	while (reader.at < reader.end) {
		const number = reader.tag();
		const { wireType } = reader;
		if (wireType === WireType.EndGroup && reader.isSound) {
			return number === place.group ? undefined : fault("malformed");
		}
		const field = place.fields.get(number);
		if (field === undefined) walk.valuesLeft -= reader.skip(wireType, number);
		else {
			walk.valuesLeft--;
			const found = reader.isSound ? faultInValue(field, place, walk) : undefined;
			if (found !== undefined) return { ...found, field: join(field.name, found.field) };
		}
		if (walk.valuesLeft < 0) return fault("too_many_entries");
	}
	// The end of a group is a tag.
	return reader.isSound && place.group === 0 ? undefined : fault("malformed");
}

function faultInValue(field: WireField, { depth }: Place, walk: Walk): WireFault | undefined {
	const { reader } = walk;
	const { wireType } = reader;
	if (wireType === WireType.LengthDelimited && field.isPackable) return faultInPacked(field, walk);
	if (wireType !== field.wireType) return fault("wrong_type");
	if (field.isEntry && --walk.entriesLeft < 0) return fault("too_many_entries");
	if (field.fields === undefined) {
		reader.skip(wireType, 0);
		return isTooWide(field, reader) ? fault("out_of_range") : undefined;
	}
	const fields = field.fields();
	if (wireType === WireType.StartGroup) {
		return faultIn({ fields, depth: depth + 1, group: field.number }, walk);
	}
	const length = reader.length();
	const { end } = reader;
	reader.end = reader.at + length;
	const found = faultIn({ fields, depth: depth + 1, group: 0 }, walk);
	if (reader.isSound) reader.end = end;
	return found;
}

/** A list of numbers in one piece. */
function faultInPacked(field: WireField, walk: Walk): WireFault | undefined {
	const { reader } = walk;
	const length = reader.length();
	const last = reader.at + length;
	if (field.wireType !== WireType.Varint) {
		const bytesEach = field.wireType === WireType.Bit64 ? 8 : 4;
		reader.pass(length);
		if (length % bytesEach !== 0) return fault("malformed");
		walk.entriesLeft -= length / bytesEach;
		return walk.entriesLeft < 0 ? fault("too_many_entries") : undefined;
	}
	const { end } = reader;
	reader.end = last;
	while (reader.at < reader.end) {
		if (--walk.entriesLeft < 0) return fault("too_many_entries");
		reader.varint();
		if (isTooWide(field, reader)) return fault("out_of_range");
	}
	if (!reader.isSound) return fault("malformed");
	reader.end = end;
	return undefined;
}

/** The varint that was read last has more bits than its field. */
function isTooWide({ width }: WireField, { low, high }: WireReader): boolean {
	if (width === "64 bits") return false;
	// Negative numbers are sent with 64 bits, all upper ones set.
	return high !== 0 && !(width === "32 bits, signed" && high === 0xffff_ffff && low > 0x7fff_ffff);
}

function join(name: string, rest: string): string {
	return rest === "" ? name : `${name}.${rest}`;
}

function fault(kind: WireFault["kind"]): WireFault {
	return { kind, field: "" };
}
