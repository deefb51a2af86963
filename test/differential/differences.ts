import { gzipSync } from "node:zlib";
import { grpc, json, post, proto, watchJson } from "../hostile/requests.ts";
import type { HostileRequest } from "../hostile/row.ts";
import { envelope, envelopePrefix, numberField } from "../hostile/wire-bytes.ts";
import { type Ask, askedHeader } from "./ask.ts";
import { type Difference, everything, isBegun, isRefusal, isUnbegun } from "./difference.ts";
import { type BothAnswers, maxRequestBytes } from "./ways.ts";

const over = (http: Ask["http"], request: HostileRequest): Ask => ({ ...request, http });

function namesNoCompression(ask: Ask): boolean {
	const names = ["content-encoding", "connect-content-encoding", "grpc-encoding"];
	const query = new URLSearchParams(ask.target.split("?")[1]);
	return query.get("compression") === "" || names.some((name) => askedHeader(ask, name) === "");
}

function isMoreThanOneEnvelope(body: Buffer): boolean {
	return body.byteLength >= 5 && body.byteLength > 5 + body.readUInt32BE(1);
}

/** Of two HEAD answers, which have no words: the ones to what is not a message in binary form. */
function isUndecodableHead(both: BothAnswers, { method }: Ask): boolean {
	const { direct, universal } = both;
	const isOurs = direct.status === 400 && universal.status === 500;
	return method === "HEAD" && isUnbegun(both) && isOurs;
}

/** Every difference that may be. The test fails over any other, and over one that is gone. */
export const differences: readonly Difference[] = [
	{
		name: "words of a refusal",
		reason:
			"connect's own refusals quote what was sent and carry no reason; ours are the contract's: ErrorInfo, fields at fault, nothing of the sender's",
		aspects: ["words", "reason", "violations", "details"],
		holds: (both) => isRefusal(both) && both.direct.reason !== undefined,
		example: over("2", json("GetWukong", '{"nmae":"secret"}')),
	},
	{
		name: "undecodable binary",
		reason:
			"connect takes bytes that are no message for a fault of its own; what a caller sends is the caller's fault",
		aspects: ["code", "status"],
		holds: (both, ask) =>
			isUndecodableHead(both, ask) ||
			(isRefusal(both) &&
				both.universal.words?.startsWith("parse binary:") === true &&
				both.direct.code === "InvalidArgument"),
		example: over("1.1", proto("GetWukong", "\x0f")),
	},
	{
		name: "a value of another type",
		reason:
			"protobuf-es takes a value of another wire type for a length, cuts numbers to 32 bits, and reads past the end of what holds a value: the call would do what nobody asked for",
		aspects: everything,
		holds: (both, ask) => {
			const { direct, universal } = both;
			const isTold =
				/^the request (?:does not fit the contract|is not a message of this type)/.test(
					direct.words ?? "",
				) && !isRefusal(both);
			const isHead = ask.method === "HEAD" && direct.status === 400;
			return isTold || (isHead && isBegun(universal) && !isBegun(direct));
		},
		example: over("1.1", proto("GetWukong", numberField(2, 0))),
	},
	{
		name: "flags that no protocol has",
		reason: "connect ignores them; a message with a meaning that is not known here is refused",
		aspects: everything,
		holds: ({ direct }) => direct.words === "an envelope has unknown flags",
		example: over("2", grpc("GetWukong", envelope("", 4))),
	},
	{
		name: "one of two faults",
		reason:
			"connect decompresses, decodes and checks the first message before it looks for more, or finds more than the limit in what comes behind",
		aspects: ["code", "status", "reason", "violations", "words", "details"],
		holds: (both, { body }) =>
			isUnbegun(both) && both.universal.code !== undefined && isMoreThanOneEnvelope(body),
		example: over("2", watchJson(Buffer.concat([envelope("{"), envelope("{}")]))),
	},
	{
		name: "an end of stream in a request",
		reason:
			"connect passes over it, and over gRPC-Web's trailers; they are envelopes of answers, and no second message belongs here",
		aspects: everything,
		holds: ({ direct, universal }, ask) =>
			/^(there is more than one|the request is too large;)/.test(direct.words ?? "") &&
			isBegun(universal) &&
			/^application\/(?:connect\+|grpc-web)/i.test(askedHeader(ask, "content-type") ?? ""),
		example: over(
			"1.1",
			watchJson(Buffer.concat([envelope('{"namespace":"empty"}'), envelope("{}", 2)])),
		),
	},
	{
		name: "a request that ends behind a prefix",
		reason: "connect takes a prefix whose message is missing for nothing at all",
		aspects: everything,
		holds: ({ direct, universal }) =>
			direct.words === "the request ends within an envelope" &&
			(universal.code === "Unimplemented" || isBegun(universal)),
		example: over("2", grpc("GetWukong", envelopePrefix(0, 4))),
	},
	{
		name: "more bytes than one message may have",
		reason:
			"connect looks into a message before it counts what comes behind, or decompresses it first",
		aspects: ["code", "status", "reason", "violations", "words", "details"],
		holds: (both, { method, target, body }) =>
			isUnbegun(both) &&
			body.byteLength + target.length > maxRequestBytes &&
			(both.direct.code === "ResourceExhausted" ||
				(method === "HEAD" && both.direct.status === 429)),
		example: over(
			"2",
			grpc("GetWukong", Buffer.concat([envelope("\x0f"), Buffer.alloc(2 * maxRequestBytes)])),
		),
	},
	{
		name: "a compression without a name",
		reason:
			"an empty list names nothing (RFC 9110, 5.6.1); connect looks for a compression of that name",
		aspects: everything,
		holds: (_both, ask) => namesNoCompression(ask),
		example: over("1.1", json("GetWukong", "{}", ["content-encoding", ""])),
	},
	{
		name: "an empty list of compressions",
		reason: "it says that none is wanted (RFC 9110, 12.5.3); connect takes it for no list",
		aspects: ["encoding", "compressed"],
		holds: ({ direct }, ask) =>
			direct.encoding === undefined &&
			["accept-encoding", "grpc-accept-encoding"].some((name) => askedHeader(ask, name) === ""),
		example: over(
			"1.1",
			json(
				"GetWukong",
				gzipSync('{"name":"large"}'),
				["content-encoding", "gzip"],
				["accept-encoding", ""],
			),
		),
	},
	{
		name: "compressions with a weight",
		reason: "connect takes the weight for a part of the name (RFC 9110, 12.5.3)",
		aspects: ["encoding", "compressed"],
		holds: (_both, ask) =>
			["accept-encoding", "grpc-accept-encoding"].some((name) =>
				askedHeader(ask, name)?.includes(";q="),
			),
		example: over("1.1", json("GetWukong", '{"name":"large"}', ["accept-encoding", "gzip;q=0.5"])),
	},
	{
		name: "failures are not kept",
		reason:
			"connect's handler has put the head together before it knows; failures are no-store here",
		aspects: ["caching"],
		holds: ({ direct }) => direct.code !== undefined && direct.caching === "no-store undefined",
		example: over("2", grpc("GetWukong", envelope(Buffer.from("\x12\x04fail")))),
	},
	{
		name: "a compression is named where it is used",
		reason: "connect names what it would use, also of messages too small for it and of failures",
		aspects: ["encoding"],
		holds: ({ direct, universal }) =>
			direct.encoding === undefined && !universal.compressed.includes(true),
		example: over("2", grpc("GetWukong", envelope(""), ["grpc-accept-encoding", "gzip"])),
	},
	{
		name: "the compressions that are known here",
		reason: "connect puts them into metadata, from which it then strips them as the protocol's own",
		aspects: ["accepted"],
		holds: ({ direct, universal }) =>
			direct.accepted === "gzip,br" && universal.accepted === undefined,
		example: over("1.1", json("GetWukong", "{}", ["content-encoding", "zstd"])),
	},
	{
		name: "words of a fault of ours",
		reason:
			"what an implementation throws that is no error of the protocol's gets the contract's reason, and tells nothing of what went wrong",
		aspects: ["words", "reason", "details"],
		holds: ({ direct, universal }) =>
			/^(internal error$|serialize )/.test(universal.words ?? "") &&
			universal.code === "Internal" &&
			direct.code === "Internal" &&
			direct.reason === "INTERNAL",
		example: over("2", json("GetWukong", '{"name":"crash"}')),
	},
	{
		name: "long words in gRPC-Web",
		reason: "its trailers lie in the body, where the port does not see those of connect's handler",
		aspects: ["words"],
		holds: ({ direct, universal }) =>
			direct.words?.length === 1_024 && universal.words?.startsWith(direct.words) === true,
		example: over(
			"1.1",
			post("GetWukong", "application/grpc-web", {
				body: envelope(Buffer.from("\x12\x09fail-long")),
			}),
		),
	},
];
