import { pathOf } from "../../support/path-of.ts";
import { brotliBomb, gzipBomb } from "../bombs.ts";
import {
	brokenFraming,
	deadlineExceeded,
	invalidRequest,
	served,
	status,
	tooLarge,
	unimplemented,
} from "../expectations.ts";
import { asGrpc, grpc, post } from "../requests.ts";
import type { Expected, Facts, HostileRow } from "../row.ts";
import { bytesField, envelope, envelopePrefix, tag } from "../wire-bytes.ts";
import { connectJsonRules } from "./connect-json-rules.ts";

const name = bytesField(2, "web-1");
const good = envelope(name);
const groups = (wireType: number) => Buffer.concat(Array(101).fill(tag(99, wireType)));

type Quick = readonly [
	id: string,
	what: string,
	request: HostileRow["request"],
	expected: Expected,
];

function messages(): Quick[] {
	const gzip = ["grpc-encoding", "gzip"] as const;
	const one = (body: Uint8Array, expected: Expected, what: string, id: string): Quick => [
		id,
		what,
		grpc("GetWukong", body),
		expected,
	];
	return [
		one(Buffer.alloc(0), unimplemented, "no message", "R1"),
		one(Buffer.concat([good, good]), unimplemented, "two messages", "R2"),
		one(Buffer.alloc(3), invalidRequest, "a prefix of three bytes", "R3"),
		one(good.subarray(0, 8), invalidRequest, "a short message", "R4"),
		[
			"R5",
			"a length over the limit",
			{ ...grpc("GetWukong", envelopePrefix(0, 0xffff_ffff)), open: true },
			tooLarge,
		],
		one(envelope(name, 1), brokenFraming, "compressed without an encoding", "R6"),
		one(envelope(name, 2), brokenFraming, "the flag 2", "R7"),
		one(envelope(name, 0x80), brokenFraming, "the flag 0x80", "R8"),
		one(envelope(name, 0xff), brokenFraming, "the flag 0xff", "R9"),
		one(envelope(Buffer.from("0f0f0f", "hex")), invalidRequest, "garbage", "R10"),
		one(envelope(bytesField(2, Buffer.from([0xff]))), invalidRequest, "no UTF-8", "R11"),
		one(
			envelope(Buffer.concat([name, groups(3), groups(4)])),
			invalidRequest,
			"101 nested groups",
			"R12",
		),
		["R13", "garbage as gzip", grpc("GetWukong", envelope("garbage", 1), gzip), invalidRequest],
		["R14", "a gzip bomb", grpc("GetWukong", envelope(gzipBomb(), 1), gzip), tooLarge],
		[
			"R14",
			"a brotli bomb",
			grpc("GetWukong", envelope(brotliBomb(), 1), ["grpc-encoding", "br"]),
			tooLarge,
		],
		[
			"R15",
			"an unknown encoding",
			grpc("GetWukong", envelope(name, 1), ["grpc-encoding", "zz"]),
			{ ...unimplemented, headers: [["grpc-accept-encoding", "gzip"]] } as Expected,
		],
		[
			"R49",
			"a text of a megabyte that an error might quote",
			post("GetWukong", "application/grpc+json", {
				body: envelope(`{"${"ä".repeat(500_000)}":1}`),
			}),
			invalidRequest,
		],
	];
}

const deadline = (value: string) => grpc("GetWukong", good, ["grpc-timeout", value]);

const deadlines: readonly Quick[] = [
	...["1x", "", "-1S", "123456789S"].map(
		(value): Quick => ["R16", `the deadline "${value}"`, deadline(value), invalidRequest],
	),
	["R17", "the deadline 0n", deadline("0n"), deadlineExceeded],
	["R18", "a deadline of 11,400 years", deadline("99999999H"), served],
	["R19", "the deadline 1n", deadline("1n"), deadlineExceeded],
	[
		"R20",
		"a watch of a millisecond",
		grpc("WatchWukong", envelope(""), ["grpc-timeout", "1m"]),
		{ ...deadlineExceeded, opens: true } as Expected,
	],
];

const target = (path: string) => ({ ...grpc("GetWukong", good), target: path });

const typesAndPaths: readonly Quick[] = [
	["R21", "no te", post("GetWukong", "application/grpc", { body: good }), served],
	[
		"R23",
		"a codec that is not known",
		post("GetWukong", "application/grpc+thrift", { body: good }),
		unimplemented,
	],
	[
		"R24",
		"a type that only begins like gRPC's",
		post("GetWukong", "application/grpcfoo", { body: good }),
		status(415),
	],
	["R25", "GET", { ...grpc("CreateWukong", ""), method: "GET" }, status(405, ["allow", "POST"])],
	["R26", "a method that is not there", grpc("RebootWukong", good), unimplemented],
	["R27", "a service that is not there", target("/novasphere.v1.Other/GetWukong"), unimplemented],
	["R28", "a path with a query", target(`${pathOf("GetWukong")}?x=1`), unimplemented],
	["R29", "a slash at the end", target(`${pathOf("GetWukong")}/`), unimplemented],
	[
		"R31",
		"binary metadata that is none, and that nobody reads",
		grpc("GetWukong", good, ["trace-bin", "!!!"]),
		served,
	],
	["R38", "a malformed authority", grpc("GetWukong", good, ["host", "["]), invalidRequest],
	["R40", "a status in a request", grpc("GetWukong", good, ["grpc-status", "7"]), served],
];

/** gRPC. What a Node client cannot send is in raw-frames.ts; R41–R50 are in grpc-life.test.ts. */
export function grpcRows(facts: Facts): HostileRow[] {
	const quick = [...messages(), ...deadlines, ...typesAndPaths];
	const rules = connectJsonRules(facts).map((row) => ({
		...row,
		id: `R51, ${row.id}`,
		request: asGrpc(row.request),
	}));
	return [
		...quick.map(([id, what, request, expected]) => ({ id, what, request, expected })),
		...rules,
	].map((row) => ({ ...row, over: "HTTP/2" as const }));
}
