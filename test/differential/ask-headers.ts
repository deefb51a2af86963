import fc from "fast-check";
import type { Fields } from "../hostile/row.ts";
import type { Codec } from "./message-bytes.ts";

/** Protocols that are spoken in a POST. */
export type RpcProtocol = "connect" | "grpc" | "grpc-web";

/** What the headers of a request depend on. */
export interface HeaderKind {
	readonly protocol: RpcProtocol | "get";
	readonly form: Codec;
	readonly isStream: boolean;
	/** Compression that the request says it uses. */
	readonly named: string | undefined;
	/** The deadline has passed when the request comes. */
	readonly isExpired: boolean;
}

const seldom = <T>(arbitrary: fc.Arbitrary<T>) =>
	fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const accepted = fc.constantFrom(
	"gzip",
	"br",
	"identity",
	"br, gzip",
	"gzip;q=0, br",
	"gzip;q=0.5",
	"zstd",
	"*",
	"",
	" , gzip",
);
const connectDeadlines = fc.constantFrom(
	"60000",
	"9999999999",
	"99999999999",
	"x",
	"",
	"-1",
	"1.5",
	" 7000 ",
);
const grpcDeadlines = fc.constantFrom("1M", "99999999H", "999999999H", "5", "x", "");
const ownFields = fc.constantFrom<Fields>(
	[["x-echo", "one"]],
	[["x-echo-bin", "AQID"]],
	[["x-echo-bin", "not base64!"]],
	[
		["x-echo", "one"],
		["x-echo", "two"],
	],
	[["x-echo", "caf\xe9"]],
	[["x-echo", ""]],
);

/** Headers of a request: mostly sound. */
export function askHeaders(kind: HeaderKind): fc.Arbitrary<Fields> {
	const names = namesOf(kind);
	return fc
		.record({
			contentType: contentTypes(kind),
			accepted: seldom(accepted),
			deadline: deadlines(kind),
			own: seldom(ownFields),
			version: seldom(fc.constantFrom("1", "2")),
			te: fc.constantFrom(undefined, "trailers"),
		})
		.map(({ contentType, own = [], ...fields }) => [
			...field("content-type", contentType),
			...field(names.encoding, kind.named),
			...field(names.accepted, fields.accepted),
			...field(names.deadline, fields.deadline),
			...field("connect-protocol-version", fields.version),
			...field("te", fields.te),
			...own,
		]);
}

function deadlines({ protocol, isExpired }: HeaderKind): fc.Arbitrary<string | undefined> {
	const isGrpc = protocol.startsWith("grpc");
	if (isExpired) return isGrpc ? fc.constantFrom("0m", "1n") : fc.constant("0");
	return seldom(isGrpc ? grpcDeadlines : connectDeadlines);
}

function field(name: string, value: string | undefined): Fields {
	return value === undefined ? [] : [[name, value]];
}

function namesOf({ protocol, isStream }: HeaderKind) {
	if (protocol.startsWith("grpc")) {
		return {
			encoding: "grpc-encoding",
			accepted: "grpc-accept-encoding",
			deadline: "grpc-timeout",
		};
	}
	const prefix = isStream ? "connect-" : "";
	return {
		encoding: `${prefix}content-encoding`,
		accepted: `${prefix}accept-encoding`,
		deadline: "connect-timeout-ms",
	};
}

function contentTypes({
	protocol,
	form,
	isStream,
	isExpired,
}: HeaderKind): fc.Arbitrary<string | undefined> {
	if (protocol === "get") return seldom(fc.constantFrom("application/json", "text/plain"));
	const codec = form === "json" ? "json" : "proto";
	const usual = {
		connect: isStream ? `application/connect+${codec}` : `application/${codec}`,
		grpc: `application/grpc+${codec}`,
		"grpc-web": `application/grpc-web+${codec}`,
	}[protocol];
	if (isExpired) return fc.constant(usual);
	const bare = protocol === "connect" ? undefined : `application/${protocol}`;
	return fc.oneof(
		{ weight: 12, arbitrary: fc.constant(usual) },
		{
			weight: 2,
			arbitrary: fc.constantFrom(
				usual.toUpperCase(),
				`${usual};charset=utf-8`,
				`${usual}; charset=UTF-8`,
				form === "binary" ? bare : usual,
			),
		},
		{
			weight: 1,
			arbitrary: fc.constantFrom(`${usual}; charset=latin1`, `${usual}x`, "text/plain", undefined),
		},
	);
}
