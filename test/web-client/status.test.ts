import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { createFakeWukong, type FakeWukong, failure } from "../../web-client/src/testing/index.ts";

/** A list that is live, and the statuses that it goes through. */
async function follow(fake: FakeWukong) {
	const list = fake.client.liveList();
	const statuses: string[] = [];
	list.subscribe(({ status }) => {
		if (statuses.at(-1) !== status) statuses.push(status);
	});
	await fake.advance(100);
	return { list, statuses };
}

const seed = [{ name: "a" }];

describe("a list that loses its connection", () => {
	test("is stale meanwhile, and resumes with its token: nothing is told twice, nothing missed", async () => {
		const fake = createFakeWukong({ seed });
		const { list, statuses } = await follow(fake);
		fake.cut();
		fake.store.remove({ name: "a" });
		fake.store.put({ name: "b" });
		await fake.advance(2_000);
		expect(statuses).toEqual(["connecting", "live", "stale", "live"]);
		expect([...list.getSnapshot().byKey.keys()]).toEqual(["default/b"]);
		fake.client.close();
	});

	test("is offline while nobody can be reached, tries on with growing waits, and comes at once when the network does", async () => {
		const fake = createFakeWukong({ seed });
		const { statuses } = await follow(fake);
		fake.offline();
		await fake.advance(10 * 60_000);
		const tries = fake.calls;
		// Half of 0.5, 1, 2 … 30 s, at least a second apart: the fake's dice always fall in the middle.
		expect(tries).toBeGreaterThan(35);
		expect(tries).toBeLessThan(50);
		fake.online();
		fake.tell("wake");
		await fake.advance(1_100);
		expect(statuses).toEqual(["connecting", "live", "stale", "offline", "live"]);
		fake.client.close();
	});

	test("notices a way that swallows everything within a heartbeat and a half", async () => {
		const fake = createFakeWukong({ seed });
		const { list, statuses } = await follow(fake);
		fake.blackhole();
		fake.store.put({ name: "b" });
		await fake.advance(14_000);
		expect(fake.calls).toBe(1);
		await fake.advance(3_000);
		expect(statuses).toEqual(["connecting", "live", "stale", "live"]);
		expect(list.getSnapshot().items).toHaveLength(2);
		fake.client.close();
	});

	test("looks at the wall clock when its page is seen again: no timer runs while a machine sleeps", async () => {
		const fake = createFakeWukong({ seed });
		const { list } = await follow(fake);
		fake.blackhole();
		fake.store.put({ name: "b" });
		fake.clock.stepWallClock(3_600_000);
		fake.tell("wake");
		await fake.advance(1_100);
		expect(fake.calls).toBe(2);
		expect(list.getSnapshot()).toMatchObject({
			status: "live",
			items: [{ name: "a" }, { name: "b" }],
		});
		fake.client.close();
	});

	test("is not troubled by a clock that is set back", async () => {
		const fake = createFakeWukong({ seed });
		const { statuses } = await follow(fake);
		fake.clock.stepWallClock(-3_600_000);
		fake.tell("wake");
		await fake.advance(60_000);
		expect(statuses).toEqual(["connecting", "live"]);
		expect(fake.calls).toBe(1);
		fake.blackhole();
		await fake.advance(20_000);
		expect(fake.calls).toBe(2);
		fake.client.close();
	});

	test("believes a machine that says it is offline only until the service is heard", async () => {
		const fake = createFakeWukong({ seed });
		const { statuses } = await follow(fake);
		fake.tell("offline");
		await fake.advance(15_000);
		expect(statuses).toEqual(["connecting", "live", "offline", "live"]);
		expect(fake.calls).toBe(1);
		fake.client.close();
	});

	test("has no stream while its page is put away, and goes on when it is back", async () => {
		const fake = createFakeWukong({ seed });
		const { list } = await follow(fake);
		fake.tell("hide");
		await fake.advance(600_000);
		expect([fake.openStreams, fake.calls]).toEqual([0, 1]);
		fake.store.put({ name: "b" });
		fake.tell("wake");
		await fake.advance(5_000);
		expect(fake.calls).toBe(1);
		fake.tell("show");
		await fake.advance(1_100);
		expect(list.getSnapshot()).toMatchObject({
			status: "live",
			items: [{ name: "a" }, { name: "b" }],
		});
		fake.client.close();
	});
});

describe("a list that the service refuses", () => {
	test("waits as long as the service asks, and a random time more", async () => {
		const fake = createFakeWukong({ seed });
		fake.fail(failure(Code.ResourceExhausted, "TOO_MANY_REQUESTS", { retryAfterMs: 7_000 }));
		await follow(fake);
		await fake.advance(7_100);
		expect(fake.calls).toBe(1);
		await fake.advance(200);
		expect(fake.calls).toBe(2);
		fake.client.close();
	});

	test.each([
		[Code.PermissionDenied, "PERMISSION_DENIED"],
		[Code.InvalidArgument, "INVALID_REQUEST"],
		[Code.NotFound, "NAMESPACE_NOT_FOUND"],
		[Code.Unimplemented, "METHOD_NOT_FOUND"],
		[Code.Unauthenticated, "UNAUTHENTICATED"],
	] as const)("stops at code %i with %s, which no retry can cure", async (code, reason) => {
		const fake = createFakeWukong({ seed });
		fake.fail(failure(code, reason));
		const { list } = await follow(fake);
		await fake.advance(24 * 3_600_000);
		expect(fake.calls).toBe(1);
		expect(list.getSnapshot()).toMatchObject({ status: "failed", error: { code } });
		fake.client.close();
	});

	test.each([
		[Code.Unavailable, "SHUTTING_DOWN"],
		[Code.Unavailable, "UPSTREAM_UNAVAILABLE"],
		[Code.Internal, "INTERNAL"],
		[Code.DeadlineExceeded, "DEADLINE_EXCEEDED"],
	] as const)("tries on after code %i with %s", async (code, reason) => {
		const fake = createFakeWukong({ seed });
		fake.fail(failure(code, reason));
		const { statuses } = await follow(fake);
		await fake.advance(2_000);
		expect(statuses).toEqual(["connecting", "live"]);
		fake.client.close();
	});

	test("doubts a final answer that is not the service's own, as a proxy's 404 during a roll-out, but not for ever", async () => {
		const { ConnectError } = await import("@connectrpc/connect");
		const proxys = () =>
			new ConnectError("HTTP 404", Code.Unimplemented, { "content-type": "text/html" });
		const fake = createFakeWukong({ seed });
		for (let time = 0; time < 5; time++) fake.fail(proxys());
		const { list } = await follow(fake);
		await fake.advance(60_000);
		expect(list.getSnapshot().status).toBe("live");
		for (let time = 0; time < 6; time++) fake.fail(proxys());
		fake.cut();
		await fake.advance(600_000);
		expect(list.getSnapshot().status).toBe("failed");
		fake.client.close();
	});
});
