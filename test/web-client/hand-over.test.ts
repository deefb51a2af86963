import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import {
	createWukongClient,
	type TokenSource,
	WukongEvent_Type as Type,
	type WatchWukongRequest,
	WukongEventSchema,
	WukongService,
} from "../../web-client/src/index.ts";
import { loadParts } from "../../web-client/src/on-demand.ts";
import { createFakeClock, failure } from "../../web-client/src/testing/index.ts";

const startMs = Date.UTC(2026, 0, 1);

/** A service whose streams end with their token, and a client whose tokens last for a minute. */
function stage(sourceOf: (issue: () => string) => TokenSource) {
	const clock = createFakeClock(startMs);
	/** End of each token, in milliseconds since 1970. */
	const ends = new Map<string, number>();
	const changes: string[] = [];
	const listeners = new Set<() => void>();
	const state = {
		/** Token and place of each stream that was asked for. */
		asked: [] as string[],
		open: 0,
		maxOpen: 0,
		/** What streams that are asked for from now on do. */
		mood: "well" as "well" | "silent" | "refuse",
		/** The service's clock is ahead of the page's by so many milliseconds. */
		skewMs: 0,
	};
	const issue = () => {
		const token = `token-${ends.size}`;
		ends.set(token, clock.nowMs() + 60_000);
		return token;
	};
	async function* watch({ resourceVersion }: WatchWukongRequest, context: HandlerContext) {
		const token = context.requestHeader.get("authorization")?.slice(7) ?? "";
		const endMs = ends.get(token) ?? 0;
		state.asked.push(`${token} ${resourceVersion}`);
		const { mood } = state;
		if (mood === "refuse" || clock.nowMs() >= endMs) {
			throw failure(Code.Unauthenticated, "TOKEN_EXPIRED");
		}
		state.maxOpen = Math.max(state.maxOpen, ++state.open);
		let place = Number(resourceVersion || 0);
		let isSynced = false;
		let beatMs = clock.nowMs() + 5_000;
		const control = (type: Type) =>
			create(WukongEventSchema, {
				...{ type, resourceVersion: String(place) },
				time: timestampFromMs(clock.nowMs() + state.skewMs),
				credentialsExpireTime: timestampFromMs(endMs + state.skewMs),
			});
		try {
			while (!context.signal.aborted) {
				const name = changes[place];
				if (mood === "well" && name !== undefined) {
					place++;
					const wukong = { name, uid: name, resourceVersion: String(place) };
					yield create(WukongEventSchema, {
						...{ type: Type.ADDED, resourceVersion: String(place), wukong },
					});
				} else if (mood === "well" && !isSynced) {
					isSynced = true;
					yield control(Type.SYNCED);
				} else if (mood === "well" && clock.nowMs() >= endMs) {
					yield control(Type.HEARTBEAT);
					throw failure(Code.Unauthenticated, "TOKEN_EXPIRED");
				} else if (mood === "well" && clock.nowMs() >= beatMs) {
					beatMs += 5_000;
					yield control(Type.HEARTBEAT);
				} else {
					await new Promise<void>((resolve) => {
						const nextMs = Math.max(1, Math.min(beatMs, endMs) - clock.nowMs());
						const timer = clock.setTimer(nextMs, () => wake());
						const wake = () => {
							timer.cancel();
							listeners.delete(wake);
							context.signal.removeEventListener("abort", wake);
							resolve();
						};
						listeners.add(wake);
						context.signal.addEventListener("abort", wake);
					});
				}
			}
		} finally {
			state.open--;
		}
	}
	const client = createWukongClient({
		transport: createRouterTransport(
			({ service }) => void service(WukongService, { watchWukong: watch }),
		),
		token: sourceOf(issue),
		environment: { clock, random: () => 0.5, onNetwork: () => () => {} },
	});
	/** Moves on in small steps: a message passes several turns of the loop on its way. */
	const advance = async (ms: number) => {
		await loadParts();
		for (let leftMs = ms; ; leftMs -= 500) {
			await clock.advance(Math.max(0, Math.min(500, leftMs)));
			for (let turn = 0; turn < 12; turn++) await clock.advance(0);
			if (leftMs <= 500) return;
		}
	};
	return {
		...{ clock, client, state, ends, advance },
		change(name: string) {
			changes.push(name);
			for (const listener of [...listeners]) listener();
		},
	};
}

/** A source that keeps its token, and counts how often a new one was wanted. */
function renewing() {
	const counts = { refreshes: 0 };
	let current: string | undefined;
	const sourceOf =
		(issue: () => string): TokenSource =>
		async ({ refresh }) => {
			if (refresh) counts.refreshes++;
			if (refresh || current === undefined) current = issue();
			await Promise.resolve();
			return current;
		};
	return { counts, sourceOf };
}

/** Shows a list, and what it was told. */
function show(client: ReturnType<typeof stage>["client"], namespace = "") {
	const list = client.liveList({ namespace });
	const statuses = new Set<string>();
	const told: string[] = [];
	list.onChange(({ type, wukong }) => told.push(`${type} ${wukong.name}`));
	list.subscribe(({ status }) => void statuses.add(status));
	return { list, statuses, told };
}

describe("a stream whose credential has an end", () => {
	test("goes over to a new one ahead of it: always live, each change told once, in order", async () => {
		const { counts, sourceOf } = renewing();
		const { clock, client, state, change, advance } = stage(sourceOf);
		const { statuses, told } = show(client);
		await advance(100);
		for (let second = 0; second < 300; second++) {
			// In every state of the change from one stream to the other.
			change(`vm-${second}`);
			await advance(1_000);
		}
		expect(told).toEqual(Array.from({ length: 300 }, (_, at) => `ADDED vm-${at}`));
		expect([...statuses]).toEqual(["connecting", "live"]);
		// Each stream after the first one goes on from the last message of the one before.
		expect(state.asked.length).toBe(counts.refreshes + 1);
		expect(counts.refreshes).toBeGreaterThan(4);
		expect(counts.refreshes).toBeLessThan(8);
		expect(new Set(state.asked).size).toBe(state.asked.length);
		expect([state.open, state.maxOpen]).toEqual([1, 2]);
		client.close();
		await advance(100);
		expect([state.open, clock.pendingTimers]).toEqual([0, 0]);
	});

	test("asks for one new token with all others of the client", async () => {
		const { counts, sourceOf } = renewing();
		const { client, state, advance } = stage(sourceOf);
		const lists = Array.from({ length: 10 }, (_, at) => show(client, `team-${at}`));
		await advance(59_000);
		expect(counts.refreshes).toBe(1);
		expect([state.open, state.asked.length]).toEqual([10, 20]);
		for (const { statuses } of lists) expect([...statuses]).toEqual(["connecting", "live"]);
		client.close();
	});

	test("is judged by the service's clock, however wrong the page's is", async () => {
		for (const skewMs of [-3_600_000, 3_600_000]) {
			const { counts, sourceOf } = renewing();
			const { client, state, advance } = stage(sourceOf);
			state.skewMs = skewMs;
			const { statuses } = show(client);
			await advance(40_000);
			expect(counts.refreshes).toBe(0);
			await advance(19_000);
			expect([counts.refreshes, ...statuses]).toEqual([1, "connecting", "live"]);
			client.close();
		}
	});

	test("is not asked about again where the token stays the same: at most two requests an hour", async () => {
		let refreshes = 0;
		let token: string | undefined;
		const { clock, client, state, advance } = stage((issue) => ({ refresh }) => {
			if (refresh) refreshes++;
			token ??= issue();
			return token;
		});
		const { list } = show(client);
		await advance(59_000);
		expect([refreshes, state.asked.length]).toEqual([1, 1]);
		await clock.advance(10 * 3_600_000);
		expect(state.asked.length).toBeLessThanOrEqual(21);
		expect(refreshes).toBeLessThanOrEqual(3);
		expect(list.getSnapshot().status).toBe("failed");
		client.close();
	});

	test.each(["silent", "refuse"] as const)(
		"is kept where the new stream does not speak (%s), and loses nothing of what came meanwhile",
		async (mood) => {
			const { sourceOf } = renewing();
			const { client, state, change, advance } = stage(sourceOf);
			const { told, statuses } = show(client);
			await advance(40_000);
			state.mood = mood;
			for (let at = 0; at < 18; at++) {
				change(`vm-${at}`);
				await advance(1_000);
			}
			expect(told).toEqual(Array.from({ length: 18 }, (_, at) => `ADDED vm-${at}`));
			expect([...statuses]).toEqual(["connecting", "live"]);
			expect([state.open, state.asked.length]).toEqual([1, 2]);
			state.mood = "well";
			// The old stream's end is one like any other: it goes on from there.
			await advance(10_000);
			change("vm-18");
			await advance(1_000);
			expect([told.length, told.at(-1)]).toEqual([19, "ADDED vm-18"]);
			expect(list(client).status).toBe("live");
			client.close();
		},
	);

	test("goes over inside of a watch, too, and leaves nothing open when its loop is left", async () => {
		const { counts, sourceOf } = renewing();
		const { clock, client, state, change, advance } = stage(sourceOf);
		const told: string[] = [];
		const watch = client.watch();
		const read = (async () => {
			for await (const event of watch) if (event.type !== "SYNCED") told.push(event.wukong.name);
		})();
		await advance(30_000);
		change("a");
		await advance(50_000);
		change("b");
		await advance(1_000);
		expect([told, counts.refreshes]).toEqual([["a", "b"], 1]);
		await watch.close();
		await read;
		await advance(0);
		expect([state.open, clock.pendingTimers]).toEqual([0, 0]);
		client.close();
	});
});

function list(client: ReturnType<typeof stage>["client"]) {
	return client.liveList({ namespace: "" }).getSnapshot();
}
