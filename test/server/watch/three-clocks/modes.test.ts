import { ErrorReason } from "@novasphere/wukong-gen/error";
import { describe, expect, test } from "vitest";
import type { ChangeFeed, Sink } from "../../../../server/src/store/change-feed.ts";
import { createReplica } from "../../../../server/src/watch/replica.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { createCountingObserver, filterOf } from "../../../support/watching.ts";
import { messages } from "./reader.ts";
import { absent, joinVm, type Vm } from "./truth.ts";

const caller = { signal: new AbortController().signal };
const vmAt = (name: string, version: bigint) => {
	const own = { version, object: { uid: 1, state: "C", spec: 0, label: "x" } };
	return joinVm(name, [own, absent, absent]) as Vm;
};

/** A replica whose store a test plays. */
async function stage(heads: readonly bigint[]) {
	const clock = createFakeClock();
	const observer = createCountingObserver();
	let sink: Sink<Vm> | undefined;
	const asked: (readonly [number, bigint])[] = [];
	let newest = 0n;
	const stateOf = ([head = 0n, ...others]: readonly bigint[]) => ({
		...{ objects: [vmAt("a", 1n), vmAt("b", 2n), vmAt("c", 3n)], head, base: head, history: [] },
		joined: others.map((other) => ({ head: other, base: other })),
	});
	const feed: ChangeFeed<Vm> = {
		exactVersions: false,
		async start(to) {
			sink = to;
			to.load(stateOf(heads));
		},
		freshness: () => ({ lagMs: 0, staleSinceMs: undefined }),
		async newestVersion(_, atLeast = 0n, kind = 0) {
			asked.push([kind, atLeast]);
			return newest;
		},
	};
	const historyLimits = { maxChanges: 10, maxAgeMs: 1e12, maxBytes: 1e9 };
	const parts = { feed, events: messages, clock, observer, historyLimits, maxStreams: 10 };
	const replica = createReplica(parts);
	await replica.start();
	const watch = (resourceVersion: string) => {
		const stream = replica.watch({
			...{
				filter: filterOf(),
				resourceVersion,
				minResourceVersion: "",
				caller: new AbortController(),
			},
			heartbeatIntervalMs: 15_000,
		});
		const take = () => {
			const said: string[] = [];
			for (let [one] = stream.take(1); one !== undefined; [one] = stream.take(1)) {
				said.push(one.vm === undefined ? `${one.type} ${one.token}` : `${one.type} ${one.vm.name}`);
			}
			return said;
		};
		return { stream, take };
	};
	const list = async (pageToken: string) =>
		replica.list({ filter: filterOf(), pageSize: 2, pageToken, minResourceVersion: "", caller });
	const load = (next: readonly bigint[]) => sink?.load(stateOf(next));
	const say = (version: bigint) => {
		newest = version;
	};
	return { clock, observer, replica, asked, watch, list, load, say, sink: () => sink as Sink<Vm> };
}

const snapshot = ["snapshot a", "snapshot b", "snapshot c"];

describe("the kinds that a replica watches", () => {
	test("that change in mid-stream are RESET on every stream", async () => {
		const { watch, load, observer } = await stage([10n, 20n, 30n]);
		const streams = [watch(""), watch("10~20~30")];
		for (const { take } of streams) take();
		load([40n]);
		for (const { take } of streams) {
			expect(take()).toEqual(["reset start-over", ...snapshot, "synced 40"]);
		}
		expect(observer.resets).toEqual(["reloaded", "reloaded"]);
		for (const { stream } of streams) stream.close();
	});

	test.each(["10", "10~20", "10~20~30~40", "10~20~30-sabc"])(
		"are not those of the token %s: RESET",
		async (token) => {
			const { watch, observer } = await stage([10n, 20n, 30n]);
			const { take, stream } = watch(token);
			expect(take()).toEqual(["reset start-over", ...snapshot, "synced 10~20~30"]);
			expect(observer.resets).toEqual(["foreign"]);
			stream.close();
		},
	);

	test("are those of a page token, or it is PAGE_TOKEN_EXPIRED", async () => {
		const three = await stage([10n, 20n, 30n]);
		const one = await stage([10n]);
		const page = await three.list("");
		expect(page.resourceVersion).toBe("10~20~30");
		expect((await three.list(page.nextPageToken)).objects.map(({ name }) => name)).toEqual(["c"]);
		const expired = { reason: ErrorReason.PAGE_TOKEN_EXPIRED };
		await expect(one.list(page.nextPageToken)).rejects.toMatchObject(expired);
		const { nextPageToken } = await one.list("");
		await expect(three.list(nextPageToken)).rejects.toMatchObject(expired);
	});
});

describe("min_resource_version", () => {
	test.each(["10", "10~20", "10~20~30", "9~20~30-0123456789abcdef", "10~20~30~999"])(
		"%s is met place by place; what is not watched asks nothing",
		async (version) => {
			const { replica, asked } = await stage([10n, 20n, 30n]);
			await replica.reach(version, caller);
			expect(asked).toEqual([]);
		},
	);

	test("waits for each place, and asks about each kind", async () => {
		const { replica, asked, say, sink } = await stage([10n, 20n, 30n]);
		say(99n);
		let isMet = false;
		const reached = replica.reach("11~20~31", caller).then(() => {
			isMet = true;
		});
		sink().advance(11n);
		await Promise.resolve();
		expect(isMet).toBe(false);
		await new Promise(setImmediate);
		sink().advance(31n, 2);
		await reached;
		expect(asked).toEqual([
			[0, 11n],
			[2, 31n],
		]);
	});
});

describe("the version of a state that has one change of the first kind", () => {
	test("has a place for each kind: a read asks for it, and a watch goes on from it", async () => {
		const { replica, asked, watch, sink } = await stage([10n, 20n, 30n]);
		sink().advance(14n);
		const version = replica.versionAt(12n);
		expect(version).toBe("12~20~30");
		await replica.reach(version, caller);
		expect(asked).toEqual([]);
		const { take, stream } = watch(version);
		expect(take()).toEqual(["synced 14~20~30"]);
		stream.close();
	});

	test("is one number where there is one kind", async () => {
		const { replica } = await stage([10n]);
		expect(replica.versionAt(9n)).toBe("9");
		expect(replica.versionAt(12n)).toBe("12");
	});
});

describe("a token that is ahead in one of the kinds", () => {
	test("is waited for, then resumes", async () => {
		const { watch, say, sink } = await stage([10n, 20n, 30n]);
		say(99n);
		const { take, stream } = watch("10~20~35");
		expect(take()).toEqual(["heartbeat 10~20~35"]);
		sink().advance(35n, 2);
		await new Promise(setImmediate);
		expect(take()).toEqual(["synced 10~20~35"]);
		stream.close();
	});

	test("is RESET after five seconds where it is not the first", async () => {
		const { watch, say, clock, observer } = await stage([10n, 20n, 30n]);
		say(99n);
		const { take, stream } = watch("10~25~30");
		await clock.advance(5_000);
		expect(take()).toContain("reset start-over");
		expect(observer.resets).toEqual(["ahead"]);
		stream.close();
	});

	test("is waited for as long as the store confirms it where it is the first: no snapshot goes back in it", async () => {
		const { watch, say, clock, sink } = await stage([10n, 20n, 30n]);
		say(99n);
		const { take, stream } = watch("15~20~30");
		await clock.advance(60_000);
		expect(new Set(take())).toEqual(new Set(["heartbeat 15~20~30"]));
		sink().advance(15n);
		await clock.advance(1);
		expect(take()).toEqual(["synced 15~20~30"]);
		stream.close();
	});

	test("is RESET at once where the store has never had it", async () => {
		const { watch, say, clock, observer } = await stage([10n, 20n, 30n]);
		say(14n);
		const { take, stream } = watch("15~20~30");
		await clock.advance(1);
		expect(take()).toContain("reset start-over");
		expect(observer.resets).toEqual(["foreign"]);
		stream.close();
	});
});

test("a relist of one kind is a gap in that kind alone, also where it found nothing", async () => {
	const { watch, sink, observer } = await stage([10n, 20n, 30n]);
	sink().advance(29n, 1, 20n);
	const inGap = watch("10~25~30");
	expect(inGap.take()).toContain("reset start-over");
	const around = watch("10~20~30");
	expect(around.take()).toEqual(["synced 10~29~30"]);
	const across = watch("10~25.20~30");
	expect(across.take()).toContain("reset start-over");
	expect(observer.resets).toEqual(["expired", "expired"]);
	for (const { stream } of [inGap, around, across]) stream.close();
});
