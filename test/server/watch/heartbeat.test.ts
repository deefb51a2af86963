import { expect, test } from "vitest";
import { createHeartbeats } from "../../../server/src/watch/heartbeat.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

function setUp() {
	const clock = createFakeClock();
	const heartbeats = createHeartbeats(clock);
	const told: string[] = [];
	const named = (name: string, heartbeatIntervalMs = 1_000) => ({
		heartbeatIntervalMs,
		beat: () => void told.push(`${name} ${clock.monotonicMs()}`),
	});
	return { clock, heartbeats, told, named };
}

test("each beats when its own interval is over, all on one timer", async () => {
	const { clock, heartbeats, told, named } = setUp();
	heartbeats.begin(named("a"));
	await clock.advance(300);
	heartbeats.begin(named("b"));
	heartbeats.begin(named("c"));
	expect(clock.pendingTimers).toBe(1);
	await clock.advance(5_000);
	expect(told).toEqual(["a 1000", "b 1300", "c 1300"]);
});

test("one that begins again as it beats is not told before its next interval is over", async () => {
	const { clock, heartbeats, told } = setUp();
	const again = {
		heartbeatIntervalMs: 1_000,
		beat() {
			told.push(`again ${clock.monotonicMs()}`);
			heartbeats.begin(again);
		},
	};
	const once = {
		heartbeatIntervalMs: 1_000,
		beat: () => void told.push(`once ${clock.monotonicMs()}`),
	};
	heartbeats.begin(again);
	await clock.advance(400);
	heartbeats.begin(once);
	await clock.advance(1_700);
	expect(told).toEqual(["again 1000", "once 1400", "again 2000"]);
	expect(clock.pendingTimers).toBe(1);
	heartbeats.stop(again);
});

test("one that stops is not told, and the last one takes the timer along", async () => {
	const { clock, heartbeats, told, named } = setUp();
	const [a, b] = [named("a"), named("b")];
	heartbeats.begin(a);
	heartbeats.begin(b);
	heartbeats.stop(a);
	await clock.advance(1_000);
	expect(told).toEqual(["b 1000"]);
	heartbeats.begin(a);
	heartbeats.stop(a);
	expect(clock.pendingTimers).toBe(0);
});

test("one interval has one timer, also after one of it left while another was between two intervals", async () => {
	const { clock, heartbeats, told, named } = setUp();
	const [a, b, c] = [named("a"), named("b"), named("c")];
	heartbeats.begin(a);
	await clock.advance(1_000);
	heartbeats.begin(b);
	heartbeats.stop(b);
	heartbeats.begin(c);
	heartbeats.begin(a);
	expect(clock.pendingTimers).toBe(1);
	heartbeats.stop(a);
	heartbeats.begin(b);
	expect(clock.pendingTimers).toBe(1);
	await clock.advance(1_000);
	expect(told).toEqual(["a 1000", "c 2000", "b 2000"]);
});

test("other intervals are kept by other timers", async () => {
	const { clock, heartbeats, told, named } = setUp();
	heartbeats.begin(named("slow", 2_000));
	heartbeats.begin(named("fast"));
	await clock.advance(2_000);
	expect(told).toEqual(["fast 1000", "slow 2000"]);
});
