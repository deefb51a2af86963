import {
	WukongEvent_Type as EventType,
	type WukongEvent,
	WukongService,
} from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { keyOf } from "../../../server/src/resource/object.ts";
import { describeError } from "../../../server/src/service/errors/http-status.ts";
import { cacheableTypes } from "../../../server/src/service/wukong/wukong-service.ts";
import type { WatchStream } from "../../../server/src/watch/watch-stream.ts";
import { createPlainProtocols } from "../../support/plain-protocols.ts";
import type { PlainForm } from "../../support/plain-watch.ts";
import { plantStandingEnd } from "../../support/planted-bugs.ts";
import { openPort } from "../../support/port-fixture.ts";
import { testSeed } from "../../support/seed.ts";
import { openSocketReader, type SocketReader } from "../../support/socket-reader.ts";
import { until } from "../../support/until.ts";
import { createWatchClient } from "../../support/watch-client.ts";
import { createStage, filterOf } from "../../support/watching.ts";

const heartbeatIntervalMs = 2_000;
const queries = [{}, { namespace: "prod" }, { labelSelector: "app=web" }];

/** Large enough that a few fill a connection whose reader stands still. */
const pad = "p".repeat(256 * 1024);
const maxPads = 400;

const client = fc.nat({ max: queries.length - 1 });
const write = fc.record({
	kind: fc.constant("write" as const),
	name: fc.constantFrom("vm-0", "vm-1", "vm-2"),
	namespace: fc.constantFrom("prod", "test"),
	app: fc.constantFrom("web", "api"),
	drop: fc.nat({ max: 2 }).map((die) => die === 0),
});
const stall = fc.record({ kind: fc.constant("stall" as const), client });
const beat = fc.record({ kind: fc.constant("beat" as const) });
const goOn = fc.record({ kind: fc.constant("go on" as const), client });
const cut = fc.record({ kind: fc.constant("cut" as const), client });
const action = fc.oneof(
	{ weight: 6, arbitrary: write },
	{ weight: 1, arbitrary: stall },
	{ weight: 2, arbitrary: goOn },
	{ weight: 2, arbitrary: beat },
	{ weight: 1, arbitrary: cut },
);

/** Each story has somebody who stands still past a HEARTBEAT and under writes, right before the quiet. */
const story = fc
	.tuple(fc.array(action, { maxLength: 25, size: "max" }), stall, beat, fc.array(write))
	.map(([before, standsStill, past, under]) => [...before, standsStill, past, ...under]);
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

const open: SocketReader[] = [];
afterEach(() => {
	for (const reader of open.splice(0)) reader.cut();
});

/** Changes that whoever stands still falls out of, so that RESET comes. */
const shortHistory = 10;
/** RESETs of all stories that were played. */
let resets = 0;

interface Wire {
	readonly httpVersion: "1.1" | "2";
	readonly form: PlainForm | "websocket" | undefined;
}

async function play(wire: Wire, steps: Story): Promise<void> {
	const { store, clock, replica, observer } = await createStage({
		limits: { maxChanges: wire.form === undefined ? 500 : shortHistory },
	});
	/** Slices that each reader's stream was asked for. */
	const taken = queries.map(() => 0);
	const port = await openPort({
		cacheableTypes,
		protocols: createPlainProtocols(),
		watchSockets: [
			{
				paths: ["/ws"],
				subprotocol: "wukong.v1",
				method: WukongService.method.watchWukong,
				describeError,
			},
		],
		implementation: {
			watchWukong(request, context) {
				const stream = replica.watch({
					...{ filter: filterOf(request), heartbeatIntervalMs, caller: context },
					resourceVersion: request.resourceVersion,
					minResourceVersion: "",
				});
				const place = Number(context.requestHeader.get("x-reader"));
				return counted(stream, () => {
					taken[place] = (taken[place] ?? 0) + 1;
				});
			},
		},
	});

	const readers = await Promise.all(
		queries.map(async (query, place) => {
			const filter = filterOf(query);
			const model = createWatchClient(filter);
			const heard = { heartbeats: 0, news: 0, fault: undefined as unknown };
			const receive = (event: WukongEvent) => {
				if (event.type === EventType.HEARTBEAT) heard.heartbeats++;
				else heard.news++;
				try {
					model.receive(event);
				} catch (fault) {
					heard.fault ??= fault;
				}
			};
			let socket: SocketReader | undefined;
			const connect = async () => {
				socket?.cut();
				model.connect();
				const header = { "x-reader": String(place) };
				const request = { ...query, resourceVersion: model.token };
				socket = await openSocketReader({ url: port.url, ...wire, header, request, receive });
				open.push(socket);
			};
			const isLevel = () => {
				if (heard.fault !== undefined) throw heard.fault;
				const there = replica.list({
					...{ filter, pageSize: 0, pageToken: "", minResourceVersion: "" },
					caller: { signal: new AbortController().signal },
				});
				if (there instanceof Promise) throw new Error("a list that waits");
				const states = there.objects.map((vm) => `${keyOf(vm)} ${vm.resourceVersion}`).sort();
				const held = [...model.held].map(([key, vm]) => `${key} ${vm.resourceVersion}`).sort();
				return model.synced && held.join() === states.join();
			};
			await connect();
			return {
				heard,
				connect,
				isLevel,
				stall: () => socket?.stall(),
				goOn: () => socket?.goOn(),
				cut: () => socket?.cut(),
			};
		}),
	);

	/** Adds more than a short history holds: VMs that come and go are not merged there. */
	const overrun = () => {
		for (let count = 0; count < shortHistory; count++) {
			const vm = { name: `brief-${count}`, namespace: "prod" };
			store.put({ ...vm, labels: { app: "web" } });
			store.drop(vm.name, vm.namespace);
		}
	};

	/** Writes one by one, each after the last was taken, until the stream waits for its reader. */
	const fill = async (place: number) => {
		readers[place]?.stall();
		for (let count = 0; count < maxPads; count++) {
			const before = taken[place];
			store.put({ name: "big", namespace: "prod", labels: { app: "web" }, pad });
			for (let turn = 0; turn < 200 && taken[place] === before; turn++) await turnOfTheLoop();
			if (taken[place] === before) return overrun();
		}
		throw new Error("a connection that takes all");
	};

	for (const step of steps) {
		switch (step.kind) {
			case "write":
				if (step.drop) store.drop(step.name, step.namespace);
				else store.put({ ...step, labels: { app: step.app } });
				break;
			case "stall":
				await fill(step.client);
				// One of them always falls out of a short history, whatever a connection takes.
				if (wire.form !== undefined && step.client === 0) {
					for (let count = 0; count <= shortHistory; count++) {
						store.put({ name: "vm-0", namespace: "prod", labels: { app: "web" } });
					}
				}
				break;
			case "go on":
				readers[step.client]?.goOn();
				break;
			case "cut":
				await readers[step.client]?.connect();
				break;
			case "beat":
				await clock.advance(heartbeatIntervalMs);
		}
		await turnOfTheLoop();
	}

	// Nothing is written any more: whoever stood still reads on, and all must come level.
	for (const { goOn } of readers) goOn();
	for (let silent = 0; !readers.every(({ isLevel }) => isLevel()); ) {
		const before = readers.map(({ heard }) => ({ ...heard }));
		await clock.advance(heartbeatIntervalMs);
		const heard = (what: "heartbeats" | "news", place: number) =>
			(readers[place]?.heard[what] ?? 0) > (before[place]?.[what] ?? 0);
		await until("each has heard a HEARTBEAT", () =>
			readers.every((_, place) => heard("heartbeats", place)),
		);
		silent = readers.some((_, place) => heard("news", place)) ? 0 : silent + 1;
		if (silent === 3) throw new Error("it is quiet, HEARTBEATs come, and not all are level");
	}
	resets += observer.resets.length;
	for (const { cut } of readers) cut();
	await until("all streams are free", () => port.seen.ended.length >= queries.length);
}

function counted(stream: WatchStream<WukongEvent>, count: () => void): WatchStream<WukongEvent> {
	return {
		take(maxBytes) {
			count();
			return stream.take(maxBytes);
		},
		get hasMore() {
			return stream.hasMore;
		},
		onReady: (waiter) => stream.onReady(waiter),
		close: (reason) => stream.close(reason),
		[Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
	};
}

const turnOfTheLoop = () => new Promise<void>((resolve) => setImmediate(resolve));

const wires: readonly Wire[] = [
	...[undefined, "sse" as const, "ndjson" as const].flatMap((form) =>
		(["1.1", "2"] as const).map((httpVersion) => ({ httpVersion, form })),
	),
	{ httpVersion: "1.1", form: "websocket" },
];

const titled = wires.map(
	(wire) => [wire.form ?? "Connect", `HTTP/${wire.httpVersion}`, wire] as const,
);

describe.each(titled)("readers of %s on sockets of %s", (_form, _http, wire) => {
	const seed = testSeed;
	const runs = () => fc.asyncProperty(story, (steps) => play(wire, steps));

	test(`that stand still past HEARTBEATs are level after a quiet time: promises 1 and 5 (seed ${seed})`, async () => {
		const before = resets;
		await fc.assert(runs(), { seed, numRuns: 5, endOnFailure: true });
		if (wire.form !== undefined) expect(resets).toBeGreaterThan(before);
	});

	test("the planted bug is found: a stalled reader is not woken", async () => {
		onTestFinished(plantStandingEnd());
		const result = await fc.check(runs(), { seed: 20_261, numRuns: 5, endOnFailure: true });
		expect(result.failed).toBe(true);
		expect(String(result.errorInstance)).toContain("not all are level");
	});
});
