import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
	WukongEvent_Type as Type,
	WukongEventSchema,
	WukongSchema,
} from "../../web-client/src/gen.ts";
import { createWukongClient } from "../../web-client/src/index.ts";
import { defaultBackoff } from "../../web-client/src/live/backoff.ts";
import { createEnvironment } from "../../web-client/src/live/environment.ts";
import type { OpenStream } from "../../web-client/src/live/follow.ts";
import { createLiveList } from "../../web-client/src/live/live-list.ts";
import { createFakeWukong } from "../../web-client/src/testing/index.ts";

/** Bytes of the heap that something holds. */
function heldBytes(): number {
	setFlagsFromString("--expose-gc");
	runInNewContext("gc")();
	return process.memoryUsage().heapUsed;
}

test("a million events, with a lost connection after each fifty thousand, leave the heap as it was", async () => {
	const total = 1_000_000;
	const vms = 500;
	let sent = 0;
	let streams = 0;
	const leaver = new AbortController();
	let finish = () => {};
	const finished = new Promise<void>((resolve) => {
		finish = resolve;
	});
	const open: OpenStream = async function* (token) {
		streams++;
		if (token === "") yield create(WukongEventSchema, { type: Type.SYNCED, resourceVersion: "1" });
		else yield create(WukongEventSchema, { type: Type.SYNCED, resourceVersion: token });
		for (let count = 0; count < 50_000; count++) {
			const version = String(++sent + 1);
			const isGone = sent % 10 === 0;
			const name = `vm-${(sent * 7) % vms}`;
			const wukong = create(WukongSchema, {
				namespace: "default",
				name,
				uid: name,
				resourceVersion: version,
			});
			const type = isGone ? Type.DELETED : Type.MODIFIED;
			yield create(WukongEventSchema, { type, wukong, resourceVersion: version });
			if (sent % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
		}
		if (sent >= total) {
			finish();
			await new Promise(() => {});
		}
	};
	const list = createLiveList({
		feed: () => ({ open, leave() {} }),
		environment: createEnvironment(),
		silenceMs: 60_000,
		backoff: { ...defaultBackoff, minMs: 0, maxMs: 0 },
		renewal: undefined,
		throttleMs: 5,
		lingerMs: 0,
		signal: leaver.signal,
	});
	let shown = 0;
	list.subscribe(() => void shown++);
	const early = new Promise<number>((resolve) => {
		const look = () => (sent >= 100_000 ? resolve(heldBytes()) : setImmediate(look));
		look();
	});
	const before = await early;
	await finished;
	expect(heldBytes() - before).toBeLessThan(4_000_000);
	expect(streams).toBe(total / 50_000);
	expect(shown).toBeGreaterThan(100);
	expect(list.getSnapshot().items.length).toBeLessThanOrEqual(vms);
	leaver.abort();
});

test("a thousand clients whose service restarts come back spread over its hint and half a second, each with its token", async () => {
	const fake = createFakeWukong({ seed: [{ name: "a" }] });
	const times: number[] = [];
	const clients = Array.from({ length: 1_000 }, (_, index) =>
		createWukongClient({
			transport: {
				...fake.transport,
				stream(...call) {
					times.push(fake.clock.monotonicMs());
					return fake.transport.stream(...call);
				},
			},
			environment: {
				clock: fake.clock,
				random: () => (index + 0.5) / 1_000,
				onNetwork: () => () => {},
			},
		}),
	);
	const lists = clients.map((client) => client.liveList());
	for (const list of lists) list.subscribe(() => {});
	const areAll = (status: string) => lists.every((list) => list.getSnapshot().status === status);
	while (!areAll("live")) await fake.advance(25);
	times.length = 0;
	const cutMs = fake.clock.monotonicMs();
	fake.cut();
	fake.store.put({ name: "b" });
	while (!areAll("live") || times.length < 1_000) await fake.advance(25);
	// Each comes once, none at once with a tenth of the others.
	expect(times).toHaveLength(1_000);
	const perTenth = new Map<number, number>();
	for (const time of times) {
		const tenth = Math.floor((time - cutMs) / 50);
		perTenth.set(tenth, (perTenth.get(tenth) ?? 0) + 1);
	}
	expect(Math.max(...perTenth.values())).toBeLessThan(200);
	expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(400);
	for (const client of clients) client.close();
});
