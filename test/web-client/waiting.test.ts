import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { isStuck, WukongStatus_PowerState as Power } from "../../web-client/src/index.ts";
import { createFakeWukong, failure } from "../../web-client/src/testing/index.ts";

const seed = [{ name: "a" }];

/** What a promise came to, as soon as it did. */
function observe(promise: Promise<unknown>) {
	const seen: { value?: unknown; code?: Code; message?: string; isOver: boolean } = {
		isOver: false,
	};
	promise.then(
		(value) => Object.assign(seen, { value, isOver: true }),
		(error) => Object.assign(seen, { code: error.code, message: error.message, isOver: true }),
	);
	return seen;
}

describe("waitFor a power state", () => {
	test("asks WaitWukong in steps of 50 s, and again at TIMED_OUT", async () => {
		const fake = createFakeWukong({ seed });
		const waiting = observe(fake.client.waitFor("a", "PAUSED"));
		await fake.advance(49_000);
		expect([fake.calls, fake.openStreams]).toEqual([1, 0]);
		await fake.advance(2_000);
		expect(fake.calls).toBe(2);
		await fake.client.pause("a");
		await fake.advance(0);
		expect(waiting).toMatchObject({ isOver: true, value: { name: "a" } });
		expect(fake.clock.pendingTimers).toBe(0);
	});

	test("goes on over failures that pass, and ends with those that do not", async () => {
		const fake = createFakeWukong({ seed });
		fake.fail(failure(Code.Unavailable, "SHUTTING_DOWN", { retryAfterMs: 100 }));
		fake.fail(failure(Code.ResourceExhausted, "TOO_MANY_REQUESTS", { retryAfterMs: 100 }));
		const waiting = observe(fake.client.waitFor("a", "RUNNING"));
		await fake.advance(60_000);
		expect(waiting).toMatchObject({ value: { name: "a" } });
		fake.fail(failure(Code.PermissionDenied, "PERMISSION_DENIED"));
		const refused = observe(fake.client.waitFor("a", "RUNNING"));
		await fake.advance(0);
		expect(refused.code).toBe(Code.PermissionDenied);
	});

	test("fails at once when the wish turns, with the reason, and when the VM is deleted", async () => {
		const fake = createFakeWukong({ seed });
		const on = observe(fake.client.waitFor("a", "PAUSED"));
		// Its question is on its way.
		await fake.advance(0);
		await fake.client.stop("a");
		await fake.advance(0);
		expect(on).toMatchObject({ code: Code.FailedPrecondition });
		expect(on.message).toContain("WantedOff");
		const off = observe(fake.client.waitFor("a", "ERROR"));
		await fake.advance(0);
		fake.store.remove({ name: "a" });
		await fake.advance(0);
		expect(off).toMatchObject({ code: Code.NotFound });
	});

	test("of a VM that a namesake replaces between two steps is not met by the namesake", async () => {
		const fake = createFakeWukong({ seed });
		const waiting = observe(fake.client.waitFor("a", "PAUSED"));
		await fake.advance(49_999);
		fake.fail(failure(Code.Unavailable, "SHUTTING_DOWN", { retryAfterMs: 1_000 }));
		await fake.advance(500);
		fake.store.remove({ name: "a" });
		fake.store.put({ name: "a", status: { powerState: Power.PAUSED } });
		await fake.advance(60_000);
		expect(waiting.code).toBe(Code.NotFound);
	});

	test("ends as the client is closed", async () => {
		const fake = createFakeWukong({ seed });
		const waiting = observe(fake.client.waitFor("a", "PAUSED"));
		await fake.advance(1_000);
		fake.client.close();
		await fake.advance(0);
		expect(waiting.code).toBe(Code.Canceled);
		expect(fake.clock.pendingTimers).toBe(0);
	});
});

describe("the calls of a VM that runs", () => {
	test("pause and resume it, and refuse one that is off", async () => {
		const { client, advance } = createFakeWukong({ seed });
		expect((await client.pause("a")).status?.powerState).toBe(Power.PAUSED);
		expect((await client.pause("a")).status?.powerState).toBe(Power.PAUSED);
		expect((await client.resume("a")).status?.powerState).toBe(Power.RUNNING);
		await client.stop("a", { gracePeriodMs: 0 });
		await advance(60_000);
		const refused = observe(client.resume("a"));
		await advance(0);
		expect(refused.code).toBe(Code.FailedPrecondition);
	});

	test("restart it: it is down, then it runs again", async () => {
		const { client, advance } = createFakeWukong({ seed });
		expect((await client.restart("a")).status?.powerState).toBe(Power.STOPPING);
		const waiting = observe(client.waitFor("a", "RUNNING"));
		await advance(60_000);
		expect(waiting).toMatchObject({ value: { name: "a" } });
		expect((await client.restart("a", { mode: "FORCE" })).status?.powerState).toBe(Power.STARTING);
		await advance(60_000);
		expect((await client.restart("a", { mode: "SOFT" })).status?.powerState).toBe(Power.RUNNING);
	});

	test("send mode and grace period as the contract has them", async () => {
		const sent: object[] = [];
		const fake = createFakeWukong({ seed });
		const { rpc } = fake.client;
		const answer = (request: object) => {
			sent.push(request);
			return rpc.getWukong({ name: "a" });
		};
		const { createCalls } = await import("../../web-client/src/calls.ts");
		const { createEnvironment } = await import("../../web-client/src/live/environment.ts");
		const calls = createCalls({ ...rpc, stopWukong: answer, restartWukong: answer } as never, {
			...{
				environment: createEnvironment({}),
				attempts: 1,
				onWritten() {},
				place: (given) => given,
			},
		});
		await calls.stop("a", { gracePeriodMs: 1_500 });
		await calls.stop("a");
		await calls.restart("a", { mode: "RESET" });
		expect(sent).toMatchObject([
			{ gracePeriod: { seconds: 1n, nanos: 500_000_000 } },
			{ name: "a" },
			{ name: "a", mode: 4 },
		]);
		expect(sent[1]).not.toHaveProperty("gracePeriod");
	});
});

test("a VM in a live list tells that it is paused, why, and whether it is stuck", async () => {
	const fake = createFakeWukong({ seed });
	const list = fake.client.liveList();
	list.subscribe(() => {});
	await fake.advance(1_000);
	const stuckTime = { seconds: BigInt(Math.floor(fake.clock.nowMs() / 1_000) + 60), nanos: 0 };
	fake.store.put({
		name: "a",
		status: { powerState: Power.PAUSED, powerReason: "Paused", stuckTime },
	});
	await fake.advance(1_000);
	const [item] = list.getSnapshot().items;
	if (item === undefined) throw new Error("the list is empty");
	expect(item.status).toMatchObject({ powerState: Power.PAUSED, powerReason: "Paused" });
	const nowMs = fake.clock.nowMs();
	expect([isStuck(item, nowMs), isStuck(item, nowMs + 61_000)]).toEqual([false, true]);
	expect(isStuck(fake.store.put({ name: "b" }), nowMs)).toBe(false);
	fake.client.close();
});
