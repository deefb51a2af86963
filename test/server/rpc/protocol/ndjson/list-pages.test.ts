import { describe, expect, test } from "vitest";
import {
	type ItemPage,
	ListPages,
} from "../../../../../server/src/rpc/protocol/ndjson/list-pages.ts";

/** Pages of numbers; `how` gives each page at once or later. */
function pagesOf(
	sizes: readonly number[],
	how: (page: ItemPage<number>) => ItemPage<number> | Promise<ItemPage<number>>,
) {
	const read: number[] = [];
	const page = (at: number): ItemPage<number> | Promise<ItemPage<number>> => {
		read.push(at);
		const before = sizes.slice(0, at).reduce((sum, size) => sum + size, 0);
		return how({
			items: Array.from({ length: sizes[at] ?? 0 }, (_, index) => before + index),
			next: at + 1 < sizes.length ? () => page(at + 1) : undefined,
		});
	};
	return { read, first: page(0) };
}

/** Takes as the writer of streams does. */
async function takeAll(stream: ListPages<number>): Promise<number[]> {
	const taken: number[] = [];
	for (;;) {
		const items = stream.take();
		taken.push(...items);
		if (items.length > 0) continue;
		if (stream.isComplete) return taken;
		await new Promise<void>((ready) => stream.onReady({ ready }));
	}
}

const ways = {
	"at once": (page: ItemPage<number>) => page,
	later: async (page: ItemPage<number>) => page,
};

describe.each(Object.entries(ways))("a list whose pages come %s", (_when, how) => {
	test.each([[[0]], [[1]], [[8]], [[9, 0, 0, 30]], [[0, 0, 3]], [[20, 1, 0]]])(
		"gives each item once and in order, then ends well: pages of %j",
		async (sizes) => {
			const { first } = pagesOf(sizes, how);
			const count = sizes.reduce((sum, size) => sum + size, 0);
			expect(await takeAll(new ListPages(first))).toEqual(
				Array.from({ length: count }, (_, at) => at),
			);
			const iterated: number[] = [];
			for await (const item of new ListPages(pagesOf(sizes, how).first)) iterated.push(item);
			expect(iterated).toHaveLength(count);
		},
	);

	test("holds one page: the next is read when this one is taken", async () => {
		const { read, first } = pagesOf([16, 16, 16], how);
		const stream = new ListPages(first);
		await new Promise<void>((ready) => stream.onReady({ ready }));
		stream.take();
		expect(read).toEqual([0]);
		stream.take();
		expect(read).toEqual([0, 1]);
	});

	test("fails where a page does, once all before it is taken", async () => {
		const broken: ItemPage<number> = {
			items: [1, 2],
			next: () => {
				throw new Error("expired");
			},
		};
		await expect(takeAll(new ListPages(how(broken)))).rejects.toThrow("expired");
		const taken: number[] = [];
		const stream = new ListPages(how(broken));
		await new Promise<void>((ready) => stream.onReady({ ready }));
		taken.push(...stream.take());
		expect(taken).toEqual([1, 2]);
		expect(stream.isComplete).toBe(false);
	});

	test("reads nothing more once its reader has left, and is not complete", async () => {
		const { read, first } = pagesOf([8, 8], how);
		const stream = new ListPages(first);
		stream.close(new Error("left"));
		expect(() => stream.take()).toThrow("left");
		expect(stream.isComplete).toBe(false);
		const quiet = new ListPages(pagesOf([8, 8], how).first);
		quiet.close();
		expect(quiet.take()).toEqual([]);
		expect(quiet.isComplete).toBe(false);
		expect(read).toEqual([0]);
	});
});
