import {
	WukongEvent_Type as EventType,
	type WukongEvent,
} from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyOf } from "../../web-client/src/index.ts";
import { createFakeWukong } from "../../web-client/src/testing/index.ts";
import { testSeed } from "../support/seed.ts";
import { createWatchClient } from "../support/watch-client.ts";
import { filterOf, inShort } from "../support/watching.ts";

/** Plain streams of a fake, one after the other, each read to where it has nothing more to say. */
function reader(fields: { namespace?: string; name?: string; labelSelector?: string } = {}) {
	const fake = createFakeWukong({ maxHistory: 20 });
	const judge = createWatchClient(filterOf(fields));
	let leaver: AbortController | undefined;
	let failure: unknown;
	const events: WukongEvent[] = [];
	const cut = async () => {
		leaver?.abort();
		leaver = undefined;
		await fake.advance(0);
	};
	const connect = async () => {
		await cut();
		const own = new AbortController();
		leaver = own;
		judge.connect();
		const request = { ...fields, resourceVersion: judge.token };
		const read = async () => {
			for await (const event of fake.client.rpc.watchWukong(request, { signal: own.signal })) {
				judge.receive(event);
				events.push(event);
			}
		};
		read().catch((error) => {
			failure = error;
		});
		await settle();
	};
	const settle = async () => {
		// Each message passes several turns of the loop on its way through the transport.
		for (let turn = 0, before = -1; turn < 3 || before !== events.length; turn++) {
			before = events.length;
			await fake.advance(0);
			await fake.advance(0);
		}
		if (failure !== undefined) throw failure;
	};
	return { fake, judge, events, connect, cut, settle };
}

describe("the fake keeps the promises of docs/watch.md", () => {
	test("1: a start without a version is the snapshot, SYNCED, live; one with it is what was missed, SYNCED, live", async () => {
		const { fake, events, connect, settle } = reader();
		fake.store.put({ name: "b" });
		fake.store.put({ name: "a" });
		await connect();
		fake.store.put({ name: "c" });
		await settle();
		expect(inShort(events)).toEqual(["ADDED a", "ADDED b", "SYNCED", "ADDED c"]);
		events.length = 0;
		fake.store.put({ name: "a", labels: { x: "1" } });
		fake.store.remove({ name: "b" });
		await connect();
		expect(inShort(events).slice(-1)).toEqual(["SYNCED"]);
		fake.client.close();
	});

	test("3: a filter is a view", async () => {
		const { fake, events, connect, settle } = reader({ labelSelector: "tier in (web, api),!old" });
		fake.store.put({ name: "a", labels: { tier: "web" } });
		await connect();
		fake.store.put({ name: "a", labels: { tier: "db" } });
		fake.store.put({ name: "a", labels: { tier: "api" } });
		fake.store.put({ name: "a", labels: { tier: "api", old: "" } });
		await settle();
		expect(inShort(events)).toEqual(["ADDED a", "SYNCED", "DELETED a", "ADDED a", "DELETED a"]);
		fake.client.close();
	});

	test("4: an unusable version is RESET, a snapshot and SYNCED on the same stream", async () => {
		const { fake, events, connect, cut } = reader();
		fake.store.put({ name: "a" });
		await connect();
		await cut();
		fake.store.put({ name: "b" });
		fake.store.forgetHistory();
		events.length = 0;
		await connect();
		expect(inShort(events)).toEqual(["RESET", "ADDED a", "ADDED b", "SYNCED"]);
		fake.client.close();
	});

	test("6: a HEARTBEAT comes at the asked interval, with where the stream is", async () => {
		const { fake, events, connect } = reader();
		fake.store.put({ name: "a" });
		await connect();
		await fake.advance(45_000);
		const beats = events.filter(({ type }) => type === EventType.HEARTBEAT);
		expect(beats.map(({ resourceVersion }) => resourceVersion)).toEqual(["1", "1", "1"]);
		fake.client.close();
	});
});

const action = fc.oneof(
	{
		weight: 8,
		arbitrary: fc.record({
			kind: fc.constant("put" as const),
			name: fc.constantFrom("vm-0", "vm-1", "vm-2"),
			namespace: fc.constantFrom("prod", "test"),
			app: fc.constantFrom("web", "api"),
		}),
	},
	{
		weight: 3,
		arbitrary: fc.record({
			kind: fc.constant("drop" as const),
			name: fc.constantFrom("vm-0", "vm-1"),
		}),
	},
	{ weight: 2, arbitrary: fc.constant({ kind: "connect" as const }) },
	{ weight: 1, arbitrary: fc.constant({ kind: "cut" as const }) },
	{ weight: 1, arbitrary: fc.constant({ kind: "forget" as const }) },
);

const seed = testSeed;

test(`whatever is written, cut and resumed, the judge of the server's own tests finds no broken promise (seed ${seed})`, async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(action, { maxLength: 60 }),
			fc.boolean(),
			async (actions, isFiltered) => {
				const fields = isFiltered ? { namespace: "prod", labelSelector: "app=web" } : {};
				const { fake, judge, connect, cut, settle } = reader(fields);
				for (const step of actions) {
					if (step.kind === "put") fake.store.put({ ...step, labels: { app: step.app } } as never);
					if (step.kind === "drop") fake.store.remove({ name: step.name, namespace: "prod" });
					if (step.kind === "connect") await connect();
					if (step.kind === "cut") await cut();
					if (step.kind === "forget") fake.store.forgetHistory();
				}
				await connect();
				await settle();
				const { wukongs } = await fake.client.list(fields);
				expect([...judge.held.keys()].sort()).toEqual(wukongs.map(keyOf).sort());
				await cut();
				expect([fake.openStreams, fake.clock.pendingTimers]).toEqual([0, 0]);
			},
		),
		{ seed, numRuns: 60 },
	);
});
