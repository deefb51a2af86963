import { pathOf } from "../../support/path-of.ts";
import { gzipBomb } from "../bombs.ts";
import {
	brokenFraming,
	deadlineExceeded,
	invalidRequest,
	served,
	status,
	tooLarge,
	unimplemented,
	unsupportedType,
} from "../expectations.ts";
import { json, post, watchJson } from "../requests.ts";
import type { Facts, HostileRow } from "../row.ts";
import { envelope, envelopePrefix } from "../wire-bytes.ts";

const good = '{"name":"web-1"}';
const gzip = ["content-encoding", "gzip"] as const;

/** Sizes, types, methods, versions and deadlines of unary calls in JSON. */
export function connectJsonProtocol({ maxRequestBytes }: Facts): HostileRow[] {
	const over = `{"name":"${"a".repeat(maxRequestBytes)}"}`;
	return [
		{
			id: "J54",
			what: "a message over the limit",
			request: json("GetWukong", over),
			expected: tooLarge,
		},
		{
			id: "J54",
			what: "the same, and its connection ends",
			request: { ...json("GetWukong", over), open: true },
			expected: { ...tooLarge, closes: true } as HostileRow["expected"],
			over: "HTTP/1.1",
		},
		{
			id: "J55",
			what: "a length of 4 GB that is only promised",
			request: { ...json("GetWukong", "{", ["content-length", "4000000001"]), open: true },
			expected: { ...tooLarge, closes: true } as HostileRow["expected"],
			over: "HTTP/1.1",
		},
		{
			id: "J55",
			what: "a length of 4 GB that is only promised",
			request: { ...json("GetWukong", "{", ["content-length", "4000000001"]), open: true },
			expected: tooLarge,
			over: "HTTP/2",
		},
		{
			id: "J56",
			what: "a gzip bomb",
			request: json("GetWukong", gzipBomb(), gzip),
			expected: tooLarge,
		},
		{
			id: "J57",
			what: "garbage that begins as gzip does",
			request: json("GetWukong", Buffer.from("1f8b0800deadbeef", "hex"), gzip),
			expected: invalidRequest,
		},
		{
			id: "J58",
			what: "an encoding that is not known",
			request: json("GetWukong", good, ["content-encoding", "zstd"]),
			expected: unimplemented,
		},
		...types,
		...methods,
		...versionsAndDeadlines,
	];
}

const types: readonly HostileRow[] = [
	["J59", "text/plain", post("GetWukong", "text/plain", { body: good })],
	["J60", "a form", post("GetWukong", "application/x-www-form-urlencoded", { body: "name=web-1" })],
	["J62", "latin1", post("GetWukong", "application/json; charset=latin1", { body: good })],
	["J63", "the unary type on a stream", post("WatchWukong", "application/json", { body: "{}" })],
	[
		"J63",
		"the stream type on a unary call",
		post("GetWukong", "application/connect+json", { body: envelope(good) }),
	],
].map(([id, what, request]) => ({ id, what, request, expected: unsupportedType }) as HostileRow);

const methods: readonly HostileRow[] = [
	...["PUT", "DELETE", "PATCH", "GET"].map((method) => ({
		id: "J64",
		what: `${method} on a write`,
		request: {
			method,
			target: pathOf("DeleteWukong"),
			headers: [["content-type", "application/json"]] as const,
			body: Buffer.from(method === "GET" ? "" : good),
		},
		expected: status(405, ["allow", "POST"]),
	})),
	{
		id: "J65",
		what: "a method that is not there",
		request: json("RebootWukong", good),
		expected: { ...unimplemented, httpStatus: 404 } as HostileRow["expected"],
	},
];

const versionsAndDeadlines: readonly HostileRow[] = [
	{
		id: "J61",
		what: "no content type at all",
		request: { ...json("GetWukong", good), headers: [] },
		expected: { kind: "served", contains: '"web-1"' },
	},
	{
		id: "J66",
		what: "protocol version 2",
		request: json("GetWukong", good, ["connect-protocol-version", "2"]),
		expected: invalidRequest,
	},
	{ id: "J67", what: "no protocol version", request: json("GetWukong", good), expected: served },
	...["-1", "abc", "12345678901"].map((timeout) => ({
		id: "J68",
		what: `the deadline ${timeout}`,
		request: json("GetWukong", good, ["connect-timeout-ms", timeout]),
		expected: invalidRequest,
	})),
	{
		id: "J69",
		what: "the deadline 0",
		request: json("GetWukong", good, ["connect-timeout-ms", "0"]),
		expected: deadlineExceeded,
	},
	{
		id: "J70",
		what: "a deadline of 115 days",
		request: json("GetWukong", good, ["connect-timeout-ms", "9999999999"]),
		expected: served,
	},
	{
		id: "J79",
		what: "a byte-order mark",
		request: json("GetWukong", `\ufeff${good}`),
		expected: served,
	},
	{
		id: "J80",
		what: "the type in capitals",
		request: post("GetWukong", "APPLICATION/JSON", { body: good }),
		expected: served,
	},
	...['"4"', "4.0", "4e0"].map((cpu) => ({
		id: "J81",
		what: `four cores as ${cpu}`,
		request: json(
			"UpdateWukong",
			`{"wukong":{"name":"web-1","spec":{"cpu":${cpu}}},"validateOnly":true}`,
		),
		expected: { kind: "served", contains: '"cpu":4' } as const,
	})),
];

/** Envelopes of a stream in JSON. J78, half an envelope and then silence, is in late-bodies.ts. */
export const connectJsonStream: readonly HostileRow[] = [
	{ id: "J71", what: "no envelope", request: watchJson(""), expected: unimplemented },
	{
		id: "J72",
		what: "two messages",
		request: watchJson(Buffer.concat([envelope("{}"), envelope("{}")])),
		expected: unimplemented,
	},
	{
		id: "J73",
		what: "a prefix of three bytes",
		request: watchJson(Buffer.alloc(3)),
		expected: invalidRequest,
	},
	{
		id: "J74",
		what: "a prefix that promises 4 GiB",
		request: { ...watchJson(envelopePrefix(0, 0xffff_ffff)), open: true },
		expected: tooLarge,
	},
	{
		id: "J75",
		what: "a compressed message without an encoding",
		request: watchJson(envelope("{}", 1)),
		expected: brokenFraming,
	},
	...[0x80, 0x40].map((flag) => ({
		id: "J76",
		what: `the flag 0x${flag.toString(16)}`,
		request: watchJson(envelope("{}", flag)),
		expected: invalidRequest,
	})),
	{
		id: "J77",
		what: "the end of the stream first",
		request: watchJson(envelope("{}", 2)),
		expected: unimplemented,
	},
];
