import { expect, test } from "vitest";
import { createHeartbeats } from "../../../server/src/watch/heartbeat.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

function setUp() {
	const clock = createFakeClock();
	const heartbeats = createHeartbeats(clock);
	const told: string[] = [];
	const named = (name: string) => ({
		beat: () => void told.push(`${name} ${clock.monotonicMs()}`),
	});
	return { clock, heartbeats, told, named };
}

test("each beats when its own interval is over, all on one timer", async () => {
	const { clock, heartbeats, told, named } = setUp();
	heartbeats(1_000).begin(named("a"));
	await clock.advance(300);
	heartbeats(1_000).begin(named("b"));
	heartbeats(1_000).begin(named("c"));
	expect(clock.pendingTimers).toBe(1);
	await clock.advance(5_000);
	expect(told).toEqual(["a 1000", "b 1300", "c 1300"]);
});

test("one that begins again as it beats is not told before its next interval is over", async () => {
	const { clock, heartbeats, told } = setUp();
	const beats = heartbeats(1_000);
	const again = {
		beat() {
			told.push(`again ${clock.monotonicMs()}`);
			beats.begin(again);
		},
	};
	const once = { beat: () => void told.push(`once ${clock.monotonicMs()}`) };
	beats.begin(again);
	await clock.advance(400);
	beats.begin(once);
	await clock.advance(1_700);
	expect(told).toEqual(["again 1000", "once 1400", "again 2000"]);
	expect(clock.pendingTimers).toBe(1);
	beats.stop(again);
});

test("one that stops is not told, and the last one takes the timer along", async () => {
	const { clock, heartbeats, told, named } = setUp();
	const [a, b] = [named("a"), named("b")];
	heartbeats(1_000).begin(a);
	heartbeats(1_000).begin(b);
	heartbeats(1_000).stop(a);
	await clock.advance(1_000);
	expect(told).toEqual(["b 1000"]);
	heartbeats(1_000).begin(a);
	heartbeats(1_000).stop(a);
	expect(clock.pendingTimers).toBe(0);
});

test("other intervals are kept by other timers", async () => {
	const { clock, heartbeats, told, named } = setUp();
	heartbeats(2_000).begin(named("slow"));
	heartbeats(1_000).begin(named("fast"));
	await clock.advance(2_000);
	expect(told).toEqual(["fast 1000", "slow 2000"]);
});
