import { Code } from "@connectrpc/connect";
import { invalidMessage, invalidRequest, status } from "../expectations.ts";
import { rest } from "../requests.ts";
import type { Expected, Fields, HostileRow } from "../row.ts";

const accept = (type: string): Fields => [["accept", type]];
const events = accept("text/event-stream");
const lines = accept("application/x-ndjson");

const get = (target: string, ...headers: Fields) => rest("GET", target, undefined, ...headers);
const watch = (query: string, ...headers: Fields) => get(`/wukongs:watch${query}`, ...headers);
const resume = (id: string) => watch("", ...events, ["last-event-id", id]);

const refused = (httpStatus: number): Expected => ({ ...invalidRequest, httpStatus }) as Expected;
const says = (contains: string): Expected => ({ kind: "stream", contains });
/** A browser that comes back for nothing is sent away for good. */
const sentAway = status(204);
const wrongMethod: Expected = {
	...{ kind: "error", code: Code.Unimplemented, reason: "METHOD_NOT_FOUND", httpStatus: 405 },
	headers: [["allow", "GET"]],
};

const forgedPage: Expected = {
	kind: "error",
	code: Code.InvalidArgument,
	reason: "PAGE_TOKEN_INVALID",
};
/** `%3A` is part of a name, never a verb. */
const unknownPath: Expected = {
	...{ kind: "error", code: Code.Unimplemented, reason: "METHOD_NOT_FOUND", httpStatus: 404 },
};

type Row = readonly [string, HostileRow["request"], Expected, HostileRow["over"]?];

const rows: readonly Row[] = [
	// Versions that cannot be used are no error, over any wire; what breaks a field rule is.
	["a Last-Event-ID that is no version", resume("<b>"), says("event: reset")],
	["a Last-Event-ID of the future", resume("9".repeat(38)), says("event: reset")],
	["a Last-Event-ID that begins anew", resume("start-over"), says("event: reset")],
	["the Last-Event-ID of a stream that ends", resume(":end"), says("event: reset")],
	["a Last-Event-ID of bytes that are no ASCII", resume("\xff\xfe"), says("event: reset")],
	["an empty Last-Event-ID", resume(""), says("event: synced")],
	["a Last-Event-ID of 300 characters", resume("7".repeat(300)), sentAway],
	[
		"two Last-Event-IDs",
		watch("", ...events, ["last-event-id", "7"], ["last-event-id", "8"]),
		sentAway,
		"HTTP/1.1",
	],
	[
		"a version of 300 characters",
		watch(`?resourceVersion=${"7".repeat(300)}`, ...lines),
		invalidMessage,
	],
	["a version that is no text", watch("?resourceVersion=%ff", ...lines), invalidMessage],
	["two versions", watch("?resourceVersion=7&resourceVersion=8", ...events), invalidMessage],
	["a wrong word for events", watch("?events=MESSAGE", ...events), invalidMessage],
	["events twice", watch("?events=message&events=message", ...events), refused(400)],
	["names of events on lines", watch("?events=message", ...lines), refused(400)],
	["a list's parameter on a watch", watch("?format=array", ...lines), invalidMessage],
	["a watch's parameter on a list", get("/wukongs?events=message", ...lines), invalidMessage],
	["a list's parameter with a wrong word", get("/wukongs?format=csv"), invalidMessage],
	["a list's parameter twice", get("/wukongs?format=array&format=array"), refused(400)],
	["a forged page of a list as lines", get("/wukongs?pageToken=x", ...lines), forgedPage],
	["a negative page of a list as lines", get("/wukongs?pageSize=-1", ...lines), invalidMessage],
	["a heartbeat too soon", watch("?heartbeatInterval=0.5s", ...events), invalidMessage],
	["a heartbeat too late", watch("?heartbeatInterval=301s", ...lines), invalidMessage],
	["a heartbeat that is no time", watch("?heartbeatInterval=soon", ...lines), invalidMessage],
	["a selector that is none", watch("?labelSelector=a+in+b", ...events), invalidMessage],
	["a deadline that is none", watch("", ...events, ["connect-timeout-ms", "-1"]), refused(400)],
	["no time at all", watch("", ...events, ["connect-timeout-ms", "0"]), says("DEADLINE_EXCEEDED")],
	[
		"indented JSON, which events cannot have",
		watch("?pretty", ...events),
		says("event: synced\nid: "),
	],
	["an answer of another kind", watch("", ...accept("application/xml")), refused(406)],
	["an answer of no kind", watch("", ...accept("")), refused(406)],
	["a weight that is none", watch("", ...accept("text/event-stream;q=high")), refused(406)],
	["ten thousand kinds", watch("", ...accept(",".repeat(10_000))), refused(406)],
	["events of a list", get("/wukongs", ...events), refused(406)],
	[
		"a message beside the query",
		rest("GET", "/wukongs:watch", "{}", ...lines),
		refused(400),
		"HTTP/1.1",
	],
	["a POST of a watch", rest("POST", "/wukongs:watch", "{}", ...lines), wrongMethod],
	["a watch of a name that is none", get("/wukongs/Bad_Name/stream", ...events), invalidMessage],
	["a watch under an encoded colon", get("/wukongs%3Awatch", ...events), unknownPath],
];

export const plainStreams: readonly HostileRow[] = rows.map(
	([what, request, expected, over], index) => ({
		...{ id: `S${index + 1}`, what, request, expected },
		...(over === undefined ? {} : { over }),
	}),
);
