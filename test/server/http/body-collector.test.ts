import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import {
	type BodyLimit,
	type CollectedBody,
	collectBody,
	createStreamSource,
} from "../../../server/src/http/request-body.ts";
import { readAnnouncedBytes } from "../../../server/src/rpc/protocol/envelope.ts";
import { envelope, envelopePrefix } from "../../hostile/wire-bytes.ts";
import { until } from "../../support/until.ts";

const bare: BodyLimit = { maxBytes: 10, declaredBytes: undefined, readAnnouncedBytes: undefined };
const enveloped: BodyLimit = { ...bare, maxBytes: 15, readAnnouncedBytes };

/** Sends a body in parts; `end` may be left out. */
function collect(limit: BodyLimit, ...parts: readonly Uint8Array[]) {
	const source = new PassThrough();
	const results: CollectedBody[] = [];
	collectBody(createStreamSource(source), limit, (body) => void results.push(body));
	for (const part of parts) source.write(part);
	return { source, results };
}

async function collected(limit: BodyLimit, ...parts: readonly Uint8Array[]) {
	const { source, results } = collect(limit, ...parts);
	source.end();
	await until("the body is told", () => results.length > 0);
	expect(results).toHaveLength(1);
	return results[0];
}

const bytes = (count: number) => Buffer.from(Array.from({ length: count }, (_, i) => i));
const single = (body: Buffer) => [...body].map((byte) => Uint8Array.of(byte));

describe("a body is whole", () => {
	test.each([0, 1, 9, 10])("of %i bytes, in one part or one by one", async (count) => {
		const body = bytes(count);
		expect(await collected(bare, body)).toEqual(body);
		expect(await collected(bare, ...single(body))).toEqual(body);
		const within = envelope(body);
		expect(await collected(enveloped, ...single(within))).toEqual(within);
	});

	test("of many parts, and the first is not written to", async () => {
		const first = bytes(3);
		const limit = { ...bare, maxBytes: 100_000 };
		const rest = Array.from({ length: 3_000 }, () => bytes(7));
		expect(await collected(limit, first, ...rest)).toEqual(Buffer.concat([first, ...rest]));
		expect(first).toEqual(bytes(3));
	});
});

describe("a body over the limit is refused", () => {
	test("once there is too much of it", async () => {
		const { results } = collect(bare, bytes(6), bytes(5));
		await until("it is refused", () => results.length > 0);
		expect(results).toEqual([undefined]);
	});

	test("once its envelope promises too much", async () => {
		const { results } = collect(enveloped, ...single(envelopePrefix(0, 11)));
		await until("it is refused", () => results.length > 0);
		expect(results).toEqual([undefined]);
	});

	test("before a byte of it, where its length is declared", async () => {
		const { results } = collect({ ...bare, declaredBytes: 11 });
		await until("it is refused", () => results.length > 0);
		expect(results).toEqual([undefined]);
	});

	test("and the rest of it is read away", async () => {
		const { source, results } = collect(bare, bytes(11));
		await until("it is refused", () => results.length > 0);
		source.end(bytes(100));
		await until("all is read", () => source.readableEnded);
		expect(results).toEqual([undefined]);
	});
});

test("a body that breaks off is never told", async () => {
	const { source, results } = collect(bare, bytes(3));
	source.destroy();
	await until("it is closed", () => source.closed);
	expect(results).toEqual([]);
});
