import { gzipSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { invalidMessage, invalidRequest, invalidWukong, served, status } from "../expectations.ts";
import { rest } from "../requests.ts";
import type { Expected, Facts, HostileRow } from "../row.ts";

/** A request that REST refuses before its message is read. */
function refused(httpStatus: number): Expected {
	return { kind: "error", code: Code.InvalidArgument, reason: "INVALID_REQUEST", httpStatus };
}

const notFound: Expected = {
	kind: "error",
	code: Code.Unimplemented,
	reason: "METHOD_NOT_FOUND",
	httpStatus: 404,
};
function wrongMethod(allowed: string): Expected {
	return {
		...{ kind: "error", code: Code.Unimplemented, reason: "METHOD_NOT_FOUND", httpStatus: 405 },
		headers: [["allow", allowed]],
	};
}

const noSuchVm: Expected = { kind: "error", code: Code.NotFound, reason: "WUKONG_NOT_FOUND" };
const tooLarge: Expected = {
	kind: "error",
	code: Code.ResourceExhausted,
	reason: "REQUEST_TOO_LARGE",
	httpStatus: 413,
};
const wrongType = refused(415);

type Row = readonly [what: string, request: HostileRow["request"], expected: Expected];

function rowsOf(letter: string, rows: readonly Row[]): HostileRow[] {
	return rows.map(([what, request, expected], index) => {
		return { id: `H${letter}${index + 1}`, what, request, expected };
	});
}

const get = (target: string) => rest("GET", target);
const remove = (target: string) => rest("DELETE", target);

/** Paths that climb, hide a slash, or stand for nothing. */
export const restPaths: readonly HostileRow[] = rowsOf("P", [
	["an empty segment at the end", get("/wukongs/"), notFound],
	["an empty segment within", get("//wukongs/web-1"), notFound],
	["an empty namespace", get("/namespaces//wukongs/web-1"), notFound],
	["an empty name before a verb", rest("POST", "/wukongs/:start"), notFound],
	["a segment too many", get("/wukongs/web-1/x"), notFound],
	["a deletion of a list", remove("/wukongs"), wrongMethod("GET")],
	["a deletion with a slash at its end", remove("/wukongs/web-1/"), notFound],
	["two dots", remove("/wukongs/.."), invalidMessage],
	["a way up and down", remove("/wukongs/../wukongs/web-1"), notFound],
	["encoded dots", remove("/wukongs/%2e%2e"), invalidMessage],
	["an encoded slash", remove("/wukongs/x%2Fweb-1"), invalidMessage],
	["an encoded slash twice", remove("/wukongs/x%252Fweb-1"), invalidMessage],
	["a backslash", remove("/wukongs/x%5Cweb-1"), invalidMessage],
	["U+0000", remove("/wukongs/web-1%00"), invalidMessage],
	["a line break", remove("/wukongs/web-1%0d%0a"), invalidMessage],
	["a broken percent sign", remove("/wukongs/web-1%"), notFound],
	["bytes that are no UTF-8", remove("/wukongs/%ff"), notFound],
	["an overlong encoding of a slash", remove("/wukongs/x%c0%afweb-1"), notFound],
	["another case of the path", remove("/Wukongs/web-1"), notFound],
	["an encoded letter of the path", remove("/wukong%73/web-1"), notFound],
	["a path parameter", remove("/wukongs/web-1;x=1"), invalidMessage],
	["a name of 254 characters", get(`/wukongs/${"a".repeat(254)}`), invalidMessage],
	["a name of 4 KiB", remove(`/wukongs/${"a".repeat(4_096)}`), invalidMessage],
	["a thousand segments", get("/a".repeat(1_000)), notFound],
	["a head over its limit", get(`/wukongs/${"a".repeat(17_000)}`), status(431)],
	["an unknown verb", rest("POST", "/wukongs/web-1:destroy"), notFound],
	["a verb in capitals", rest("POST", "/wukongs/web-1:STOP"), notFound],
	["two verbs", rest("POST", "/wukongs/web-1:stop:start"), invalidMessage],
	["an encoded colon", rest("POST", "/wukongs/web-1%3Astop"), wrongMethod("DELETE")],
	["a verb by GET", get("/wukongs/web-1:stop"), wrongMethod("POST")],
	["a verb that is encoded", rest("POST", "/wukongs/web-1:st%6Fp"), notFound],
	["a namespace in capitals", get("/namespaces/Default/wukongs/web-1"), invalidMessage],
	["a VM that is not there", remove("/wukongs/nobody"), noSuchVm],
]);

/** Queries that say a thing twice, in the wrong place, or of the wrong kind. */
export const restQueries: readonly HostileRow[] = rowsOf("Q", [
	["an unknown name", remove("/wukongs/web-1?validateonly=true"), invalidMessage],
	["a name in another case", remove("/wukongs/web-1?ValidateOnly=true"), invalidMessage],
	["a name twice", remove("/wukongs/web-1?validateOnly=true&validateOnly=false"), invalidMessage],
	[
		"a name in both spellings",
		remove("/wukongs/web-1?validateOnly=true&validate_only=true"),
		invalidMessage,
	],
	["a truth that is none", remove("/wukongs/web-1?validateOnly=1"), invalidMessage],
	["a truth without a value", remove("/wukongs/web-1?validateOnly"), invalidMessage],
	["what the path says", remove("/wukongs/web-1?name=web-3"), invalidMessage],
	["the same as the path says", remove("/wukongs/web-1?name=web-1"), invalidMessage],
	[
		"a namespace beside the path's",
		remove("/namespaces/default/wukongs/web-1?namespace=x"),
		invalidMessage,
	],
	["a broken percent sign", remove("/wukongs/web-1?validateOnly=%zz"), invalidMessage],
	["bytes that are no UTF-8", get("/wukongs?labelSelector=%ff"), invalidMessage],
	["a name of the prototype", get("/wukongs?__proto__=x"), invalidMessage],
	["the prototype of a map", get("/wukongs?labels[__proto__]=x"), invalidMessage],
	["a constructor", get("/wukongs?constructor.name=x"), invalidMessage],
	["a map without its key", get("/wukongs?labels=a"), invalidMessage],
	["a key without its end", get("/wukongs?labels[a=b"), invalidMessage],
	["a key twice", get("/wukongs?labels[a]=b&labels[a]=b"), invalidMessage],
	["a number that is none", get("/wukongs?pageSize=ten"), invalidMessage],
	["a number beyond 32 bits", get("/wukongs?pageSize=4294967296"), invalidMessage],
	["a number with a fraction", get("/wukongs?pageSize=1.5"), invalidMessage],
	["a negative page size", get("/wukongs?pageSize=-1"), invalidMessage],
	["a bad selector", get("/wukongs?labelSelector=a%20in%20b"), invalidMessage],
	[
		"two thousand labels",
		get(`/wukongs?${Array.from({ length: 1_100 }, (_, i) => `labels[${i}]=`).join("&")}`),
		served,
	],
	["a thousand dots", get(`/wukongs?${"a.".repeat(1_000)}a=1`), invalidMessage],
	["a fragment", get("/wukongs?pageSize=1#x"), status(400)],
	["a second question mark", get("/wukongs?pageSize=1?x=1"), invalidMessage],
	[
		"the message of a call by POST",
		rest("POST", "/wukongs/web-1:stop?validateOnly=true"),
		invalidMessage,
	],
	["the body of a creation", rest("POST", "/wukongs?wukong.name=x", "{}"), invalidMessage],
	[
		"the body of an update",
		rest("PATCH", "/wukongs/web-1?wukong.labels[a]=b", "{}"),
		invalidMessage,
	],
	[
		"a mask that names nothing",
		rest("PATCH", "/wukongs/web-1?updateMask=spec.nope", "{}"),
		invalidMessage,
	],
	[
		"a mask twice",
		rest("PATCH", "/wukongs/web-1?updateMask=spec&updateMask=labels", "{}"),
		invalidMessage,
	],
	["a wish to indent that is none", get("/wukongs?pretty=maybe"), invalidMessage],
]);

const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024, 32));
const vm = '{"name":"new-1","spec":{"cpu":1,"memory":"1Gi","disks":[{"name":"d","size":"1Gi"}]}';

/** Bodies that are no JSON, contradict the path, or are not asked for. */
export function restContent({ maxRequestBytes }: Facts): HostileRow[] {
	const create = (body: string | Uint8Array) => rest("POST", "/wukongs", body);
	const patch = (body: string) => rest("PATCH", "/wukongs/web-1", body);
	const put = (body: string) => rest("PUT", "/wukongs/web-1", body);
	return rowsOf("B", [
		["no body", create(""), invalidMessage],
		["white space", create(" \n"), invalidMessage],
		["null", create("null"), invalidMessage],
		["a list", create("[]"), invalidMessage],
		["cut JSON", create(vm), invalidMessage],
		["JSON twice", create(`${vm}}${vm}}`), invalidMessage],
		["a trailing comma", create(`${vm},}`), invalidMessage],
		["bytes that are no UTF-8", create(Buffer.from('{"name":"\xff"}', "latin1")), invalidMessage],
		["a name twice", create(`${vm},"name":"new-2"}`), invalidMessage],
		["an unknown name", create(`${vm},"validateOnly":true}`), invalidMessage],
		["a request where its VM belongs", create(`{"wukong":${vm}}}`), invalidMessage],
		["the prototype", create(`${vm},"__proto__":{}}`), invalidMessage],
		["a hundred thousand brackets", create("[".repeat(100_000)), invalidMessage],
		["deep objects", create('{"spec":'.repeat(200)), invalidMessage],
		["a VM that breaks rules", create('{"name":"Bad_Name","spec":{"cpu":65}}'), invalidWukong],
		["another name than the path", put('{"name":"web-3","labels":{}}'), invalidMessage],
		[
			"another namespace than the path",
			rest("PUT", "/namespaces/default/wukongs/web-1", '{"namespace":"x"}'),
			invalidMessage,
		],
		["a replacement by nothing", put(""), invalidMessage],
		["a replacement that is incomplete", put("{}"), invalidWukong],
		["a patch without a body", patch(""), invalidMessage],
		["a patch that is null", patch("null"), invalidMessage],
		["a key twice, once null", patch('{"labels":{"a":null,"a":"b"}}'), invalidMessage],
		["a key that is none", patch('{"labels":{"a b":null}}'), invalidMessage],
		["a key in backquotes", patch('{"labels":{"`a`":null}}'), invalidMessage],
		["an unknown name in a patch", patch('{"spec":{"cpus":null}}'), invalidMessage],
		["a path in a patch", patch('{"spec.cpu":8}'), invalidMessage],
		["a patch that shrinks", patch('{"spec":{"cpu":1}}'), invalidWukong],
		[
			"a deletion with a body",
			rest("DELETE", "/wukongs/web-1", '{"validateOnly":true}'),
			invalidMessage,
		],
		[
			"another name in a body than in the path",
			rest("POST", "/wukongs/web-1:stop", '{"name":"web-3"}'),
			invalidMessage,
		],
		[
			"an unknown name for a verb",
			rest("POST", "/wukongs/web-1:stop", '{"validate":true}'),
			invalidMessage,
		],
		["a list for a verb", rest("POST", "/wukongs/web-1:stop", "[]"), invalidMessage],
		["a body over its limit", create(Buffer.alloc(maxRequestBytes + 1, 32)), tooLarge],
		["a gzip bomb", rest("POST", "/wukongs", bomb, ["content-encoding", "gzip"]), tooLarge],
		[
			"garbage as gzip",
			rest("POST", "/wukongs", "garbage", ["content-encoding", "gzip"]),
			invalidRequest,
		],
		[
			"10,001 entries",
			create(
				`{"name":"a","labels":{${Array.from({ length: 10_001 }, (_, i) => `"k${i}":""`).join(",")}}}`,
			),
			tooLarge,
		],
	]);
}

/** Header fields that contradict the request, and those that ask for another one. */
export const restHeads: readonly HostileRow[] = [
	...rowsOf("F", [
		[
			"another method by X-HTTP-Method-Override",
			rest("POST", "/wukongs/web-1:stop", "{}", ["x-http-method-override", "DELETE"]),
			invalidMessage,
		],
		[
			"another method by X-Method-Override",
			rest("GET", "/wukongs/web-1", undefined, ["x-method-override", "DELETE"]),
			invalidMessage,
		],
		[
			"another method by X-HTTP-Method",
			rest("POST", "/wukongs", vm, ["x-http-method", "DELETE"]),
			invalidMessage,
		],
		[
			"another method in the query",
			rest("POST", "/wukongs/web-1:stop?_method=DELETE", "{}"),
			invalidMessage,
		],
		[
			"a form",
			rest("POST", "/wukongs", "name=a", ["content-type", "application/x-www-form-urlencoded"]),
			wrongType,
		],
		["text", rest("POST", "/wukongs/web-1:stop", "{}", ["content-type", "text/plain"]), wrongType],
		[
			"another charset",
			rest("POST", "/wukongs", "{}", ["content-type", "application/json; charset=utf-16"]),
			wrongType,
		],
		["a malformed type", rest("POST", "/wukongs", "{}", ["content-type", "json"]), wrongType],
		[
			"a merge patch by PUT",
			rest("PUT", "/wukongs/web-1", "{}", ["content-type", "application/merge-patch+json"]),
			wrongType,
		],
		[
			"an unknown coding",
			rest("POST", "/wukongs", "{}", ["content-encoding", "zz"]),
			status(415, ["accept-encoding", "gzip"]),
		],
		[
			"an answer in XML",
			rest("GET", "/wukongs", undefined, ["accept", "application/xml"]),
			refused(406),
		],
		[
			"an answer in nothing",
			rest("GET", "/wukongs", undefined, ["accept", "*/*;q=0"]),
			refused(406),
		],
		[
			"10 KiB of Accept",
			rest("GET", "/wukongs", undefined, ["accept", "a/b;q=0.1,".repeat(1_000)]),
			refused(406),
		],
		[
			"a tag without quotes",
			rest("DELETE", "/wukongs/web-1", undefined, ["if-match", "abc"]),
			invalidMessage,
		],
		["an empty tag", rest("DELETE", "/wukongs/web-1", undefined, ["if-match", '""']), status(412)],
		[
			"two tags",
			rest("DELETE", "/wukongs/web-1", undefined, ["if-match", '"a", "b"']),
			invalidMessage,
		],
		[
			"a tag and a list that never ends",
			rest("DELETE", "/wukongs/web-1", undefined, ["if-match", `"a"${",".repeat(5_000)}`]),
			invalidMessage,
		],
		[
			"a foreign tag",
			rest("DELETE", "/wukongs/web-1", undefined, ["if-match", '"abc"']),
			status(412),
		],
		[
			"If-None-Match on a change",
			rest("PUT", "/wukongs/web-1", vm, ["if-none-match", "*"]),
			invalidMessage,
		],
		[
			"If-Match on a creation",
			rest("POST", "/wukongs", `${vm}}`, ["if-match", '"a"']),
			invalidMessage,
		],
		[
			"a deadline that is none",
			rest("GET", "/wukongs", undefined, ["connect-timeout-ms", "soon"]),
			invalidRequest,
		],
		[
			"a page of nobody",
			rest("DELETE", "/wukongs/web-1", undefined, ["origin", "null"]),
			status(403),
		],
		[
			"a page of another origin",
			rest("DELETE", "/wukongs/web-1", undefined, ["origin", "https://evil.example"]),
			status(403),
		],
		[
			"a host that is not served",
			rest("GET", "/wukongs", undefined, ["host", "evil.example"]),
			status(421),
		],
		["a Range", rest("GET", "/wukongs/web-1", undefined, ["range", "bytes=0-1"]), served],
	]),
	{
		id: "HF26",
		what: "a body that a GET has not",
		request: rest("GET", "/wukongs/web-1", "{}", ["content-length", "2"]),
		expected: invalidMessage,
	},
	...(
		["/wukongs/web-1", "/wukongs", "/wukongs:watch", "/wukongs/web-1:wait?state=RUNNING"] as const
	).map(
		(path, at): HostileRow => ({
			id: `HF${27 + at}`,
			what: `a body of GET ${path} that no length announces (RFC 9113, 8.1.1)`,
			request: rest("GET", path, "{}"),
			expected: invalidMessage,
			over: "HTTP/2",
		}),
	),
];
