import { gzipSync } from "node:zlib";
import { createSeededRandom } from "../../support/seeded-random.ts";
import { invalidMessage, invalidWukong } from "../expectations.ts";
import { proto } from "../requests.ts";
import type { Expected, HostileRow } from "../row.ts";
import { bytesField, envelopePrefix, numberField, tag, varint, wireTypes } from "../wire-bytes.ts";

const name = bytesField(2, "web-1");
const unknownField = 99;

/** A creation: the field `wukong` holds a name, and then what is given. */
function wukong(...parts: readonly Uint8Array[]): Buffer {
	return bytesField(1, bytesField(1, "new-1"), ...parts);
}

/** A creation whose spec holds what is given. */
function spec(...parts: readonly Uint8Array[]): Buffer {
	return wukong(bytesField(3, ...parts));
}

function nestedGroups(depth: number): Buffer {
	const groups = (wireType: number) =>
		Buffer.concat(Array(depth).fill(tag(unknownField, wireType)));
	return Buffer.concat([name, groups(wireTypes.startGroup), groups(wireTypes.endGroup)]);
}

function nestedMessages(depth: number): Buffer {
	let message: Buffer = Buffer.alloc(0);
	for (let i = 0; i < depth; i++) message = bytesField(1, message);
	return message;
}

function randomBytes(length: number): Buffer {
	const random = createSeededRandom(20_261_121);
	return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const elevenBytes = Buffer.concat([Buffer.alloc(10, 0x80), hex("01")]);
const jsonText = Buffer.from('{"name":"web-1"}');

/** A label whose entry is given as it stands. */
const label = (entry: Uint8Array) => wukong(bytesField(5, entry));

/** Bytes that are no message: INVALID_REQUEST, where connect's own parser says "internal". */
const rows: readonly (readonly [id: string, what: string, method: string, body: Buffer])[] = [
	["P1", "a tag alone", "GetWukong", hex("12")],
	["P2", "a length past the end", "GetWukong", hex("12 05 61")],
	["P3", "a varint of 11 bytes", "CreateWukong", spec(tag(1, wireTypes.varint), elevenBytes)],
	["P4", "a cut varint", "ListWukongs", hex("18 80")],
	["P5", "wire type 6", "GetWukong", Buffer.concat([name, hex("16")])],
	["P6", "wire type 7", "GetWukong", Buffer.concat([name, hex("17")])],
	["P7", "the field number 0", "GetWukong", Buffer.concat([name, hex("02 01 61")])],
	[
		"P8",
		"a field number over 29 bits",
		"GetWukong",
		Buffer.concat([name, tag(536_870_912, wireTypes.varint), hex("01")]),
	],
	["P9", "the end of a group alone", "GetWukong", Buffer.concat([name, tag(unknownField, 4)])],
	["P10", "a group without its end", "GetWukong", Buffer.concat([name, tag(unknownField, 3)])],
	["P11", "101 nested groups", "GetWukong", nestedGroups(101)],
	["P13", "the byte FF in a string", "GetWukong", bytesField(2, hex("ff"))],
	["P14", "an overlong form in a string", "GetWukong", bytesField(2, hex("c0 80"))],
	["P15", "a surrogate in a string", "GetWukong", bytesField(2, hex("ed a0 80"))],
	["P16", "a length over 2^31", "GetWukong", Buffer.concat([hex("12"), varint(2 ** 31 + 1)])],
	[
		"P17",
		"a fixed32 of three bytes",
		"GetWukong",
		Buffer.concat([name, tag(unknownField, wireTypes.fixed32), hex("01 02 03")]),
	],
	["P19", "a cut map entry", "CreateWukong", label(hex("0a 05 61"))],
	["P21", "64 KiB of chance", "GetWukong", randomBytes(64 * 1024)],
	["P22", "JSON", "GetWukong", jsonText],
	["P23", "gzip that is not called so", "GetWukong", gzipSync(jsonText)],
	[
		"P24",
		"an envelope's prefix",
		"GetWukong",
		Buffer.concat([envelopePrefix(0, name.length), name]),
	],
	["P32", "an int32 over 32 bits", "CreateWukong", spec(numberField(1, 2n ** 32n + 4n))],
	// Taken for a length, the number would make this a sound message.
	[
		"P36",
		"a number where a string is due",
		"GetWukong",
		Buffer.concat([numberField(2, 5), Buffer.from("web-1")]),
	],
	["P36", "bytes where a number is due", "ListWukongs", bytesField(3, "abc")],
	["P36", "a number where a message is due", "CreateWukong", numberField(1, 5)],
];

/** Bytes that a strict parser reads, and whose content is refused. */
const readable: readonly (readonly [string, string, Buffer, Expected])[] = [
	[
		"P12",
		"101 nested messages where text is due",
		bytesField(1, nestedMessages(101)),
		invalidMessage,
	],
	[
		"P20",
		"a map entry nested in itself",
		label(
			Buffer.concat([bytesField(1, "app"), bytesField(2, bytesField(1, "a"), bytesField(2, "b"))]),
		),
		invalidWukong,
	],
];

export const connectProtoWire: readonly HostileRow[] = [
	...rows.map(([id, what, method, body]) => ({
		id,
		what,
		request: proto(method, body),
		expected: invalidMessage,
	})),
	...readable.map(([id, what, body, expected]) => ({
		id,
		what,
		request: proto("CreateWukong", body),
		expected,
	})),
];
