import { create } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema, WukongStatus_PowerState } from "@novasphere/wukong-gen/wukong";
import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import { expect, test } from "vitest";
import {
	hashedVersion,
	preconditionHash,
} from "../../../server/src/resource/wukong/precondition-hash.ts";
import { createWukongEvents } from "../../../server/src/service/wukong/wukong-events.ts";
import { createWukongPacing } from "../../../server/src/service/wukong/wukong-pacing.ts";
import type { ChangeFeed, Sink } from "../../../server/src/store/change-feed.ts";
import type { Pacing } from "../../../server/src/watch/pacing.ts";
import { createReplica } from "../../../server/src/watch/replica.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createCountingObserver, filterOf, takeAll } from "../../support/watching.ts";

const { ERROR, STARTING, RUNNING } = WukongStatus_PowerState;

/** What a caller writes. */
type Fields = { readonly labels?: Record<string, string> };

/** A cluster whose operator writes status as often as a test wants. */
async function createStorm(vms: number, pacing: Pacing<Wukong> = createWukongPacing(250)) {
	const clock = createFakeClock();
	const objects = new Map<number, Wukong>();
	let head = 1_000n;
	let sink: Sink | undefined;
	const stateOf = (index: number, fields: Fields, powerState: WukongStatus_PowerState) => {
		const wukong = create(WukongSchema, {
			...{ namespace: "default", name: `vm-${index}`, uid: `uid-${index}`, generation: 1n },
			spec: { cpu: 1 },
			...fields,
			status: { powerState, phase: WukongStatus_PowerState[powerState] },
		});
		wukong.resourceVersion = hashedVersion(`${head}`, preconditionHash(wukong));
		return Object.freeze(wukong);
	};
	for (let index = 0; index < vms; index++) objects.set(index, stateOf(index, {}, RUNNING));
	const feed: ChangeFeed = {
		exactVersions: false,
		async start(to) {
			sink = to;
			to.load({ objects: [...objects.values()], head, base: head, history: [] });
		},
		freshness: () => ({ lagMs: 0, staleSinceMs: undefined }),
		newestVersion: async () => head,
	};
	const observer = createCountingObserver();
	const replica = createReplica({
		...{ feed, events: createWukongEvents(), clock, observer, maxStreams: 100 },
		historyLimits: { maxChanges: 10_000, maxAgeMs: 86_400_000, maxBytes: 2 ** 26 },
		pacing,
	});
	await replica.start();
	const put = (index: number, powerState: WukongStatus_PowerState, fields: Fields = {}) => {
		head++;
		const object = stateOf(index, fields, powerState);
		const versions = { version: head, resumeVersion: head };
		const previous = objects.get(index);
		objects.set(index, object);
		sink?.append([{ ...versions, timeMs: clock.nowMs(), object, previous, deleted: false }]);
	};
	const watch = (resourceVersion = "") =>
		replica.watch({
			...{
				filter: filterOf(),
				resourceVersion,
				minResourceVersion: "",
				heartbeatIntervalMs: 15_000,
			},
			caller: new AbortController(),
		});
	return { clock, put, watch };
}

const modified = (events: readonly WukongEvent[], name: string) =>
	events.filter(({ type, wukong }) => type === EventType.MODIFIED && wukong?.name === name);

/** Plays an operator that is in error for seven milliseconds of fourteen. @returns phases as they are told */
async function playFlaps(pacing?: Pacing<Wukong>) {
	const { clock, put, watch } = await createStorm(1, pacing);
	const stream = watch();
	takeAll(stream);
	const shown: (string | undefined)[] = [];
	const listen = () => {
		for (const event of modified(takeAll(stream), "vm-0")) shown.push(event.wukong?.status?.phase);
	};
	put(0, STARTING);
	for (let count = 0; count < 60_000 / 7; count++) {
		put(0, count % 2 === 0 ? ERROR : STARTING);
		await clock.advance(7);
		listen();
	}
	const flaps = shown.filter(
		(phase, index) => phase === "ERROR" && shown[index + 1] === "STARTING",
	);
	put(0, ERROR);
	await clock.advance(3_000);
	listen();
	stream.close();
	return { flaps: flaps.length, last: shown.at(-1) };
}

test("an error that is taken back at once shows at most once in three seconds; one that stays shows within that time", async () => {
	const { flaps, last } = await playFlaps();
	expect(flaps).toBeLessThanOrEqual(60 / 3);
	expect(last).toBe("ERROR");
});

test("the planted bug is found: power that flaps", async () => {
	const right = createWukongPacing(250);
	const { flaps } = await playFlaps({
		...right,
		intervalMs: (told, next) => Math.min(250, right.intervalMs(told, next)),
	});
	expect(flaps).toBeGreaterThan(60 / 3);
});

test("what a caller wrote is told at once in the middle of a storm, whoever wrote it, and what is withheld with it", async () => {
	const { clock, put, watch } = await createStorm(1);
	const stream = watch();
	takeAll(stream);
	put(0, STARTING);
	put(0, ERROR);
	expect(modified(takeAll(stream), "vm-0").map(({ wukong }) => wukong?.status?.phase)).toEqual([
		"STARTING",
	]);
	put(0, ERROR, { labels: { app: "web" } });
	const [event] = modified(takeAll(stream), "vm-0");
	expect(event?.wukong?.labels).toEqual({ app: "web" });
	expect(event?.wukong?.status?.phase).toBe("ERROR");
	expect(event?.resourceVersion).toMatch(/^\d+$/);
	await clock.advance(5_000);
	expect(modified(takeAll(stream), "vm-0")).toEqual([]);
	stream.close();
});

test("while a change is withheld, tokens say where a replay begins, and a resume tells it", async () => {
	const { put, watch } = await createStorm(2);
	const stream = watch();
	takeAll(stream);
	put(0, STARTING);
	put(0, RUNNING);
	put(1, STARTING);
	const token = takeAll(stream).at(-1)?.resourceVersion ?? "";
	expect(token).toBe("1003.1001");
	const late = watch(token);
	expect(takeAll(late).map(({ wukong }) => wukong?.status?.phase)).toEqual([
		"RUNNING",
		"STARTING",
		undefined,
	]);
	stream.close();
	late.close();
});
