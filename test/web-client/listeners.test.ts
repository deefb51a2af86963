import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type LiveSnapshot, optimistic } from "../../web-client/src/index.ts";
import { createFakeWukong } from "../../web-client/src/testing/index.ts";

/** What listeners have thrown, as the page's `error` event would have it. */
const reported: unknown[] = [];
const { queueMicrotask: plain } = globalThis;

beforeEach(() => {
	vi.stubGlobal("queueMicrotask", (callback: () => void) =>
		plain(() => {
			try {
				callback();
			} catch (error) {
				reported.push(error);
			}
		}),
	);
});
afterEach(() => {
	vi.unstubAllGlobals();
	reported.length = 0;
});

const seed = [{ name: "a" }, { name: "b" }];
const fault = new Error("a listener's own");
const faulty = () => {
	throw fault;
};

describe("a listener that throws (as in the DOM standard, inner invoke: its exception is reported)", () => {
	test("keeps no snapshot from the others, is called again, and can be taken away", async () => {
		const fake = createFakeWukong({ seed });
		const list = fake.client.liveList();
		const leave = list.subscribe(faulty);
		let last: LiveSnapshot | undefined;
		list.subscribe((snapshot) => {
			last = snapshot;
		});
		await fake.advance(100);
		expect(last?.items.map(({ name }) => name)).toEqual(["a", "b"]);
		fake.store.put({ name: "c" });
		await fake.advance(100);
		expect(last?.items).toHaveLength(3);
		expect(reported).toEqual([fault, fault, fault]);
		leave();
		fake.store.put({ name: "d" });
		await fake.advance(100);
		expect(last?.items).toHaveLength(4);
		expect(reported).toHaveLength(3);
		fake.client.close();
	});

	test("for changes does not make a list fail", async () => {
		const fake = createFakeWukong({ seed });
		const list = fake.client.liveList();
		const told: string[] = [];
		list.onChange(faulty);
		list.onChange(({ type, wukong }) => told.push(`${type} ${wukong.name}`));
		list.subscribe(() => {});
		await fake.advance(100);
		expect(list.getSnapshot().status).toBe("live");
		expect(told).toEqual(["ADDED a", "ADDED b"]);
		expect(reported).toEqual([fault, fault]);
		fake.client.close();
	});

	test("for the condition of a watch does not break its connection", async () => {
		const fake = createFakeWukong({ seed });
		const watch = fake.client.watch({}, { onCondition: faulty });
		const told: string[] = [];
		const loop = (async () => {
			for await (const event of watch) told.push(event.type);
		})();
		await fake.advance(60_000);
		expect(told).toEqual(["ADDED", "ADDED", "SYNCED"]);
		expect(watch.status).toBe("live");
		expect(fake.calls).toBe(1);
		expect(reported).toContain(fault);
		await watch.close();
		await loop;
		fake.client.close();
	});

	test("costs an optimistic client no call", async () => {
		const fake = createFakeWukong({ seed });
		const client = optimistic(fake.client, { clock: fake.clock });
		const list = client.liveList();
		list.subscribe(faulty);
		let last: LiveSnapshot | undefined;
		list.subscribe((snapshot) => {
			last = snapshot;
		});
		await fake.advance(100);
		const stopped = client.stop("a");
		expect(last?.pending.has("default/a")).toBe(true);
		await fake.advance(100);
		expect((await stopped).name).toBe("a");
		client.close();
	});
});

test("who unsubscribes is told nothing more, not even what another listener is being told just now", async () => {
	const fake = createFakeWukong({ seed });
	for (const client of [fake.client, optimistic(fake.client, { clock: fake.clock })]) {
		const list = client.liveList();
		let calls = 0;
		let leave = () => {};
		// As a parent that unmounts its child.
		list.subscribe(({ items }) => items.length > 0 && leave());
		leave = list.subscribe(() => calls++);
		const before = calls;
		await fake.advance(100);
		await client.stop("a").catch(() => {});
		expect(calls).toBe(before);
	}
	fake.client.close();
});
