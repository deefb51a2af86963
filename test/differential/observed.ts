import { type DescMessage, fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { errorOf } from "../hostile/answer-error.ts";
import { decompress, openEnvelopes } from "./answer-parts.ts";
import { type Ask, methodOf } from "./ask.ts";
import type { Reply } from "./caller.ts";
import type { Given } from "./witness.ts";

/** An answer as a client of its protocol reads it. */
export interface Observed {
	readonly status: number;
	/** It came to its end. */
	readonly isWhole: boolean;
	readonly contentType: string | undefined;
	/** Compression that the head names. */
	readonly encoding: string | undefined;
	/** Which messages are compressed. */
	readonly compressed: readonly boolean[];
	readonly messages: readonly JsonValue[];
	/** Body of an answer that is none of a protocol. */
	readonly text: string | undefined;
	/** undefined: the call succeeded. */
	readonly code: keyof typeof Code | undefined;
	/** Of the ErrorInfo. */
	readonly reason: string | undefined;
	/** Fields at fault. */
	readonly violations: readonly string[];
	/** For people. */
	readonly words: string | undefined;
	/** All error details, as they are on the wire. */
	readonly details: readonly string[];
	/** Metadata before the messages. */
	readonly headers: Readonly<Record<string, string>>;
	/** Metadata behind the messages. */
	readonly trailers: Readonly<Record<string, string>>;
	/** Compressions that a refusal names. */
	readonly accepted: string | undefined;
	/** What caches may do. */
	readonly caching: string | undefined;
	/** What the implementation was given; undefined: it was not begun. */
	readonly given: Given | undefined;
}

/** Reads an answer. */
export function observe(ask: Ask, reply: Reply, given: Given | undefined): Observed {
	const { headers } = reply;
	const contentType = headers.get("content-type");
	const isEnveloped = /^application\/(grpc|connect\+)/.test(contentType ?? "");
	const encoding = ["content-encoding", "connect-content-encoding", "grpc-encoding"]
		.map((name) => headers.get(name))
		.find((name) => name !== undefined);
	const isHead = ask.method === "HEAD";
	const opened = isEnveloped
		? { ...openEnvelopes(reply, encoding), text: undefined }
		: openBare(reply, isHead ? undefined : encoding);
	const answer = { ...reply, ...opened };
	const nameHash = createHashNames();
	const isReadable = opened.text === undefined && !isHead;
	const error = isReadable ? errorOf(answer) : undefined;
	const infos = error?.findDetails(ErrorInfoSchema) ?? [];
	const violations = error?.findDetails(BadRequestSchema)[0]?.fieldViolations ?? [];
	const isTrailersOnly = isEnveloped && headers.has("grpc-status");
	return {
		status: reply.status,
		isWhole: reply.isWhole && opened.isSound,
		contentType,
		encoding,
		compressed: opened.messages.map(({ isCompressed }) => isCompressed),
		messages: opened.messages.map(({ bytes }) =>
			decode(methodOf(ask).output, bytes, { contentType: contentType ?? "", nameHash }),
		),
		text: opened.text,
		code: error && (Code[error.code] as keyof typeof Code),
		reason: infos[0]?.reason,
		violations: violations.map(({ field }) => field),
		words: error?.rawMessage,
		details: error?.details.map(detailText) ?? [],
		headers: isTrailersOnly ? {} : metadataIn(headers),
		trailers: metadataIn(isTrailersOnly ? headers : answer.trailers),
		accepted: ["accept-encoding", "connect-accept-encoding", "grpc-accept-encoding"]
			.map((name) => headers.get(name) ?? answer.trailers.get(name))
			.find((names) => names !== undefined),
		caching: `${headers.get("cache-control")} ${headers.get("x-accel-buffering")}`,
		given,
	};
}

/** An answer of Connect's unary form, or of none. */
function openBare(reply: Reply, encoding: string | undefined) {
	const body = decompress(reply.body, encoding);
	const isRpc = /^application\/(json|proto)/.test(reply.headers.get("content-type") ?? "");
	const isMessage = isRpc && reply.status === 200 && body.byteLength > 0;
	const trailers = [...reply.headers]
		.filter(([name]) => name.startsWith("trailer-"))
		.map(([name, value]): [string, string] => [name.slice("trailer-".length), value]);
	return {
		body,
		messages: isMessage ? [{ bytes: body, isCompressed: encoding !== undefined }] : [],
		trailers: new Map(trailers),
		isSound: true,
		text: isRpc ? undefined : body.toString(),
	};
}

/** Names the hashes of one answer by the order in which they come. */
function createHashNames(): (hash: string) => string {
	const names = new Map<string, string>();
	return (hash) => {
		const name = names.get(hash) ?? `hash ${names.size}`;
		names.set(hash, name);
		return name;
	};
}

function decode(
	schema: DescMessage,
	bytes: Buffer,
	{
		contentType,
		nameHash,
	}: { readonly contentType: string; readonly nameHash: (hash: string) => string },
): JsonValue {
	const isJson = contentType.includes("json");
	const text = isJson
		? bytes.toString()
		: JSON.stringify(toJson(schema, fromBinary(schema, bytes)));
	return JSON.parse(text, (name, value) => {
		if (chance.has(name)) return name;
		if (name !== "resourceVersion") return value;
		// A version ends in a hash of what may be one of these, as the time of a deletion is: which of them
		// are equal is no chance.
		return String(value).replace(/(?<=-)[0-9a-f]{16}$/, nameHash);
	}) as JsonValue;
}

/** Fields that differ from one call to the next. */
const chance = new Set(["uid", "createTime", "deleteTime", "time", "upstreamLag"]);

/** Names that the services here use; those of HTTP and of the protocols are looked at by themselves. */
function metadataIn(fields: ReadonlyMap<string, string>): Record<string, string> {
	const own = [...fields].filter(([name]) => name.startsWith("x-") && !portsOwn.has(name));
	return Object.fromEntries(own.sort());
}

const portsOwn = new Set(["x-accel-buffering", "x-request-id"]);

function detailText(detail: ConnectError["details"][number]): string {
	if ("desc" in detail) throw new Error("this detail did not come over the wire");
	return `${detail.type} ${Buffer.from(detail.value).toString("base64")}`;
}
