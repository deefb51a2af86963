import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { expect, test } from "vitest";
import {
	createWukongClient,
	keyOf,
	optimistic,
	type WatchQuery,
	type Wukong,
	type WukongClient,
	type WukongEvent,
} from "../../web-client/src/index.ts";
import { keepPort } from "../support/kept-port.ts";
import { type PlantedBug, plant, plantedBugs, plantInWatch } from "../support/planted-bugs.ts";
import { standingOperator, startApp } from "../support/running-app.ts";
import { createSeededRandom } from "../support/seeded-random.ts";
import { until } from "../support/until.ts";

/** Ten times as fast as the machine's: a wait between tries is no wait of the test. */
const fastClock = {
	nowMs: () => Date.now() * 10,
	setTimer(delayMs: number, callback: () => void) {
		const timeout = setTimeout(callback, delayMs / 10);
		return { cancel: () => clearTimeout(timeout) };
	},
};
const random = createSeededRandom(20_261_127);
const spec = { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "1Gi" }] };

/** The way to a service whose watch has a bug, until it is taken out, and whose streams can be cut. */
function createFaultyWay(baseUrl: string, bug: PlantedBug) {
	const inner = createConnectTransport({ baseUrl });
	const state = { isFaulty: true };
	const cuts = new Set<() => void>();
	let streams = 0;
	let newest = 0n;
	let other: WukongEvent | undefined;
	const transport: Transport = {
		unary: (...call) => inner.unary(...call),
		async stream(...call) {
			const response = await inner.stream(...call);
			const site = {
				resumed: streams++ >= queries.length,
				head: () => newest,
				random,
				otherEvent: () => other,
			};
			const through = plant(bug, site);
			const broken = Promise.withResolvers<never>();
			broken.promise.catch(() => {});
			const cut = () => broken.reject(new ConnectError("the connection broke", Code.Aborted));
			cuts.add(cut);
			async function* faulty() {
				const messages = response.message[Symbol.asyncIterator]();
				for (;;) {
					const { done, value } = await Promise.race([messages.next(), broken.promise]);
					if (done === true) return;
					const event = value as unknown as WukongEvent;
					if (event.wukong !== undefined) other = event;
					if (/^\d+$/.test(event.resourceVersion)) newest = BigInt(event.resourceVersion);
					yield* (state.isFaulty ? through(event) : [event]) as unknown as (typeof value)[];
				}
			}
			return { ...response, message: faulty() };
		},
	};
	return { transport, state, cut: () => cuts.forEach((end) => void end()) };
}

const queries: readonly WatchQuery[] = [
	{},
	{ labels: { app: "web" } },
	{ namespace: "default", name: "vm-1" },
	{ namespace: "default" },
];

/** Holds what a watch tells, and that each difference is one. */
async function collect(client: WukongClient, held: Map<string, Wukong>): Promise<void> {
	for await (const event of client.watch()) {
		if (event.type === "SYNCED") continue;
		const key = keyOf(event.wukong);
		expect(held.has(key)).toBe(event.type !== "ADDED");
		if (event.type === "MODIFIED") expect(event.previous).toBe(held.get(key));
		if (event.type === "DELETED") held.delete(key);
		else held.set(key, event.wukong);
	}
}

async function truth(client: WukongClient, query: WatchQuery): Promise<string[]> {
	const { name = "", ...rest } = query;
	const { wukongs } = await client.list({ ...rest, labels: { ...query.labels } });
	return wukongs.filter((vm) => name === "" || vm.name === name).map(stateOf);
}

const stateOf = (vm: Wukong) => `${keyOf(vm)} ${vm.uid} ${vm.resourceVersion}`;

test.each(plantedBugs)(
	"behind a watch with this fault: %s, a list has no VM twice, a watch tells each difference once, and both are level after a RESET; what an optimistic client has shown is confirmed or given up",
	async (bug) => {
		const takeOut = plantInWatch(bug) ?? (() => {});
		const port = String(await keepPort());
		const first = await startApp("--seed", "6", "--port", port, ...standingOperator);
		const way = createFaultyWay(first.url, bug);
		const plain = createWukongClient({
			transport: way.transport,
			heartbeatIntervalMs: 60_000,
			environment: { clock: fastClock, random, onNetwork: () => () => {} },
		});
		const client = optimistic(plain, { clock: fastClock });
		const lists = [plain, client].flatMap((one) => queries.map((query) => one.liveList(query)));
		const flaws: string[] = [];
		for (const list of lists) {
			list.subscribe(({ items, byKey }) => {
				if (new Set(items.map(keyOf)).size !== items.length) flaws.push("a VM twice");
				if (items.some((vm) => byKey.get(keyOf(vm)) !== vm)) flaws.push("two states of a VM");
			});
		}
		const held = new Map<string, Wukong>();
		const watching = collect(client, held);
		try {
			await Promise.all(lists.map((list) => list.ready()));
			for (let round = 0; round < 40; round++) {
				const name = `vm-${Math.floor(random() * 6)}`;
				const app = random() < 0.5 ? "web" : "db";
				await client.update(name, { labels: { app } }).catch(() => {});
				if (round % 4 === 0) await client.create({ name: `made-${round}`, labels: { app }, spec });
				if (round % 8 === 4) way.cut();
				if (round % 8 === 7) await client.delete(`made-${round - 3}`);
			}
		} finally {
			takeOut();
			await first.close();
		}
		way.state.isFaulty = false;
		// Other data: each place of before is unusable, and said to be.
		const second = await startApp("--seed", "4", "--port", port, ...standingOperator);
		try {
			for (const [index, list] of lists.entries()) {
				const expected = await truth(client, queries[index % queries.length] ?? {});
				await until("it is level", () => {
					const { items, status, pending } = list.getSnapshot();
					const isLevel = items.map(stateOf).join() === expected.join();
					return status === "live" && isLevel && pending.size === 0;
				});
			}
			const all = await truth(client, {});
			await until(
				"the watch is level",
				() => [...held.values()].map(stateOf).sort().join() === [...all].sort().join(),
			);
			expect(flaws).toEqual([]);
		} finally {
			client.close();
			await watching;
			await second.close();
		}
	},
);
