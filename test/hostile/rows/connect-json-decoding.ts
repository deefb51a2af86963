import { invalidMessage } from "../expectations.ts";
import { json, watchMessage } from "../requests.ts";
import type { HostileRow } from "../row.ts";

const deepArrays = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

/** A creation whose VM has the given member. */
function created(member: string): ReturnType<typeof json> {
	return json("CreateWukong", `{"wukong":{"name":"new-1",${member}}}`);
}

/** A creation whose spec has the given member. */
function spec(member: string): ReturnType<typeof json> {
	return created(`"spec":{${member}}`);
}

/**
 * Bodies that are no JSON, or not that of the message. All are INVALID_REQUEST. J25 is missing
 * here, because the contract has no field of bytes: see uncommon-shapes.test.ts.
 */
const bodies: readonly (readonly [id: string, what: string, request: HostileRow["request"]])[] = [
	["J1", "an empty body", json("GetWukong", "")],
	["J2", "brackets that do not match", json("GetWukong", "{]")],
	["J3", "two documents", json("GetWukong", "{}{}")],
	["J4", "null", json("GetWukong", "null")],
	["J5", "an array", json("GetWukong", "[]")],
	["J6", "a string", json("GetWukong", '"x"')],
	["J7", "a cut document", json("GetWukong", '{"name":"a')],
	["J8", "a key twice", json("GetWukong", '{"name":"a","name":"web-1"}')],
	[
		"J9",
		"one field in both spellings",
		json(
			"GetWukong",
			'{"name":"web-1","minResourceVersion":"start-over","min_resource_version":"start-over"}',
		),
	],
	["J10", "half a surrogate pair", json("GetWukong", '{"name":"\\ud800"}')],
	["J11", "a byte that is not UTF-8", json("GetWukong", Buffer.from('{"name":"\xff"}', "latin1"))],
	["J12", "UTF-16", json("GetWukong", Buffer.from('{"name":"web-1"}', "utf16le"))],
	["J13", "NaN", spec('"cpu":NaN')],
	["J14", "nesting of 101 in a known field", created(`"labels":${deepArrays(101)}`)],
	[
		"J15",
		"nesting of 20,000 in an unknown field",
		json("GetWukong", `{"name":"web-1","x":${deepArrays(20_000)}}`),
	],
	["J16", "a number for a string", json("GetWukong", '{"name":1}')],
	["J17", "a fraction for a whole number", spec('"cpu":1.5')],
	["J18", "one more than 32 bits hold", spec('"cpu":2147483648')],
	["J19", "a word for a number", spec('"cpu":"abc"')],
	[
		"J20",
		"one more than 64 bits hold",
		json("UpdateWukong", '{"wukong":{"name":"web-1"},"generation":"9223372036854775808"}'),
	],
	["J21", "an enum value that is not there", created('"status":{"powerState":"NO_SUCH"}')],
	["J22", "the 13th month", created('"createTime":"2026-13-40T00:00:00Z"')],
	["J23", "the year 10,000", created('"createTime":"10000-01-01T00:00:00Z"')],
	["J24", "a duration with no unit", watchMessage('{"heartbeatInterval":"1x"}')],
	["J26", "a name that the contract lacks", created('"speck":{}')],
	["J82", "the same on a read", json("GetWukong", '{"name":"web-1","nmae":"web-1"}')],
];

export const connectJsonDecoding: readonly HostileRow[] = bodies.map(([id, what, request]) => ({
	id,
	what,
	request,
	expected: invalidMessage,
}));
