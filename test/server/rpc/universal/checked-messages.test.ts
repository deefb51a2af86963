import { gzipSync } from "node:zlib";
import { create, fromJsonString, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { CreateWukongRequestSchema } from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import { defaultLimits } from "../../../../server/src/http/limits.ts";
import { createDecoder } from "../../../../server/src/rpc/codec/decoder.ts";
import { jsonTypesOf } from "../../../../server/src/rpc/codec/json-types.ts";
import { createCompressions } from "../../../../server/src/rpc/compression.ts";
import { checkedMessages } from "../../../../server/src/rpc/universal/request-body.ts";
import { envelope, numberField } from "../../../hostile/wire-bytes.ts";

const schema = CreateWukongRequestSchema;
const [gzip] = createCompressions(defaultLimits);
const decoder = createDecoder({ registry: jsonTypesOf(schema.file), maxEntries: 10 });

async function messagesOf(codec: "json" | "binary", ...envelopes: readonly Uint8Array[]) {
	async function* body() {
		yield* envelopes;
	}
	const rule = { schema, codec, decoder, refusalDetails: () => [], maxMessageBytes: 1_000 };
	const written: Buffer[] = [];
	for await (const part of checkedMessages(body(), { ...rule, compression: gzip ?? null })) {
		written.push(Buffer.from(part));
	}
	return Buffer.concat(written);
}

const codeOf = async (messages: Promise<unknown>) =>
	messages.then(
		() => undefined,
		(error: unknown) => ConnectError.from(error).code,
	);

test("each message of a stream is what the port's own reader makes of it, compressed or not", async () => {
	const text = '{"wukong":{"generation":9007199254740993}}';
	const written = await messagesOf("json", envelope(text), envelope(gzipSync(text), 1));
	const length = written.readUInt32BE(1);
	expect(written.byteLength).toBe(2 * (length + 5));
	for (const start of [5, length + 10]) {
		const message = fromJsonString(schema, written.toString("utf8", start, start + length));
		expect(message).toEqual(create(schema, { wukong: { generation: 9_007_199_254_740_993n } }));
	}
	const bytes = toBinary(schema, create(schema, { requestId: "a" }));
	expect(await messagesOf("binary", envelope(bytes))).toEqual(Buffer.from(envelope(bytes)));
});

test.each([
	["an unknown name", "json", envelope('{"nmae":1}'), Code.InvalidArgument],
	[
		"too many entries",
		"json",
		envelope(gzipSync(`{"wukong":{"spec":{"disks":[${"{},".repeat(20)}{}]}}}`), 1),
		Code.ResourceExhausted,
	],
	["a wide number", "binary", envelope(numberField(2, 2n ** 32n)), Code.InvalidArgument],
	["bytes that are no message", "binary", envelope("\x0f"), Code.InvalidArgument],
] as const)("a stream fails with the refusal of %s", async (_what, codec, message, code) => {
	expect(await codeOf(messagesOf(codec, message))).toBe(code);
});
