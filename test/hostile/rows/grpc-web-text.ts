import {
	brokenFraming,
	invalidRequest,
	served,
	tooLarge,
	unimplemented,
	unsupportedType,
} from "../expectations.ts";
import { post } from "../requests.ts";
import type { Expected, Facts, HostileRow } from "../row.ts";
import { bytesField, envelope, envelopePrefix } from "../wire-bytes.ts";

const good = envelope(bytesField(2, "web-1"));
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
/** As a client writes it that flushes after so many bytes: each piece is padded by itself. */
const inPieces = (bytes: Buffer, size: number) => {
	let text = "";
	for (let at = 0; at < bytes.length; at += size) text += base64(bytes.subarray(at, at + size));
	return text;
};

type Row = readonly [what: string, body: string | Uint8Array, expected: Expected];

function bodies({ maxRequestBytes }: Facts): readonly Row[] {
	return [
		["one piece", base64(good), served],
		["pieces of one byte, each with its padding", inPieces(good, 1), served],
		["pieces of two bytes", inPieces(good, 2), served],
		["pieces of three bytes, without any padding", inPieces(good, 3), served],
		["pieces of four bytes", inPieces(good, 4), served],
		["an empty body", "", unimplemented],
		["two messages", base64(good) + base64(good), unimplemented],
		["bare bytes, as in the binary form", good, invalidRequest],
		[
			"no padding at the end",
			base64(envelope(bytesField(2, "web-10"))).replace(/=+$/, ""),
			invalidRequest,
		],
		["padding that is too long", `${base64(good)}====`, invalidRequest],
		["padding within a group", "A=A=", invalidRequest],
		["a group of padding and one digit", "A===", invalidRequest],
		["digits of the other alphabet", `${base64(good).slice(0, -4)}-_-_`, invalidRequest],
		["a line break", `${base64(good)}\r\n`, invalidRequest],
		["a blank between pieces", `AAAA ${base64(good)}`, invalidRequest],
		["a digit that is no ASCII", Buffer.from([0xff, 0x41, 0x41, 0x41]), invalidRequest],
		["a message that is cut", base64(good.subarray(0, 9)), invalidRequest],
		["an envelope with unknown flags", base64(Buffer.from([2, 0, 0, 0, 0])), brokenFraming],
		["a promised length over the limit", base64(envelopePrefix(0, 0xffff_ffff)), invalidRequest],
		["a message over the limit", base64(envelope(Buffer.alloc(maxRequestBytes + 1))), tooLarge],
		["text over the limit", "A".repeat(4 * maxRequestBytes), tooLarge],
		["garbage in an envelope", base64(envelope(Buffer.from("0f0f0f", "hex"))), invalidRequest],
	];
}

/** gRPC-Web in base64 (grpc/doc/PROTOCOL-WEB.md). */
export function grpcWebTextRows(facts: Facts): HostileRow[] {
	const type = "application/grpc-web-text";
	const read = (contentType: string, expected: Expected, what: string): HostileRow => ({
		id: "",
		what,
		request: post("GetWukong", contentType, { body: base64(good) }),
		expected,
	});
	const rows: HostileRow[] = [
		...bodies(facts).map(([what, body, expected]) => ({
			id: "",
			what,
			request: post("GetWukong", type, { body }),
			expected,
		})),
		read("application/grpc-web-text+proto", served, "the codec by name"),
		read('Application/gRPC-Web-Text ; x="y"', served, "a parameter, and capitals"),
		read("application/grpc-web-text+thrift", unimplemented, "a codec that is not known"),
		read("application/grpc-web-texts", unsupportedType, "a type that only begins so"),
		{
			id: "",
			what: "a method that is not there",
			request: { ...post("GetWukong", type, { body: base64(good) }), target: "/a.B/C" },
			expected: unimplemented,
		},
		{
			id: "",
			what: "a malformed deadline",
			request: post("GetWukong", type, { body: base64(good), headers: [["grpc-timeout", "x"]] }),
			expected: invalidRequest,
		},
		{
			id: "",
			what: "a stream that is refused",
			request: post("WatchWukong", type, { body: "A" }),
			expected: invalidRequest,
		},
	];
	return rows.map((row, index) => ({ ...row, id: `T${index + 1}` }));
}
