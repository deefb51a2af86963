import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { Disconnect, DisconnectError } from "../../../server/src/http/disconnect.ts";
import { defaultLimits } from "../../../server/src/http/limits.ts";
import { BodyTimeoutError, readBody } from "../../../server/src/http/request-body.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { until } from "../../support/until.ts";

const bodyTimeoutMs = 1_000;

function open() {
	const clock = createFakeClock();
	const source = new PassThrough();
	const disconnect = new Disconnect();
	const options = { clock, disconnect, limits: { ...defaultLimits, bodyTimeoutMs } };
	return { clock, source, options };
}

test("a body is read to its end", async () => {
	const { clock, source, options } = open();
	source.write("a");
	source.end("b");
	const chunks: Uint8Array[] = [];
	for await (const chunk of readBody(source, options)) chunks.push(chunk);
	expect(Buffer.concat(chunks).toString()).toBe("ab");
	expect(clock.pendingTimers).toBe(0);
});

test("a reader that stops early leaves the rest to be read away", async () => {
	const { source, options } = open();
	source.write("a");
	for await (const _chunk of readBody(source, options)) break;
	source.resume().end("b");
	await until("all is read", () => source.readableEnded);
});

test.each([
	[undefined, bodyTimeoutMs],
	[300, 300],
	[9_000, bodyTimeoutMs],
])("a body that is slow, with a deadline of %s ms, is given up after %i ms", async (own, ms) => {
	const { clock, source, options } = open();
	const chunks = readBody(source, options, own)[Symbol.asyncIterator]();
	const next = chunks.next();
	const failed = expect(next).rejects.toBeInstanceOf(BodyTimeoutError);
	await clock.advance(ms - 1);
	expect(clock.pendingTimers).toBe(1);
	await clock.advance(1);
	await failed;
	source.resume().end("late");
	await until("the rest is read", () => source.readableEnded);
});

test("a body that breaks off fails with a DisconnectError", async () => {
	const { source, options } = open();
	const next = readBody(source, options)[Symbol.asyncIterator]().next();
	source.destroy(new Error("reset"));
	await expect(next).rejects.toBeInstanceOf(DisconnectError);
});
