import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import type { LiveSnapshot } from "../../web-client/src/index.ts";
import { createFakeWukong, type FakeWukong, failure } from "../../web-client/src/testing/index.ts";

/** A list that somebody looks at, and all that they were shown. */
async function shown(fake: FakeWukong, query = {}) {
	const list = fake.client.liveList(query);
	const seen: LiveSnapshot[] = [];
	const unsubscribe = list.subscribe((snapshot) => seen.push(snapshot));
	await fake.advance(100);
	return { list, seen, unsubscribe, last: () => seen.at(-1) as LiveSnapshot };
}

const namesOf = ({ items }: LiveSnapshot) => items.map(({ name }) => name);
const seed = [{ name: "b" }, { name: "a" }, { name: "c", namespace: "a-team" }];

describe("a live list", () => {
	test("is shown at once, then whole, in the order of namespace and name, then as it changes", async () => {
		const fake = createFakeWukong({ seed });
		const { seen, last } = await shown(fake);
		expect(seen.map(({ status, synced }) => [status, synced])).toEqual([
			["connecting", false],
			["live", true],
		]);
		expect(namesOf(last())).toEqual(["c", "a", "b"]);
		fake.store.put({ name: "aa" });
		fake.store.remove({ name: "b" });
		await fake.advance(100);
		expect(namesOf(last())).toEqual(["c", "a", "aa"]);
		expect([...last().byKey.keys()]).toEqual(["a-team/c", "default/a", "default/aa"]);
		expect(seen).toHaveLength(3);
		fake.client.close();
	});

	test("gives the same snapshot until something changes, and heartbeats change nothing", async () => {
		const fake = createFakeWukong({ seed });
		const { list, seen } = await shown(fake);
		const before = list.getSnapshot();
		await fake.advance(60_000);
		expect(list.getSnapshot()).toBe(before);
		expect(seen).toHaveLength(2);
		fake.client.close();
	});

	test("keeps the identity of what does not change, over RESET too, and shows no half list", async () => {
		const fake = createFakeWukong({ seed });
		const { seen, last } = await shown(fake);
		const before = last();
		fake.offline();
		await fake.advance(5_000);
		fake.store.put({ name: "a", labels: { new: "yes" } });
		fake.store.remove({ name: "b" });
		fake.store.forgetHistory();
		fake.online();
		await fake.advance(60_000);
		expect(last().status).toBe("live");
		expect(namesOf(last())).toEqual(["c", "a"]);
		expect(last().items[0]).toBe(before.items[0]);
		expect(last().items[1]).not.toBe(before.items[1]);
		const shownNames = new Set(seen.slice(1).map((snapshot) => namesOf(snapshot).join()));
		expect([...shownNames]).toEqual(["c,a,b", "c,a"]);
		fake.client.close();
	});

	test("tells many changes that come together once", async () => {
		const fake = createFakeWukong({ seed });
		const { seen, last } = await shown(fake);
		for (let round = 0; round < 500; round++) fake.store.put({ name: `vm-${round % 50}` });
		await fake.advance(15);
		expect(seen).toHaveLength(2);
		await fake.advance(10);
		expect(seen).toHaveLength(3);
		expect(last().items).toHaveLength(53);
		fake.client.close();
	});

	test("is one stream for all who ask the same, whatever the order of their words", async () => {
		const fake = createFakeWukong({ seed });
		const one = fake.client.liveList({ labels: { a: "1", b: "2" }, namespace: "default" });
		const other = fake.client.liveList({ namespace: "default", labels: { b: "2", a: "1" } });
		expect(one).toBe(other);
		const leave = [one.subscribe(() => {}), other.subscribe(() => {})];
		await fake.advance(100);
		expect(fake.openStreams).toBe(1);
		for (const unsubscribe of leave) unsubscribe();
		fake.client.close();
	});

	test("closes its stream some seconds after the last one has left, and goes on where it was", async () => {
		const fake = createFakeWukong({ seed });
		const { list, unsubscribe } = await shown(fake);
		unsubscribe();
		await fake.advance(4_900);
		expect(fake.openStreams).toBe(1);
		const again = list.subscribe(() => {});
		again();
		await fake.advance(5_100);
		expect(fake.openStreams).toBe(0);
		expect(list.getSnapshot().status).toBe("closed");
		fake.store.put({ name: "d" });
		const { last } = await shown(fake);
		expect(namesOf(last())).toEqual(["c", "a", "b", "d"]);
		fake.client.close();
		await fake.advance(20);
		expect([fake.openStreams, fake.clock.pendingTimers]).toEqual([0, 0]);
	});

	test("calls a listener that subscribes twice twice, and forgets each alone", async () => {
		const fake = createFakeWukong({ seed });
		const list = fake.client.liveList();
		let told = 0;
		const listener = () => void told++;
		const leave = list.subscribe(listener);
		list.subscribe(listener);
		leave();
		leave();
		await fake.advance(100);
		expect(told).toBe(3);
		fake.client.close();
	});

	test("is ready when it is whole, and says why it never will be", async () => {
		const fake = createFakeWukong({ seed });
		const ready = fake.client.liveList().ready();
		await fake.advance(100);
		expect(namesOf(await ready)).toEqual(["c", "a", "b"]);
		const wrong = fake.client.liveList({ labelSelector: "a b c" });
		const refused = wrong.ready().catch((error) => error);
		await fake.advance(100);
		expect(await refused).toMatchObject({ code: Code.InvalidArgument });
		expect(wrong.getSnapshot()).toMatchObject({
			status: "failed",
			error: { code: Code.InvalidArgument },
		});
		fake.client.close();
	});

	test("of a client that is closed is closed, and is never ready", async () => {
		const fake = createFakeWukong({ seed });
		const before = fake.client.liveList();
		fake.client.close();
		await fake.advance(100);
		for (const list of [before, fake.client.liveList({ namespace: "other" })]) {
			const ready = list.ready().catch((error) => error);
			await fake.advance(100);
			expect(await ready).toMatchObject({ code: Code.Canceled });
		}
		expect(fake.calls).toBe(0);
	});

	test("begins anew after a failure only when it is asked to", async () => {
		const fake = createFakeWukong({ seed });
		fake.fail(failure(Code.PermissionDenied, "PERMISSION_DENIED"));
		const { list, last } = await shown(fake);
		expect(last().status).toBe("failed");
		await fake.advance(3_600_000);
		fake.tell("wake");
		await fake.advance(3_600_000);
		expect(fake.calls).toBe(1);
		list.refresh();
		await fake.advance(100);
		expect(last()).toMatchObject({ status: "live", error: undefined });
		fake.client.close();
	});
});
