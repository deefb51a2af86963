import { brotliBomb, gzipBomb } from "../bombs.ts";
import {
	invalidRequest,
	invalidWukong,
	served,
	tooLarge,
	unimplemented,
	unsupportedType,
} from "../expectations.ts";
import { post, proto } from "../requests.ts";
import type { Expected, Facts, Fields, HostileRow } from "../row.ts";
import { bytesField, envelope, numberField } from "../wire-bytes.ts";

const validateOnly = numberField(2, 1);
const disk = bytesField(3, bytesField(1, "root"), bytesField(2, "10Gi"), numberField(4, 1));
const machine = [numberField(1, 2), bytesField(2, "4Gi"), disk];
const name = bytesField(2, "web-1");

/** A creation that would be fine but for what is given of its spec. */
function createSpec(...parts: readonly Uint8Array[]): Buffer {
	const wukong = [bytesField(1, "new-1"), bytesField(3, ...machine, ...parts)];
	return Buffer.concat([bytesField(1, ...wukong), validateOnly]);
}

/** A creation that would be fine but for these labels. */
function createLabels(...entries: readonly Uint8Array[]): Buffer {
	const wukong = [bytesField(1, "new-1"), bytesField(3, ...machine), ...entries];
	return Buffer.concat([bytesField(1, ...wukong), validateOnly]);
}

function label(key: string, value: string): Buffer {
	return bytesField(5, bytesField(1, key), bytesField(2, value));
}

/** A watch whose heartbeat interval holds the given seconds and nanoseconds. */
function interval(seconds: number | bigint, nanos: number): HostileRow["request"] {
	const duration = bytesField(6, numberField(1, seconds), numberField(2, nanos));
	return post("WatchWukong", "application/connect+proto", { body: envelope(duration) });
}

const contains = (text: string): Expected => ({ kind: "served", contains: text });
const network = (vlanId: number) => bytesField(4, bytesField(1, "default"), numberField(4, vlanId));
const marker = "nobody-knows-this";

/** Messages that decode: by protobuf's rules for what comes twice, and by the contract's. */
const content: readonly (readonly [string, string, HostileRow["request"], Expected])[] = [
	["P25", "no bytes: an empty message", proto("GetWukong", ""), invalidRequest],
	[
		"P26",
		"a scalar twice: the last one counts",
		proto("GetWukong", Buffer.concat([bytesField(2, "none"), name])),
		contains("web-1"),
	],
	[
		"P27",
		"a message twice: merged",
		proto(
			"CreateWukong",
			Buffer.concat([
				bytesField(1, bytesField(1, "new-1")),
				bytesField(1, bytesField(3, ...machine)),
				validateOnly,
			]),
		),
		contains("new-1"),
	],
	[
		"P28",
		"a map key twice: the last one counts",
		proto("CreateWukong", createLabels(label("app", "first"), label("app", "second"))),
		{ kind: "served", contains: "second", lacks: "first" },
	],
	[
		"P29",
		"an unknown field: dropped",
		proto("CreateWukong", createSpec(bytesField(9_999, marker))),
		{ kind: "served", contains: "new-1", lacks: marker },
	],
	["P31", "negative cores", proto("CreateWukong", createSpec(numberField(1, -1))), invalidWukong],
	[
		"P33",
		"a bool of 2: true",
		proto(
			"CreateWukong",
			Buffer.concat([
				bytesField(1, bytesField(1, "new-1"), bytesField(3, ...machine)),
				Buffer.from([0x10, 2]),
			]),
		),
		contains("new-1"),
	],
	[
		"P35",
		"a varint with a zero too many",
		proto("ListWukongs", Buffer.from([0x18, 0x80, 0])),
		contains("web-1"),
	],
	[
		"P37",
		"fields in reverse",
		proto("GetWukong", Buffer.concat([name, bytesField(1, "default")])),
		contains("web-1"),
	],
	[
		"P38",
		"an optional scalar twice: the last one counts",
		proto(
			"CreateWukong",
			createSpec(bytesField(4, bytesField(1, "default"), numberField(4, 5_000), numberField(4, 5))),
		),
		contains("new-1"),
	],
	["P41", "more nanoseconds than a second has", interval(1, 2_000_000_000), invalidRequest],
	["P42", "2^62 seconds", interval(2n ** 62n, 0), invalidRequest],
	["P43", "a negative VLAN", proto("CreateWukong", createSpec(network(-1))), invalidWukong],
	["P44", "an empty label key", proto("CreateWukong", createLabels(label("", "x"))), invalidWukong],
	[
		"P45",
		"a label key that is a prototype's",
		proto("CreateWukong", createLabels(label("__proto__", "x"))),
		invalidWukong,
	],
];

/** How messages come: their size, encoding, length and type. */
function frames({ maxRequestBytes }: Facts): HostileRow[] {
	const million = 1_000_000;
	const encoded = (encoding: string, body: Uint8Array, ...more: Fields) =>
		proto("GetWukong", body, ["content-encoding", encoding], ...more);
	const rows: readonly (readonly [string, string, HostileRow["request"], Expected])[] = [
		[
			"P30",
			"an unknown field of 3 MiB",
			proto("GetWukong", Buffer.concat([name, bytesField(9_999, Buffer.alloc(3 * 1024 * 1024))])),
			tooLarge,
		],
		[
			"P39",
			"a million empty disks",
			proto("CreateWukong", createSpec(Buffer.alloc(2 * million, Buffer.from([0x1a, 0])))),
			tooLarge,
		],
		[
			"P40",
			"a million labels",
			proto("CreateWukong", createLabels(Buffer.alloc(2 * million, Buffer.from([0x2a, 0])))),
			tooLarge,
		],
		[
			"P46",
			"a message over the limit",
			proto("GetWukong", Buffer.alloc(maxRequestBytes + 1)),
			tooLarge,
		],
		["P49", "an encoding that is not known", encoded("zstd", name), unimplemented],
		["P50", "a gzip bomb", encoded("gzip", gzipBomb()), tooLarge],
		["P50", "a brotli bomb", encoded("br", brotliBomb()), tooLarge],
		...["x-protobuf", "protobuf", "octet-stream"].map(
			(type) =>
				[
					"P51",
					`application/${type}`,
					post("GetWukong", `application/${type}`, { body: name }),
					unsupportedType,
				] as const,
		),
		[
			"P52",
			"a type with a parameter that means nothing to it (RFC 9110, 8.3.1)",
			post("GetWukong", "application/proto; charset=utf-8", { body: name }),
			served,
		],
		[
			"P53",
			"a cut envelope",
			post("WatchWukong", "application/connect+proto", { body: envelope(name).subarray(0, 8) }),
			invalidRequest,
		],
		[
			"P54",
			"an envelope of no bytes: an empty message",
			post("WatchWukong", "application/connect+proto", { body: envelope("") }),
			{ kind: "stream", contains: "web-1" },
		],
	];
	return rows.map(([id, what, request, expected]) => ({ id, what, request, expected }));
}

/** Connect's binary form, decoded. P47 and P48 are in raw-requests.ts. */
export function connectProtoContent(facts: Facts): HostileRow[] {
	return [
		...content.map(([id, what, request, expected]) => ({ id, what, request, expected })),
		...frames(facts),
	];
}
