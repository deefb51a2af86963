import { gzipSync } from "node:zlib";
import { pathOf } from "../../support/path-of.ts";
import { brotliBomb } from "../bombs.ts";
import {
	invalidRequest,
	served,
	status,
	tooLarge,
	unimplemented,
	unsupportedType,
} from "../expectations.ts";
import { get } from "../requests.ts";
import type { Expected, Fields, HostileRow } from "../row.ts";

const message = `message=${encodeURIComponent('{"name":"web-1"}')}`;
const good = `connect=v1&encoding=json&${message}`;
const asBase64 = (bytes: Uint8Array | string) =>
	`base64=1&message=${Buffer.from(bytes as string).toString("base64url")}`;
const bomb = Buffer.alloc(10 * 1024 * 1024, 32);

function queries(): HostileRow[] {
	const rows: readonly (readonly [string, string, string, Expected])[] = [
		["G1", "no encoding", message, unsupportedType],
		["G2", "the encoding xml", `encoding=xml&${message}`, unsupportedType],
		["G3", "the encoding twice", `encoding=proto&${good}`, invalidRequest],
		["G4", "no message", "encoding=json", invalidRequest],
		["G5", "the message twice", `${good}&${message}`, invalidRequest],
		["G6", "no base64", "encoding=json&base64=1&message=!!!", invalidRequest],
		["G7", "bad padding", `encoding=json&${asBase64('{"name":"web-1"}')}===`, invalidRequest],
		["G9", "base64=2", `${good}&base64=2`, invalidRequest],
		["G10", "a broken percent sign", "encoding=json&message=%zz", invalidRequest],
		[
			"G11",
			"a byte that is not UTF-8",
			"encoding=json&message=%7B%22name%22:%22%FF%22%7D",
			invalidRequest,
		],
		[
			"G12",
			"U+0000 in a name",
			"encoding=json&message=%7B%22name%22:%22web-1%00%22%7D",
			invalidRequest,
		],
		["G13", "an unknown compression", `${good}&compression=zz`, unimplemented],
		[
			"G14",
			"garbage as gzip",
			`encoding=json&compression=gzip&${asBase64("garbage")}`,
			invalidRequest,
		],
		["G15", "a gzip bomb", `encoding=json&compression=gzip&${asBase64(gzipSync(bomb))}`, tooLarge],
		["G16", "a brotli bomb", `encoding=json&compression=br&${asBase64(brotliBomb())}`, tooLarge],
		["G17", "connect=v2", `encoding=json&connect=v2&${message}`, invalidRequest],
		["G18", "no version", `encoding=json&${message}`, served],
		["G19", "the version twice", `${good}&connect=v1`, invalidRequest],
		["G20", "an unknown parameter", `${good}&x=1`, served],
		["G21", "cut JSON", "encoding=json&message=%7B%22name", invalidRequest],
		[
			"G22",
			"base64 that is not called so",
			`encoding=proto&message=${Buffer.from("\x12\x05web-1").toString("base64url")}`,
			invalidRequest,
		],
		["G24", "a URL of 8 KiB", `${good}&x=${"a".repeat(8 * 1024)}`, served],
	];
	return rows.map(([id, what, query, expected]) => ({
		id,
		what,
		request: get("GetWukong", query),
		expected,
	}));
}

/** In this place the ">" of a selector becomes the "+" that the other alphabet lacks. */
const plus = Buffer.from('{"labelSelector":"cores>1"} ').toString("base64");

const standardAlphabet: HostileRow = {
	id: "G8",
	what: "padded base64 of the standard alphabet",
	request: get("ListWukongs", `encoding=json&base64=1&message=${encodeURIComponent(plus)}`),
	expected: served,
};

/** A GET with more than its query. */
function read(...headers: Fields): HostileRow["request"] {
	return get("GetWukong", good, ...headers);
}

const methodsAndTypes: readonly HostileRow[] = [
	{
		id: "G25",
		what: "a write",
		request: get("CreateWukong", "encoding=json&message=%7B%7D"),
		expected: status(405, ["allow", "POST"]),
	},
	{
		id: "G26",
		what: "a stream",
		request: get("WatchWukong", "encoding=json&message=%7B%7D"),
		expected: status(405, ["allow", "POST"]),
	},
	{
		id: "G27",
		what: "HEAD",
		request: { ...read(), method: "HEAD" },
		expected: { kind: "served", lacks: "web-1" },
	},
	{
		id: "G28",
		what: "a body that nobody asked for, cut",
		request: { ...read(["content-length", "100"]), body: Buffer.from("{"), open: true },
		expected: { kind: "status", httpStatus: 200, closes: true },
		over: "HTTP/1.1",
	},
	{
		id: "G29",
		what: "the type text/plain",
		request: read(["content-type", "text/plain"]),
		expected: unsupportedType,
	},
	{
		id: "G30",
		what: "the type application/json",
		request: read(["content-type", "application/json"]),
		expected: served,
	},
];

const browsersAndHosts: readonly HostileRow[] = [
	{
		id: "G32",
		what: "a page without an origin",
		request: read(["origin", "null"]),
		expected: status(403),
	},
	{
		id: "G33",
		what: "a host that is not served",
		request: read(["host", "evil.example"]),
		expected: status(421),
	},
	{
		id: "G36",
		what: "an absolute target of another host",
		request: { ...read(), target: `http://evil.example${pathOf("GetWukong")}?${good}` },
		expected: status(421),
		over: "HTTP/1.1",
	},
	{
		id: "G35",
		what: "a fragment",
		request: { ...read(), target: `${pathOf("GetWukong")}?${good}#x` },
		expected: status(400),
	},
];

const paths: readonly HostileRow[] = [
	["G37", "another case", pathOf("getWukong")],
	["G38", "two slashes", `/${pathOf("GetWukong")}`],
	["G39", "a dotted way", `/%2e%2e${pathOf("GetWukong")}`],
	["G40", "a slash at the end", `${pathOf("GetWukong")}/`],
	["G41", "a path parameter", `${pathOf("GetWukong")};x=1`],
	["G42", "an encoded letter", pathOf("%47etWukong")],
].map(
	([id, what, path]) =>
		({
			id,
			what,
			request: { ...read(), target: `${path}?${good}` },
			expected: { ...unimplemented, httpStatus: 404 },
		}) as HostileRow,
);

const headers: readonly HostileRow[] = [
	{
		id: "G23",
		what: "a URL over 16 KiB",
		request: get("GetWukong", `${good}&x=${"a".repeat(17_000)}`),
		expected: status(431),
	},
	{
		id: "G43",
		what: "an If-None-Match that is none",
		request: read(["if-none-match", '"\u00e9;']),
		expected: served,
	},
	{ id: "G44", what: "a Range", request: read(["range", "bytes=0-1"]), expected: served },
	{
		id: "G45",
		what: "brotli of no quality",
		request: get("ListWukongs", "encoding=json&message=%7B%7D", ["accept-encoding", "br;q=0"]),
		expected: { kind: "served", lacksHeader: "content-encoding" },
	},
	{
		id: "G46",
		what: "10 KiB of encodings",
		request: read(["accept-encoding", "zz;q=0.1,".repeat(1_100)]),
		expected: served,
	},
	{
		id: "G47",
		what: "a deadline that is none",
		request: read(["connect-timeout-ms", "soon"]),
		expected: invalidRequest,
	},
	{
		id: "G49",
		what: "an authorised answer",
		request: read(["authorization", "Bearer some.token"]),
		expected: {
			kind: "served",
			headers: [
				["cache-control", "private"],
				["vary", "Accept-Encoding"],
			],
		},
	},
];

/** Connect GET. G48, no-store on every error, holds for all rows; G34 is in raw-requests.ts. */
export const connectGet: readonly HostileRow[] = [
	...queries(),
	standardAlphabet,
	...methodsAndTypes,
	...browsersAndHosts,
	...paths,
	...headers,
];
