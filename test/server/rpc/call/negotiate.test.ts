import { Code } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { describe, expect, test } from "vitest";
import { negotiate } from "../../../../server/src/rpc/call/negotiate.ts";
import { connect } from "../../../../server/src/rpc/protocol/connect/connect.ts";
import { grpc } from "../../../../server/src/rpc/protocol/grpc/grpc.ts";
import type { CallProtocol } from "../../../../server/src/rpc/protocol/protocol.ts";

const named = (name: string) => ({ name }) as Compression;
const rule = { maxTimeoutMs: 1_000, always: true, compressions: [named("gzip"), named("br")] };

const connectUnary = connect.unary as CallProtocol;
const connectStream = connect.stream as CallProtocol;
const grpcUnary = grpc.unary as CallProtocol;

function termsOf(protocol: CallProtocol, ...fields: readonly string[]) {
	const terms = negotiate(fields, { protocol }, rule);
	if ("cause" in terms) return terms;
	const { timeoutMs, requestCompression, responseCompression } = terms;
	return [timeoutMs, requestCompression?.name, responseCompression?.name];
}

test("each protocol has headers of its own", () => {
	expect(termsOf(grpcUnary, "grpc-timeout", "5m", "grpc-encoding", "br")).toEqual([5, "br", "br"]);
	expect(
		termsOf(connectStream, "connect-timeout-ms", "5", "connect-content-encoding", "gzip"),
	).toEqual([5, "gzip", "gzip"]);
	const ofGrpc = ["grpc-timeout", "5m", "grpc-encoding", "br"];
	expect(termsOf(connectUnary, ...ofGrpc)).toEqual([1_000, undefined, undefined]);
});

test("the compression of a query counts before that of a header", () => {
	const fields = ["content-encoding", "zstd"];
	const terms = negotiate(fields, { protocol: connectUnary, encoding: "br" }, rule);
	expect(terms).toMatchObject({ requestCompression: { name: "br" } });
});

describe("an answer is compressed", () => {
	test.each([
		["by the first name that is known", "zstd, br, gzip", "br"],
		["by a name with a weight", "gzip;q=0.1", "gzip"],
		["not by one that is refused", "gzip;q=0, br;q=0.000", undefined],
		["not where only others are named", "identity, *", undefined],
		["not where the list is empty", "", undefined],
		["by the name with the larger weight (RFC 9110, 12.5.3)", "gzip;q=0.5, br;q=0.9", "br"],
		["by a name in capitals (RFC 9110, 8.4.1)", "GZIP", "gzip"],
		["by its old name (RFC 9110, 8.4.1.3)", "x-gzip", "gzip"],
		["whatever white space stands around a weight", "br\t;\tQ=0.1 ,gzip ; q=0", "br"],
		[
			"where none at all is liked as much, as gRPC's clients list it",
			"identity,deflate,gzip",
			"gzip",
		],
		["not where none at all is liked better", "identity;q=1, gzip;q=0.5", undefined],
		["not by a malformed weight (RFC 9110, 12.4.2)", "gzip;q=2, br;q=x", undefined],
		["not by a star", "*", undefined],
		["not by the seventeenth name", `${"zstd,".repeat(16)}gzip`, undefined],
	])("%s", (_how, accepted, name) => {
		expect(termsOf(connectUnary, "accept-encoding", accepted)).toEqual([1_000, undefined, name]);
	});
});

describe("a message comes in a compression", () => {
	test.each([
		["in capitals (RFC 9110, 8.4.1)", "GZip", "gzip"],
		["by its old name (RFC 9110, 8.4.1.3)", "X-GZIP", "gzip"],
		["beside one that changes nothing", "identity, br", "br"],
		["that changes nothing, in capitals", "Identity", undefined],
		["that is an empty list", " ,\t", undefined],
	])("%s", (_how, named, name) => {
		expect(termsOf(connectUnary, "content-encoding", named)?.[1 as never]).toBe(name);
		expect(termsOf(grpcUnary, "grpc-encoding", named)?.[1 as never]).toBe(name);
		const stream = termsOf(connectStream, "connect-content-encoding", named);
		expect(stream?.[1 as never]).toBe(name);
	});

	test("that two lines of the list name together (RFC 9110, 5.3)", () => {
		const fields = ["content-encoding", "identity", "content-encoding", "gzip"];
		expect(termsOf(connectUnary, ...fields)?.[1 as never]).toBe("gzip");
		const accepted = ["accept-encoding", "zstd", "accept-encoding", "br"];
		expect(termsOf(connectUnary, ...accepted)?.[2 as never]).toBe("br");
	});
});

describe("refused is", () => {
	test("a message in two compressions, one over the other", () => {
		expect(termsOf(connectUnary, "content-encoding", "gzip, br")).toMatchObject({
			code: Code.Unimplemented,
		});
	});

	test("a compression that is not known, with those that are", () => {
		expect(termsOf(grpcUnary, "grpc-encoding", "zstd")).toMatchObject({
			code: Code.Unimplemented,
			headers: ["grpc-accept-encoding", "gzip,br"],
		});
	});

	test("a deadline that is none", () => {
		expect(termsOf(grpcUnary, "grpc-timeout", "5")).toMatchObject({ code: Code.InvalidArgument });
	});

	test("the compression before the deadline, as connect has it", () => {
		const both = ["grpc-timeout", "5", "grpc-encoding", "zstd"];
		expect(termsOf(grpcUnary, ...both)).toMatchObject({ code: Code.Unimplemented });
	});
});
