import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
	type AccessSnapshot,
	createAccess,
	type LiveAccess,
} from "../../web-client/src/access/index.ts";
import { createWukongClient, isInvalid, optimistic } from "../../web-client/src/index.ts";
import { loadParts } from "../../web-client/src/on-demand.ts";
import { createFakeClock, createFakeWukong, failure } from "../../web-client/src/testing/index.ts";

const mayStop = [{ verb: "stop", namespace: "default", name: "web-1" }] as const;

/** Follows a store, and writes down all that it shows. */
function record(store: LiveAccess) {
	const shown: AccessSnapshot[] = [];
	const leave = store.subscribe((snapshot) => void shown.push(snapshot));
	const words = () =>
		shown.map(({ status, answers }) => [status, ...answers.map((one) => one.allowed)].join(" "));
	return { shown, words, leave };
}

describe("calls", () => {
	test("say who calls, what is allowed in the order of the questions, and make a ticket", async () => {
		const fake = createFakeWukong();
		fake.access.caller = { name: "oidc:ann", groups: ["dev"], method: "oidc" };
		fake.access.deny({ verb: "delete", namespace: "prod" }, "ann is a viewer");
		const access = createAccess(fake.client);
		expect(await access.getCaller()).toMatchObject({ name: "oidc:ann", groups: ["dev"] });
		const answers = await access.check([
			{ verb: "delete", namespace: "prod", name: "db" },
			{ verb: "get" },
		]);
		expect(answers.map(({ allowed }) => allowed)).toEqual([false, true]);
		expect(answers[0]?.reason).toBe("ann is a viewer");
		const { ticket } = await access.createStreamTicket("/api/v1/wukongs:watch");
		expect(ticket).not.toBe("");
	});

	test("are repeated as other reads are", async () => {
		const fake = createFakeWukong();
		fake.fail(failure(Code.Unavailable, "SHUTTING_DOWN"));
		const caller = createAccess(fake.client).getCaller();
		await fake.advance(1_000);
		expect((await caller).name).toBe("anonymous");
		expect(fake.calls).toBe(2);
	});

	test("no question is refused here: the service would take it for all verbs", async () => {
		const fake = createFakeWukong();
		const access = createAccess(fake.client);
		await expect(access.check([])).rejects.toMatchObject({ code: Code.InvalidArgument });
		expect(() => access.watch([])).toThrow(ConnectError);
		expect(fake.calls).toBe(0);
	});

	test("of a client in a namespace ask about that one, and about no other", async () => {
		const { client } = createFakeWukong();
		const access = createAccess(client.namespace("team-a"));
		const [answer] = await access.check([{ verb: "list" }]);
		expect(answer?.question?.namespace).toBe("team-a");
		const elsewhere = access.check([{ verb: "list", namespace: "team-b" }]);
		await expect(elsewhere).rejects.toMatchObject({ code: Code.InvalidArgument });
	});
});

describe("a watch of answers", () => {
	test("shows them, and each change, live", async () => {
		const fake = createFakeWukong();
		const { words, shown } = record(createAccess(fake.client).watch(mayStop));
		await fake.advance(100);
		fake.access.deny({ verb: "stop" }, "a freeze is on");
		await fake.advance(100);
		expect(shown.at(-1)?.answers[0]?.reason).toBe("a freeze is on");
		fake.access.allow();
		await fake.advance(100);
		expect(words()).toEqual(["connecting", "live true", "live false", "live true"]);
		// Heartbeats, and changes of other rights, are no news.
		fake.access.deny({ verb: "start" });
		await fake.advance(60_000);
		expect(words().length).toBe(4);
	});

	test("keeps its answers while a lost stream is opened again, without a word in between", async () => {
		const fake = createFakeWukong();
		fake.access.deny({ verb: "stop" });
		const { words, shown } = record(createAccess(fake.client).watch(mayStop));
		await fake.advance(100);
		fake.cut();
		await fake.advance(2_000);
		expect(words()).toEqual(["connecting", "live false", "stale false", "live false"]);
		expect(shown.at(-1)?.answers).toBe(shown[1]?.answers);
		fake.offline();
		await fake.advance(2_000);
		fake.access.allow();
		fake.online();
		await fake.advance(60_000);
		expect(words().slice(-2)).toEqual(["offline false", "live true"]);
	});

	test("waits between its tries as a live list does, and no longer with a list beside it", async () => {
		const delaysOf = async (open: (fake: ReturnType<typeof createFakeWukong>) => void) => {
			const fake = createFakeWukong({ client: { throttleMs: 0 } });
			fake.offline();
			open(fake);
			const callsAt: number[] = [];
			for (let second = 0; second < 120; second++) {
				await fake.advance(1_000);
				callsAt.push(fake.calls);
			}
			return callsAt;
		};
		const ofList = await delaysOf(({ client }) => client.liveList().subscribe(() => {}));
		const ofAccess = await delaysOf(({ client }) =>
			createAccess(client)
				.watch(mayStop)
				.subscribe(() => {}),
		);
		expect(ofAccess).toEqual(ofList);
		expect(ofAccess.at(-1)).toBeGreaterThan(5);
	});

	test("gives up a stream that is silent for one and a half heartbeats", async () => {
		const fake = createFakeWukong();
		const { words } = record(createAccess(fake.client).watch(mayStop));
		await fake.advance(100);
		fake.blackhole();
		fake.access.deny();
		await fake.advance(14_000);
		expect(words().at(-1)).toBe("live true");
		await fake.advance(3_000);
		expect(words().slice(-2)).toEqual(["stale true", "live false"]);
		expect(fake.openStreams).toBe(1);
	});

	test("ends on the service some seconds after the last subscriber, and leaves no timer", async () => {
		const fake = createFakeWukong();
		const store = createAccess(fake.client).watch(mayStop);
		const first = record(store);
		const second = record(store);
		await fake.advance(100);
		first.leave();
		await fake.advance(10_000);
		expect(fake.openStreams).toBe(1);
		second.leave();
		await fake.advance(4_000);
		expect(fake.openStreams).toBe(1);
		await fake.advance(2_000);
		expect([fake.openStreams, fake.clock.pendingTimers, store.isIdle]).toEqual([0, 0, true]);
		expect(store.getSnapshot().status).toBe("closed");
		// Whoever comes back sees what was known, and then what is.
		fake.access.deny();
		const third = record(store);
		await fake.advance(100);
		expect(third.words().slice(-2)).toEqual(["stale true", "live false"]);
	});

	test("is one stream for all that ask the same, of a client, of its namespaces, and optimistic", async () => {
		const fake = createFakeWukong();
		const access = createAccess(fake.client);
		const store = access.watch(mayStop);
		expect(access.watch([{ ...mayStop[0] }])).toBe(store);
		expect(createAccess(optimistic(fake.client)).watch(mayStop)).toBe(store);
		const placed = createAccess(fake.client.namespace("default"));
		expect(placed.watch([{ verb: "stop", name: "web-1" }])).toBe(store);
		expect(access.watch([{ verb: "stop" }])).not.toBe(store);
		const other = createFakeWukong();
		expect(createAccess(other.client).watch(mayStop)).not.toBe(store);
		record(store);
		record(createAccess(fake.client).watch(mayStop));
		await fake.advance(100);
		expect([fake.calls, fake.openStreams]).toEqual([1, 1]);
	});

	test("of names without end keeps those that are used, and few others", async () => {
		const fake = createFakeWukong();
		const access = createAccess(fake.client);
		const used = access.watch(mayStop);
		record(used);
		const idle = access.watch([{ verb: "get", name: "vm-0" }]);
		for (let at = 1; at < 100; at++) access.watch([{ verb: "get", name: `vm-${at}` }]);
		expect(access.watch(mayStop)).toBe(used);
		expect(access.watch([{ verb: "get", name: "vm-0" }])).not.toBe(idle);
	});

	test("ends with its client, and a later subscriber is told so", async () => {
		const fake = createFakeWukong();
		const store = createAccess(fake.client).watch(mayStop);
		const { words } = record(store);
		await fake.advance(100);
		fake.client.close();
		await fake.advance(100);
		expect(words().at(-1)).toBe("closed true");
		expect([fake.openStreams, fake.clock.pendingTimers]).toEqual([0, 0]);
		const late = record(createAccess(fake.client).watch([{ verb: "get" }]));
		expect(late.words()).toEqual(["closed"]);
	});

	test("fails where no retry can help, and begins anew when it is asked to", async () => {
		const fake = createFakeWukong();
		fake.fail(failure(Code.InvalidArgument, "INVALID_REQUEST"));
		const store = createAccess(fake.client).watch(mayStop);
		const { words, shown } = record(store);
		await fake.advance(60_000);
		expect(words()).toEqual(["connecting", "failed"]);
		expect(isInvalid(shown.at(-1)?.error)).toBe(true);
		store.refresh();
		await fake.advance(100);
		expect(words().at(-1)).toBe("live true");
	});

	test("a listener that throws keeps nothing from the others", async () => {
		const caught: (() => void)[] = [];
		vi.stubGlobal("queueMicrotask", (callback: () => void) => caught.push(callback));
		const fake = createFakeWukong();
		const store = createAccess(fake.client).watch(mayStop);
		store.subscribe(() => {
			throw new Error("the page's own");
		});
		const { words } = record(store);
		await fake.advance(100);
		expect(words().at(-1)).toBe("live true");
		expect(caught.length).toBeGreaterThan(0);
	});
});

describe("over cleartext HTTP/1.1", () => {
	/** One message of a stream as Connect has it: flags, length, JSON. */
	const envelope = (flags: number, body: unknown) => {
		const bytes = new TextEncoder().encode(JSON.stringify(body));
		return [flags, 0, bytes.length >> 16, (bytes.length >> 8) & 255, bytes.length & 255, ...bytes];
	};
	/** A page over cleartext, and a service that lets in who shows `good`. */
	const stage = () => {
		vi.stubGlobal("location", { href: "http://vm.test/" });
		const clock = createFakeClock();
		const state = { asked: 0, open: 0, allowed: true, good: "a", token: "a" };
		const client = createWukongClient({
			environment: { clock, random: () => 0.5, onNetwork: () => () => {} },
			token: () => state.token,
			async fetch(_, init) {
				state.asked++;
				const shown = new Headers(init?.headers).get("authorization");
				if (shown !== `Bearer ${state.good}`) return new Response(null, { status: 401 });
				const answers = [{ question: mayStop[0], allowed: state.allowed }];
				state.open++;
				init?.signal?.addEventListener("abort", () => state.open--, { once: true });
				const body = new ReadableStream<Uint8Array>({
					start: (stream) =>
						stream.enqueue(Uint8Array.from(envelope(0, { type: "ANSWERS", answers }))),
				});
				return new Response(body, { headers: { "content-type": "application/connect+json" } });
			},
		});
		const advance = async (ms: number) => {
			await loadParts();
			await clock.advance(ms);
			// What fetch answers takes some turns of the event loop.
			for (let turn = 0; turn < 50; turn++) await clock.advance(0);
		};
		return { clock, state, advance, ...record(createAccess(client).watch(mayStop)) };
	};

	test("no connection is held: the questions are asked every five seconds", async () => {
		const { clock, state, advance, words, leave } = stage();
		await advance(0);
		expect(words()).toEqual(["connecting", "live true"]);
		expect(state.open).toBe(0);
		state.allowed = false;
		await advance(5_000);
		expect(words()).toEqual(["connecting", "live true", "live false"]);
		expect([state.asked, state.open]).toEqual([2, 0]);
		leave();
		await advance(10_000);
		const { asked } = state;
		await advance(60_000);
		expect([state.asked, clock.pendingTimers]).toEqual([asked, 0]);
	});

	test("a refused token is not shown again, and another one is seen within a minute", async () => {
		const { state, advance, words } = stage();
		await advance(0);
		state.good = "b";
		await advance(5_000);
		expect(words().at(-1)).toBe("failed true");
		const { asked } = state;
		for (let minute = 0; minute < 10; minute++) await advance(60_000);
		expect(state.asked).toBe(asked);
		state.token = "b";
		await advance(60_000);
		expect(words().at(-1)).toBe("live true");
	});
});

afterEach(() => vi.unstubAllGlobals());
