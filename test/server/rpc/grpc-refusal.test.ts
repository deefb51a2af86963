import { once } from "node:events";
import { constants, type IncomingHttpHeaders } from "node:http2";
import { Code, type ConnectError } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { ErrorInfoSchema } from "@novasphere/wukong-gen/error-details";
import { describe, expect, test } from "vitest";
import { openPort, type PortSettings, pathOf } from "../../support/port-fixture.ts";
import { openSession } from "../../support/watch-request.ts";

/** A request that is refused before its implementation is begun, and what its caller reads. */
interface Refused {
	readonly what: string;
	readonly path?: string;
	readonly fields?: Readonly<Record<string, string>>;
	readonly body?: Buffer;
	readonly settings?: PortSettings;
	readonly code: Code;
	readonly reason: string;
	readonly message: RegExp;
	/** grpc-js cannot be made to send it. */
	readonly isRawOnly?: boolean;
}

const empty = Buffer.alloc(5);
const large = Buffer.concat([Buffer.from([0, 0, 0, 8, 0]), Buffer.alloc(2048)]);
const manyFields = Object.fromEntries(Array.from({ length: 22 }, (_, n) => [`x-field-${n}`, "x"]));
const unimplemented = { code: Code.Unimplemented, reason: "METHOD_NOT_FOUND" };
const forbidden = { code: Code.PermissionDenied, reason: "PERMISSION_DENIED" };
const invalid = { code: Code.InvalidArgument, reason: "INVALID_REQUEST" };
const tooLarge = { code: Code.ResourceExhausted, reason: "REQUEST_TOO_LARGE" };

const rows: readonly Refused[] = [
	{
		what: "an unknown method",
		path: pathOf("RebootWukong" as never),
		...unimplemented,
		message: /POST to one of: .*GetWukong/,
	},
	{
		what: "an unknown service",
		path: "/grpc.health.v1.Health/Check",
		...unimplemented,
		message: /no such procedure/,
	},
	{
		what: "a host that is not served",
		fields: { ":authority": "elsewhere.example" },
		...forbidden,
		message: /--allowed-hosts/,
	},
	{
		what: "a malformed host",
		fields: { ":authority": "[" },
		...invalid,
		message: /host is malformed/,
		isRawOnly: true,
	},
	{
		what: "a page of an origin that is not listed",
		fields: { origin: "https://elsewhere.example" },
		...forbidden,
		message: /--cors-origins/,
	},
	{
		what: "too many header fields",
		fields: manyFields,
		settings: { limits: { maxHeaderCount: 20 } },
		...tooLarge,
		message: /at most 20 fields/,
	},
	{
		what: "too many bytes of header fields",
		fields: { "x-large": "x".repeat(3000) },
		settings: { limits: { maxHeaderBytes: 2048 } },
		...tooLarge,
		message: /at most 2048 bytes/,
		isRawOnly: true,
	},
	{
		what: "a message over the limit",
		body: large,
		settings: { limits: { maxRequestBytes: 1024 } },
		...tooLarge,
		message: /at most 1024 bytes/,
	},
	{
		what: "an unknown compression",
		fields: { "grpc-encoding": "zstd" },
		...unimplemented,
		message: /send one of: gzip, br/,
	},
	{
		what: "a malformed deadline",
		fields: { "grpc-timeout": "soon" },
		...invalid,
		message: /grpc-timeout/,
		isRawOnly: true,
	},
	{
		what: "a codec that is not known",
		fields: { "content-type": "application/grpc+thrift" },
		...unimplemented,
		message: /send a body of one of these content types/,
		isRawOnly: true,
	},
	{
		what: "a malformed content type",
		fields: { "content-type": 'application/grpc+proto; x="' },
		...unimplemented,
		message: /the content type is malformed/,
		isRawOnly: true,
	},
	{
		what: "no message at all",
		body: Buffer.alloc(0),
		...unimplemented,
		message: /message is missing/,
		isRawOnly: true,
	},
	{
		what: "an envelope with unknown flags",
		body: Buffer.from([2, 0, 0, 0, 0]),
		code: Code.Internal,
		reason: "INTERNAL",
		message: /unknown flags/,
		isRawOnly: true,
	},
];

/** Raw HTTP/2, without what a client library would change. */
async function ask(url: string, { path, fields, body = empty }: Refused, method: string) {
	const { session } = await openSession(url);
	const stream = session.request({
		":method": "POST",
		":path": path ?? pathOf(method as never),
		"content-type": "application/grpc",
		te: "trailers",
		...fields,
	});
	stream.on("error", () => {});
	stream.end(body);
	const [headers, flags] = (await once(stream, "response")) as [IncomingHttpHeaders, number];
	session.destroy();
	return { headers, endsWithHead: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0 };
}

function errorIn(headers: IncomingHttpHeaders): ConnectError | undefined {
	const fields = Object.entries(headers).filter(([name]) => name.startsWith("grpc-"));
	return findTrailerError(new Headers(fields as [string, string][]));
}

describe("a refusal over gRPC is Trailers-Only (PROTOCOL-HTTP2.md): 200, grpc-status and END_STREAM in one HEADERS frame", () => {
	for (const method of ["GetWukong", "WatchWukong"]) {
		test.each(rows)(`${method}: $what`, async (row) => {
			const { url, seen } = await openPort(row.settings);
			const { headers, endsWithHead } = await ask(url, row, method);
			expect(headers[":status"]).toBe(200);
			expect(headers["content-type"]).toMatch(/^application\/grpc\+proto$/);
			expect(endsWithHead, "END_STREAM").toBe(true);
			const error = errorIn(headers);
			expect(Code[error?.code ?? 0]).toBe(Code[row.code]);
			expect(error?.rawMessage).toMatch(row.message);
			expect(error?.findDetails(ErrorInfoSchema)[0]?.reason).toBe(row.reason);
			expect(seen.begun).toBe(0);
			expect(seen.refused).toHaveLength(1);
		});
	}
});

/** By grpc-js, which shares no line with connect. */
function askGrpcJs(authority: string, row: Refused, isStream: boolean): Promise<ServiceError> {
	const { ":authority": host, "grpc-encoding": encoding, ...fields } = row.fields ?? {};
	const client = new Client(authority, credentials.createInsecure(), {
		...(host === undefined ? {} : { "grpc.default_authority": host }),
		// Deflate is the one that is not known here.
		...(encoding === undefined ? {} : { "grpc.default_compression_algorithm": 1 }),
	});
	const metadata = new Metadata();
	for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
	const path = row.path ?? pathOf(isStream ? "WatchWukong" : "GetWukong");
	const bytes = (row.body ?? empty).subarray(5);
	const pass = (message: Buffer) => message;
	return new Promise<ServiceError>((resolve, reject) => {
		if (isStream) {
			const stream = client.makeServerStreamRequest(path, pass, pass, bytes, metadata);
			stream.on("error", (error) => resolve(error as ServiceError));
			stream.on("end", () => reject(new Error("the stream ended well")));
			stream.resume();
			return;
		}
		client.makeUnaryRequest(path, pass, pass, bytes, metadata, (error) =>
			error === null ? reject(new Error("the call succeeded")) : resolve(error),
		);
	}).finally(() => client.close());
}

describe("grpc-js reads a refusal's code and words", () => {
	for (const isStream of [false, true]) {
		test.each(rows.filter(({ isRawOnly }) => isRawOnly !== true))(
			`${isStream ? "stream" : "unary"}: $what`,
			async (row) => {
				const { authority } = await openPort(row.settings);
				const error = await askGrpcJs(authority, row, isStream);
				expect([Code[error.code], error.details]).toEqual([
					Code[row.code],
					expect.stringMatching(row.message),
				]);
				const details = error.metadata.get("grpc-status-details-bin");
				expect(String(details)).toContain(row.reason);
			},
		);
	}
});
