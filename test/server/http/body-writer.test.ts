import { expect, test } from "vitest";
import { writeBody } from "../../../server/src/http/body-writer.ts";
import { Disconnect } from "../../../server/src/http/disconnect.ts";
import type { Exchange } from "../../../server/src/http/exchange.ts";

/** An exchange that keeps what it is given; it has room when `drained` says so. */
function createExchange(drained: Promise<void> | undefined = undefined) {
	const disconnect = new Disconnect();
	const written: number[] = [];
	const exchange = {
		disconnect,
		write(bytes: Uint8Array) {
			written.push(bytes.byteLength);
			return drained === undefined;
		},
		drained: () => drained ?? Promise.resolve(),
	} as unknown as Exchange;
	return { exchange, written, leave: () => disconnect.trigger() };
}

const options = {
	budget: { spend: () => false, nextTurn: () => Promise.resolve() },
	sliceBytes: 10,
	stallTimeoutMs: undefined,
};

/** A source that yields for ever what `next` gives, and tells when it is returned. */
function createSource(next: () => Promise<IteratorResult<Uint8Array>>) {
	const source = {
		returned: 0,
		[Symbol.asyncIterator]: () => ({
			next,
			return: async () => {
				source.returned++;
				return { done: true as const, value: undefined };
			},
		}),
	};
	return source;
}

test("a body is written in slices, and told complete", async () => {
	const { exchange, written } = createExchange();
	async function* body() {
		yield new Uint8Array(25);
		yield new Uint8Array(3);
	}
	expect(await writeBody(exchange, body(), options)).toEqual({ sentBytes: 28, complete: true });
	expect(written).toEqual([10, 10, 5, 3]);
});

test("the source is returned at the moment the peer leaves, while it is awaited", async () => {
	const { exchange, leave } = createExchange();
	const source = createSource(() => new Promise(() => {}));
	const writing = writeBody(exchange, source, options);
	leave();
	expect(source.returned).toBe(1);
	expect(await writing).toEqual({ sentBytes: 0, complete: false });
});

test("the source is returned at the moment the peer leaves, while a write waits", async () => {
	const drained = Promise.withResolvers<void>();
	const { exchange, written, leave } = createExchange(drained.promise);
	const source = createSource(async () => ({ done: false, value: new Uint8Array(5) }));
	const writing = writeBody(exchange, source, options);
	while (written.length === 0) await Promise.resolve();
	leave();
	expect(source.returned).toBe(1);
	drained.resolve();
	expect((await writing).complete).toBe(false);
	expect(written).toEqual([5]);
});

test("nothing is written for a peer that has left", async () => {
	const { exchange, written, leave } = createExchange();
	leave();
	const source = createSource(async () => ({ done: false, value: new Uint8Array(5) }));
	expect((await writeBody(exchange, source, options)).complete).toBe(false);
	expect([source.returned, written]).toEqual([1, []]);
});
