import { describe, expect, test } from "vitest";
import { connect } from "../../../../server/src/rpc/protocol/connect/connect.ts";
import { grpc } from "../../../../server/src/rpc/protocol/grpc/grpc.ts";
import type { CallProtocol } from "../../../../server/src/rpc/protocol/protocol.ts";
import { envelope, envelopePrefix } from "../../../hostile/wire-bytes.ts";

const join = (...parts: readonly Buffer[]) => Buffer.concat(parts);
const partOf = (part: CallProtocol | undefined) => part as CallProtocol;
const messageOf = (body: Buffer, protocol = partOf(grpc.unary), hasEncoding = true) => {
	const opened = protocol.body.open(body, hasEncoding);
	return "cause" in opened ? opened.message : opened;
};

test("the message is what lies in the one envelope", () => {
	expect(messageOf(envelope("abc"))).toEqual({ bytes: Buffer.from("abc"), isCompressed: false });
	expect(messageOf(envelope("abc", 1))).toEqual({ bytes: Buffer.from("abc"), isCompressed: true });
	expect(messageOf(envelope(""))).toEqual({ bytes: Buffer.alloc(0), isCompressed: false });
});

test("a bare body is the message, compressed where its header says so", () => {
	const body = envelope("abc", 1);
	expect(partOf(connect.unary).body.open(body, true)).toEqual({ bytes: body, isCompressed: true });
	expect(partOf(connect.unary).body.open(body, false)).toMatchObject({ isCompressed: false });
});

describe("refused is", () => {
	test.each([
		["nothing at all", Buffer.alloc(0), "the request message is missing"],
		["a piece of a prefix", Buffer.alloc(4), "the request ends within an envelope"],
		["a prefix alone", envelopePrefix(0, 1), "the request ends within an envelope"],
		[
			"a piece of a message",
			join(envelopePrefix(0, 4), Buffer.alloc(3)),
			"the request ends within an envelope",
		],
		[
			"a second message",
			join(envelope("a"), envelope("b")),
			"there is more than one request message",
		],
		[
			"a second, empty one",
			join(envelope("a"), envelope("")),
			"there is more than one request message",
		],
		[
			"a piece of a second prefix",
			join(envelope("a"), Buffer.alloc(1)),
			"the request ends within an envelope",
		],
		[
			"a piece of a second message",
			join(envelope("a"), envelopePrefix(0, 9)),
			"the request ends within an envelope",
		],
		["an unknown flag", envelope("a", 4), "an envelope has unknown flags"],
	])("%s", (_what, body, message) => {
		expect(messageOf(body)).toBe(message);
	});

	test("a compressed message where no compression is named", () => {
		expect(messageOf(envelope("a", 1), partOf(grpc.unary), false)).toContain("without the name");
	});

	test("Connect's end of stream, as no message", () => {
		expect(messageOf(envelope("{}", 2), partOf(connect.stream))).toBe(
			"the request message is missing",
		);
	});
});
