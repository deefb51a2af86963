import type { WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { keyOf } from "../../../server/src/resource/object.ts";
import type { Filter } from "../../../server/src/watch/filter.ts";
import type { WatchStream } from "../../../server/src/watch/watch-stream.ts";
import { type PlantedBug, plant, plantedBugs, plantInWatch } from "../../support/planted-bugs.ts";
import { testSeed } from "../../support/seed.ts";
import { createSeededRandom } from "../../support/seeded-random.ts";
import { createWatchClient } from "../../support/watch-client.ts";
import { createStage, createStageOn, filterOf, readOn } from "../../support/watching.ts";

const filters = [
	filterOf(),
	filterOf({ labelSelector: "app=web" }),
	filterOf({ namespace: "prod" }),
	filterOf({ namespace: "prod", name: "vm-1" }),
	filterOf({ labelSelector: "app notin (web)" }),
	filterOf({ namespace: ["test", "other"] }),
	filterOf({ namespace: ["test", "prod"], name: "vm-2" }),
];

/** Few names and labels, so that changes meet; a short history, so that readers fall out of it. */
const write = fc.record({
	kind: fc.constant("write" as const),
	name: fc.constantFrom("vm-0", "vm-1", "vm-2", "vm-3", "vm-4"),
	namespace: fc.constantFrom("prod", "test"),
	app: fc.constantFrom("web", "api"),
	cpu: fc.integer({ min: 1, max: 64 }),
	drop: fc.nat({ max: 2 }).map((die) => die === 0),
});
const client = fc.nat({ max: filters.length - 1 });
const action = fc.oneof(
	{ weight: 8, arbitrary: write },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant("burst" as const), writes: fc.nat(150) }) },
	{
		weight: 6,
		arbitrary: fc.record({ kind: fc.constant("read" as const), client, count: fc.nat(12) }),
	},
	{ weight: 3, arbitrary: fc.record({ kind: fc.constant("cut" as const), client }) },
	{
		weight: 6,
		arbitrary: fc.record({ kind: fc.constant("connect" as const), client, replica: fc.nat(1) }),
	},
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant("beat" as const) }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

interface Play {
	readonly actions: readonly Action[];
	/** Seed of what a planted bug leaves to chance. */
	readonly dice: number;
	readonly bug: PlantedBug | undefined;
}

async function play({ actions, dice, bug }: Play): Promise<void> {
	const first = await createStage({ limits: { maxChanges: 120 } });
	const stages = [first, await createStageOn({ ...first, limits: { maxChanges: 40 } })];
	const { store, clock } = first;
	let newest: WukongEvent | undefined;
	const random = createSeededRandom(dice);

	const createReader = (filter: Filter) => {
		const model = createWatchClient(filter);
		let stream: WatchStream<WukongEvent> | undefined;
		let wire: ((event: WukongEvent) => WukongEvent[]) | undefined;
		const receive = (events: readonly WukongEvent[]) => {
			for (const event of events) {
				for (const sent of wire?.(event) ?? []) model.receive(sent);
				if (event.wukong !== undefined) newest = event;
			}
		};
		const cut = () => {
			stream?.close();
			stream = undefined;
		};
		const connect = (replica: number) => {
			cut();
			const site = { resumed: model.token !== "", head, random, otherEvent: () => newest };
			wire = plant(bug, site);
			model.connect();
			stream = stages[replica]?.watch({ filter, resourceVersion: model.token });
		};
		const read = (count: number) => {
			for (let index = 0; index < count; index++) receive(stream?.take(1) ?? []);
		};
		const drain = () => {
			if (stream === undefined) connect(0);
			if (stream !== undefined) receive(readOn(stream));
		};
		return { model, filter, cut, connect, read, drain };
	};
	const head = () => store.head;
	const readers = filters.map(createReader);

	for (const step of actions) {
		switch (step.kind) {
			case "write":
				if (step.drop) store.drop(step.name, step.namespace);
				else store.put({ ...step, labels: { app: step.app } });
				break;
			case "burst":
				for (let cpu = 0; cpu < step.writes; cpu++) {
					store.put({ name: `vm-${cpu % 2}`, namespace: "prod", cpu });
				}
				break;
			case "read":
				readers[step.client]?.read(step.count);
				break;
			case "cut":
				readers[step.client]?.cut();
				break;
			case "connect":
				readers[step.client]?.connect(step.replica);
				break;
			case "beat":
				await clock.advance(15_000);
		}
	}
	// All is quiet now. Some stood still past a HEARTBEAT; nothing new wakes them.
	await clock.advance(15_000);
	for (const { model, filter, drain } of readers) {
		drain();
		const page = await first.replica.list({
			filter,
			pageSize: 0,
			pageToken: "",
			minResourceVersion: "",
			caller: { signal: new AbortController().signal },
		});
		expect(model.synced).toBe(true);
		expect(model.held).toEqual(new Map(page.objects.map((vm) => [keyOf(vm), vm])));
	}
	for (const reader of readers) reader.cut();
	expect(stages.map(({ observer }) => observer.open)).toEqual([0, 0]);
}

const runs = (bug?: PlantedBug) =>
	fc.asyncProperty(fc.array(action, { maxLength: 160, size: "max" }), fc.nat(), (actions, dice) =>
		play({ actions, dice, bug }),
	);

describe("whatever is written, cut, resumed and however slowly it is read", () => {
	const seed = testSeed;

	test(`at the end each client's map equals the list (seed ${seed})`, async () => {
		await fc.assert(runs(), { seed, numRuns: 150 });
	});

	test.each(plantedBugs)("the planted bug is found: %s", async (bug) => {
		onTestFinished(plantInWatch(bug) ?? (() => {}));
		const result = await fc.check(runs(bug), { seed: 20_261, numRuns: 400, endOnFailure: true });
		expect(result.failed).toBe(true);
	});
});
