import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
	createWukongClient,
	ErrorReason,
	isForbiddenOrigin,
	isRetryable,
	reasonOf,
	retryAfterMs,
	type WukongClient,
	type WukongClientOptions,
	WukongService,
} from "../../web-client/src/index.ts";
import type { Feed } from "../../web-client/src/live/feed.ts";
import { createWatchState } from "../../web-client/src/live/watch-state.ts";
import { createSharedStream } from "../../web-client/src/share/shared-stream.ts";
import { pageTabs } from "../../web-client/src/share/tabs.ts";
import { createFakeClock, failure } from "../../web-client/src/testing/index.ts";
import { type RunningApp, startApp } from "../support/running-app.ts";

const spec = { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "1Gi" }] };

/** Node has the same locks and channels as browsers have. */
describe("share: origin", () => {
	let apps: RunningApp[];
	const clients: WukongClient[] = [];
	beforeEach(async () => {
		apps = [await startApp(), await startApp()];
	});
	afterEach(async () => {
		for (const client of clients.splice(0)) client.close();
		for (const app of apps) await app.close();
	});
	const open = (options: WukongClientOptions) => {
		const client = createWukongClient({ share: "origin", ...options });
		clients.push(client);
		return client;
	};
	/** All of one identity have a list. @returns names in each, and how many streams that took */
	async function show(all: readonly WukongClient[]) {
		const names: string[] = [];
		for (const client of all) {
			const list = client.liveList();
			list.subscribe(() => {});
			names.push((await list.ready()).items.map(({ name }) => name).join());
		}
		const streams = await Promise.all(apps.map((app) => app.metric("wukong_watch_streams")));
		return { names, streams };
	}
	const urlOf = (index: number) => apps[index]?.url ?? "";

	test("lists of two services are two, also outside of pages", async () => {
		const all = [0, 1].map((index) => open({ baseUrl: urlOf(index), identity: "me" }));
		for (const [index, client] of all.entries()) await client.create({ name: `vm-${index}`, spec });
		expect(await show(all)).toEqual({ names: ["vm-0", "vm-1"], streams: [1, 1] });
	});

	const alone: Record<string, (baseUrl: string) => WukongClientOptions> = {
		interceptors: (baseUrl) => ({ baseUrl, interceptors: [(next) => (call) => next(call)] }),
		fetch: (baseUrl) => ({ baseUrl, fetch: (...call) => fetch(...call) }),
		transport: (baseUrl) => ({ transport: createConnectTransport({ baseUrl }) }),
		token: (baseUrl) => ({ baseUrl, token: "" }),
		"token and no user's id": (baseUrl) => ({ baseUrl, token: "", identity: "" }),
	};
	test.each(Object.keys(alone))(
		"nothing is shared where %s may say who calls, but with an identity",
		async (name) => {
			const options = alone[name]?.(urlOf(0)) as WukongClientOptions;
			expect((await show([open(options), open(options)])).streams).toEqual([2, 0]);
			for (const client of clients.splice(0)) client.close();
			const named = { ...options, identity: `me by ${name}` };
			await expect
				.poll(async () => apps[0]?.metric("wukong_watch_streams"), { timeout: 60_000 })
				.toBe(0);
			expect((await show([open(named), open(named)])).streams).toEqual([1, 0]);
		},
	);

	test("nobody in particular shares with nobody in particular", async () => {
		const baseUrl = urlOf(0);
		expect((await show([open({ baseUrl }), open({ baseUrl })])).streams).toEqual([1, 0]);
	});
});

describe("a follower is told how the leader's stream has ended", () => {
	/** What a tab that follows catches when the stream of the leader fails. */
	async function told(error: ConnectError): Promise<unknown> {
		const tabs = pageTabs();
		if (tabs === undefined) throw new Error("there are no tabs");
		const environment = {
			clock: createFakeClock(),
			random: Math.random,
			onNetwork: () => () => {},
		};
		const options = { tabs, name: `test ${Math.random()}`, environment };
		const ends = new AbortController();
		let fail = (_: ConnectError) => {};
		const failing = new Promise<never>((_, reject) => {
			fail = reject;
		});
		async function* open(): AsyncGenerator<never> {
			yield await failing;
		}
		const state = createWatchState();
		state.connect();
		const leads = createSharedStream(open, state, options);
		const follows = createSharedStream(open, createWatchState(), options);
		const outcome = (feed: Feed) =>
			feed
				.open("", ends.signal)
				[Symbol.asyncIterator]()
				.next()
				.catch((reason) => reason);
		const leading = outcome(leads);
		const isHeld = async () =>
			(await navigator.locks.query()).held?.some(({ name }) => name === options.name);
		await expect.poll(isHeld, { timeout: 60_000 }).toBe(true);
		// It says that it is there, so it is listening.
		const channel = tabs.createChannel(options.name);
		const joined = new Promise((resolve) => {
			channel.onmessage = ({ data }) => data.type === "welcome" && resolve(undefined);
		});
		const following = outcome(follows);
		await joined;
		fail(error);
		const caught = await following;
		await leading;
		ends.abort();
		leads.leave();
		follows.leave();
		channel.close();
		return caught;
	}
	/** An error as it comes over a wire. */
	const fromWire = (error: ConnectError) =>
		createWukongClient({
			attempts: 1,
			transport: createRouterTransport(({ rpc }) =>
				rpc(WukongService.method.getWukong, () => {
					throw error;
				}),
			),
		})
			.get("a")
			.catch((reason) => reason);

	test("with the service's reason and its wish to wait", async () => {
		const error = await told(
			await fromWire(failure(Code.ResourceExhausted, "TOO_MANY_REQUESTS", { retryAfterMs: 7_000 })),
		);
		expect(reasonOf(error)).toBe(ErrorReason.TOO_MANY_REQUESTS);
		expect(retryAfterMs(error)).toBe(7_000);
	});

	test("and takes a refusal for no origin that is not listed", async () => {
		const proxys = new ConnectError("HTTP 403", Code.PermissionDenied, { server: "proxy" });
		expect(isForbiddenOrigin(proxys)).toBe(false);
		const error = await told(proxys);
		expect(error).toMatchObject({ code: Code.PermissionDenied });
		expect(isForbiddenOrigin(error)).toBe(false);
		expect(isRetryable(error)).toBe(false);
		expect(isForbiddenOrigin(await told(new ConnectError("", Code.PermissionDenied)))).toBe(true);
	});
});
