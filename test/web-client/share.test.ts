import { afterEach, describe, expect, test } from "vitest";
import { createWukongClient, type LiveList, type NetworkNews } from "../../web-client/src/index.ts";
import { createFakeWukong, type FakeWukong } from "../../web-client/src/testing/index.ts";

/** A tab: a client of its own on the way to one service, and what its page is told. */
interface Tab {
	readonly list: LiveList;
	readonly names: () => string;
	tell(news: NetworkNews): void;
	/** Its page does nothing more, and says nothing. */
	close(): void;
}

const tabs: Tab[] = [];
afterEach(() => {
	for (const tab of tabs.splice(0)) tab.close();
});
let runs = 0;

/** Node has the same locks and channels as browsers have. */
function openTab(fake: FakeWukong, identity: string, heartbeatIntervalMs = 10_000): Tab {
	const listeners = new Set<(news: NetworkNews) => void>();
	const client = createWukongClient({
		transport: fake.transport,
		share: "origin",
		identity,
		heartbeatIntervalMs,
		environment: {
			clock: fake.clock,
			onNetwork(listener) {
				listeners.add(listener);
				return () => listeners.delete(listener);
			},
		},
	});
	const list = client.liveList();
	list.subscribe(() => {});
	const tab: Tab = {
		list,
		names: () =>
			list
				.getSnapshot()
				.items.map(({ name }) => name)
				.join(),
		tell(news) {
			for (const listener of [...listeners]) listener(news);
		},
		close: () => client.close(),
	};
	tabs.push(tab);
	return tab;
}

/** Locks and channels answer in turns of the loop of their own; the clock moves on meanwhile. */
async function until(
	fake: FakeWukong,
	what: string,
	isSo: () => boolean,
	stepMs = 20,
): Promise<void> {
	for (let turn = 0; turn < 2_000; turn++) {
		if (isSo()) return;
		await fake.advance(stepMs);
		await new Promise((resolve) => setTimeout(resolve, 0));
	}
	throw new Error(`gave up waiting until ${what}`);
}

async function openTabs(count: number, heartbeatIntervalMs?: number) {
	const fake = createFakeWukong({ seed: [{ name: "a" }, { name: "b" }] });
	const identity = `user-${++runs}`;
	const all = Array.from({ length: count }, () => openTab(fake, identity, heartbeatIntervalMs));
	await until(fake, "all are live", () =>
		all.every(({ list }) => list.getSnapshot().status === "live"),
	);
	return { fake, identity, all };
}

const allShow = (all: readonly Tab[], names: string) => () =>
	all.every((tab) => tab.names() === names);

describe("tabs of one origin", () => {
	test("are fed from one stream, ten of them", async () => {
		const { fake, all } = await openTabs(10);
		expect(fake.openStreams).toBe(1);
		expect(allShow(all, "a,b")()).toBe(true);
		fake.store.put({ name: "c" });
		fake.store.remove({ name: "a" });
		await until(fake, "all have heard", allShow(all, "b,c"));
		expect(fake.calls).toBe(1);
	});

	test("a late one is told what the leader holds", async () => {
		const { fake, identity, all } = await openTabs(2);
		fake.store.put({ name: "c" });
		await until(fake, "all have heard", allShow(all, "a,b,c"));
		const late = openTab(fake, identity);
		await until(fake, "it is live", () => late.list.getSnapshot().status === "live");
		expect(late.names()).toBe("a,b,c");
		expect(fake.calls).toBe(1);
	});

	test("go on from the last token when the leader closes, and miss nothing", async () => {
		const { fake, all } = await openTabs(4);
		// The first to ask was given the lock.
		(all[0] as Tab).close();
		fake.store.put({ name: "c" });
		fake.store.remove({ name: "b" });
		const rest = all.slice(1);
		await until(fake, "the rest has heard", allShow(rest, "a,c"));
		expect(fake.openStreams).toBe(1);
	});

	test.each([10_000, 1_000])(
		"depose a leader that does not answer any more, and it follows when it is back (heartbeats each %i ms)",
		async (heartbeatIntervalMs) => {
			const { fake, all } = await openTabs(3, heartbeatIntervalMs);
			const stepMs = heartbeatIntervalMs / 20;
			const [frozen, ...rest] = all as [Tab, ...Tab[]];
			// As a frozen page: its channel says nothing, its stream takes nothing, its lock stays.
			const { BroadcastChannel: real } = globalThis;
			const { prototype } = real;
			const post = prototype.postMessage;
			let isFrozen = true;
			const first = new Set<unknown>();
			prototype.postMessage = function (message: { type?: string }) {
				if (isFrozen && (message.type === "event" || message.type === "welcome") && isOld(this))
					return;
				post.call(this, message);
			};
			const isOld = (channel: unknown) => {
				if (first.size === 0) first.add(channel);
				return first.has(channel);
			};
			try {
				fake.store.put({ name: "c" });
				await until(fake, "the rest has heard", allShow(rest, "a,b,c"), stepMs);
				isFrozen = false;
				fake.store.put({ name: "d" });
				await until(fake, "all have heard", allShow(all, "a,b,c,d"), stepMs);
				await until(fake, "it is live", () => frozen.list.getSnapshot().status === "live", stepMs);
				await until(fake, "one leads", () => fake.openStreams === 1, stepMs);
			} finally {
				prototype.postMessage = post;
			}
		},
	);

	test("are offline together, and live together again", async () => {
		const { fake, all } = await openTabs(3);
		fake.offline();
		await until(
			fake,
			"all are offline",
			() => all.every(({ list }) => list.getSnapshot().status === "offline"),
			200,
		);
		fake.store.put({ name: "c" });
		fake.online();
		await until(fake, "all have heard", allShow(all, "a,b,c"), 500);
		await until(
			fake,
			"all are live",
			() => all.every(({ list }) => list.getSnapshot().status === "live"),
			500,
		);
		expect(fake.openStreams).toBe(1);
	});

	test("let another one lead while their page is put away", async () => {
		const { fake, all } = await openTabs(3);
		const [first, ...rest] = all as [Tab, ...Tab[]];
		first.tell("hide");
		fake.store.put({ name: "c" });
		await until(fake, "the rest has heard", allShow(rest, "a,b,c"));
		expect(first.names()).toBe("a,b");
		first.tell("show");
		await until(fake, "it has heard", allShow(all, "a,b,c"));
		expect(fake.openStreams).toBe(1);
	});

	test("of different callers share nothing", async () => {
		const { fake } = await openTabs(1);
		const other = openTab(fake, "somebody-else");
		await until(fake, "it is live", () => other.list.getSnapshot().status === "live");
		expect(fake.openStreams).toBe(2);
	});

	test("with a token and no identity share nothing, and no token is on a channel", async () => {
		const fake = createFakeWukong({ seed: [{ name: "a" }] });
		const said: string[] = [];
		const post = BroadcastChannel.prototype.postMessage;
		BroadcastChannel.prototype.postMessage = function (message) {
			said.push(
				JSON.stringify(message, (_, value) => (typeof value === "bigint" ? `${value}` : value)),
			);
			post.call(this, message);
		};
		try {
			const environment = { clock: fake.clock, onNetwork: () => () => {} };
			const options = {
				transport: fake.transport,
				share: "origin",
				token: "secret-token",
				environment,
			} as const;
			const alone = createWukongClient(options);
			const named = [1, 2].map(() => createWukongClient({ ...options, identity: `token-${runs}` }));
			const lists = [alone, ...named].map((client) => client.liveList());
			for (const list of lists) list.subscribe(() => {});
			await until(fake, "all are live", () =>
				lists.every((list) => list.getSnapshot().status === "live"),
			);
			expect(fake.openStreams).toBe(2);
			expect(said.length).toBeGreaterThan(0);
			expect(said.join()).not.toContain("secret-token");
			for (const client of [alone, ...named]) client.close();
		} finally {
			BroadcastChannel.prototype.postMessage = post;
		}
	});
});
