import { clone } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { describe, expect, test } from "vitest";
import {
	createWukongClient,
	type LiveSnapshot,
	optimistic,
	WukongStatus_PowerState as Power,
	type Wukong,
	WukongSchema,
} from "../../web-client/src/index.ts";
import { createFakeWukong, failure } from "../../web-client/src/testing/index.ts";
import { startApp } from "../support/running-app.ts";
import { createSeededRandom } from "../support/seeded-random.ts";
import { until } from "../support/until.ts";
import { createSlowWay } from "./slow-way.ts";

/** An optimistic client whose answers and messages are late, and all that a list of it has shown. */
async function stage({ answerMs = 100, messageMs = 100, query = {} } = {}) {
	const delays = { answerMs: 0, messageMs: 0 };
	const fake = createFakeWukong({
		seed: [{ name: "a", labels: { at: "0" } }, { name: "b" }, { name: "a", namespace: "other" }],
	});
	const { clock } = fake;
	const transport = createSlowWay(fake.transport, clock, {
		answerMs: () => delays.answerMs,
		messageMs: () => delays.messageMs,
	});
	const plain = createWukongClient({
		transport,
		environment: { clock, random: () => 0.5, onNetwork: () => () => {} },
	});
	const client = optimistic(plain, { clock });
	const list = client.liveList(query);
	const seen: LiveSnapshot[] = [];
	list.subscribe((snapshot) => seen.push(snapshot));
	await fake.advance(5_000);
	Object.assign(delays, { answerMs, messageMs });
	const before = seen.splice(0).at(-1) as LiveSnapshot;
	const last = () => list.getSnapshot();
	const find = (key = "default/a") => last().byKey.get(key) as Wukong;
	/** What was shown of a VM since, without repetitions. */
	const shown = <T>(read: (wukong: Wukong) => T, key = "default/a") => {
		const all = seen.flatMap(({ byKey }) => byKey.get(key) ?? []).map(read);
		return all.filter((value, index) => index === 0 || value !== all[index - 1]);
	};
	/** Changes what is observed of a VM, and nothing else. */
	const observe = (powerMessage: string, key = "default/a") => {
		const next = clone(WukongSchema, fake.store.wukongs.get(key) as Wukong);
		if (next.status !== undefined) next.status.powerMessage = powerMessage;
		fake.store.put(next);
	};
	return { fake, client, list, delays, before, seen, last, find, shown, observe };
}

const isOn = ({ spec }: Wukong) => spec?.startStrategy?.autoStart ?? true;
const power = ({ status }: Wukong) => Power[status?.powerState ?? 0];
const at = ({ labels }: Wukong) => labels.at;

/** What a promise came to. */
const outcome = (call: Promise<unknown>) =>
	call.then(
		() => "done",
		(error) => error,
	);

describe("a list of an optimistic client", () => {
	test("shows a stop before anything is sent, and is pending until the watch has brought it", async () => {
		const { fake, client, before, last, find, seen } = await stage({ messageMs: 1_000 });
		const stopping = outcome(client.stop("a"));
		expect(fake.store.wukongs.get("default/a")).toEqual(before.byKey.get("default/a"));
		expect([isOn(find()), power(find())]).toEqual([false, "STOPPING"]);
		expect([...last().pending]).toEqual(["default/a"]);
		expect(seen).toHaveLength(1);
		await fake.advance(200);
		expect(await stopping).toBe("done");
		expect([...last().pending]).toEqual(["default/a"]);
		await fake.advance(2_000);
		expect([isOn(find()), last().pending.size]).toEqual([false, 0]);
		await fake.advance(5_000);
		expect(power(find())).toBe("STOPPED");
		client.close();
		await fake.advance(100);
		expect(fake.clock.pendingTimers).toBe(0);
	});

	test("takes back what the service refuses, and leaves all other VMs as they are", async () => {
		const { fake, client, before, last, find, shown } = await stage();
		fake.fail(failure(Code.FailedPrecondition, "WUKONG_DELETING"));
		const refused = outcome(client.stop("a"));
		expect(isOn(find())).toBe(false);
		expect(find("default/b")).toBe(before.byKey.get("default/b"));
		await fake.advance(1_000);
		expect(await refused).toMatchObject({ code: Code.FailedPrecondition });
		expect(shown(isOn)).toEqual([false, true]);
		expect(find()).toBe(before.byKey.get("default/a"));
		expect(last().pending.size).toBe(0);
		client.close();
	});

	test.each([
		["the answer comes long before the message", 10, 1_500],
		["the message comes long before the answer", 3_000, 10],
	])(
		"does not flash back where %s, and a status of before comes between",
		async (_, answerMs, messageMs) => {
			const { fake, client, last, seen, shown, observe } = await stage({ answerMs, messageMs });
			observe("busy");
			const calls = [
				client.stop("a"),
				client.update("a", { labels: { at: "1" } }),
				client.delete("b"),
			];
			seen.length = 0;
			await fake.advance(30_000);
			await Promise.all(calls);
			expect(shown(isOn)).toEqual([false]);
			expect(shown(at)).toEqual(["1"]);
			expect(shown((vm) => vm.deleteTime !== undefined, "default/b")).toEqual([true]);
			expect([...last().byKey.keys()]).toEqual(["default/a", "other/a"]);
			expect(last().pending.size).toBe(0);
			client.close();
		},
	);

	test("shows edits one over the other, and each that is undone again", async () => {
		const { fake, client, shown, last } = await stage({ answerMs: 10, messageMs: 500 });
		const edits = [
			client.update("a", { labels: { at: "1" } }),
			client.update("a", { labels: { at: "0" } }),
			client.update("a", { labels: { at: "2" } }),
		];
		await fake.advance(20_000);
		await Promise.all(edits);
		expect(shown(at)).toEqual(["1", "0", "2"]);
		expect([at(last().byKey.get("default/a") as Wukong), last().pending.size]).toEqual(["2", 0]);
		client.close();
	});

	test("does not cover what another one has changed since, though both come within one notification", async () => {
		const { fake, client, find, last } = await stage({ answerMs: 500, messageMs: 0 });
		const edit = client.update("a", { labels: { at: "mine" } });
		await fake.advance(0);
		fake.store.put({ name: "a", labels: { at: "theirs" } });
		await fake.advance(1_000);
		await edit;
		expect([at(find()), last().pending.size]).toEqual(["theirs", 0]);
		client.close();
	});

	test("goes on to show what was answered while the watch is broken, however long", async () => {
		const { fake, client, shown, last } = await stage({ messageMs: 50 });
		fake.cut();
		fake.fail(failure(Code.Unavailable, "SHUTTING_DOWN", { retryAfterMs: 60_000 }));
		await fake.advance(1_000);
		const edit = client.update("a", { labels: { at: "1" } });
		await fake.advance(40_000);
		await edit;
		expect(last().status).toBe("stale");
		expect(last().pending.size).toBe(1);
		await fake.advance(60_000);
		expect([last().status, last().pending.size]).toEqual(["live", 0]);
		expect(shown(at)).toEqual(["0", "1"].slice(shown(at)[0] === "0" ? 0 : 1));
		expect(fake.clock.pendingTimers).toBeGreaterThan(0);
		client.close();
	});

	test("believes a list that is live and has not heard of it for ten seconds", async () => {
		const { fake, client, delays, find, last } = await stage({ answerMs: 10 });
		delays.messageMs = 14_000;
		const edit = client.update("a", { labels: { at: "1" } });
		await fake.advance(100);
		await edit;
		await fake.advance(9_000);
		expect([at(find()), last().pending.size]).toEqual(["1", 1]);
		await fake.advance(1_000);
		expect([at(find()), last().pending.size]).toEqual(["0", 0]);
		client.close();
	});

	test("means one VM: no namesake, and none of another namespace", async () => {
		const { fake, client, find, last } = await stage({ answerMs: 1_000, messageMs: 10 });
		const stopping = outcome(client.stop("a"));
		await fake.advance(0);
		fake.store.remove({ name: "a" });
		fake.store.put({ name: "a" });
		await fake.advance(500);
		expect([isOn(find()), isOn(find("other/a"))]).toEqual([true, true]);
		await fake.advance(2_000);
		await stopping;
		expect(last().pending.size).toBe(0);
		client.close();
	});

	test("a restart is pending until it is answered, and a trial run shows nothing", async () => {
		const { fake, client, find, last } = await stage({ answerMs: 100, messageMs: 0 });
		const restarting = outcome(client.restart("a", { mode: "SOFT" }));
		expect([power(find()), last().pending.size]).toEqual(["RUNNING", 1]);
		await fake.advance(200);
		expect([await restarting, last().pending.size]).toEqual(["done", 0]);
		const trial = client.stop("a", { validateOnly: true });
		expect([isOn(find()), last().pending.size]).toEqual([true, 0]);
		await fake.advance(200);
		await trial;
		client.close();
	});

	test("gives the same snapshot until something changes, and a page that comes meanwhile sees the edit, too", async () => {
		const { fake, client, list, last } = await stage({ answerMs: 1_000 });
		expect(client.liveList()).toBe(list);
		const stopping = client.stop("a");
		expect(last()).toBe(last());
		const team = client.liveList({ namespace: "default" });
		team.subscribe(() => {});
		await fake.advance(500);
		expect(isOn(team.getSnapshot().byKey.get("default/a") as Wukong)).toBe(false);
		expect(team.getSnapshot()).toBe(team.getSnapshot());
		await fake.advance(5_000);
		await stopping;
		expect(team.getSnapshot().pending.size).toBe(0);
		client.close();
	});

	test("an update whose function throws on what is shown shows nothing, and says so by itself", async () => {
		const { fake, client, find } = await stage();
		const failed = outcome(
			client.update("a", () => {
				throw new Error("not this one");
			}),
		);
		expect(at(find())).toBe("0");
		await fake.advance(1_000);
		expect(String(await failed)).toContain("not this one");
		client.close();
	});

	test.each([20261127, 7, 99])(
		"whatever is late, cut or told between, what one writer counts up never goes back (seed %i)",
		async (seedNumber) => {
			const random = createSeededRandom(seedNumber);
			const { fake, client, delays, last, shown, find, observe } = await stage();
			let count = 0;
			for (let round = 0; round < 150; round++) {
				const dice = random();
				delays.answerMs = Math.floor(random() * 500);
				delays.messageMs = Math.floor(random() * 200);
				if (dice < 0.5) {
					const next = String(++count);
					const edit = client.update("a", { labels: { at: next } });
					edit.catch(() => {});
				} else if (dice < 0.75) observe(`busy ${round}`);
				else if (dice < 0.8) fake.cut();
				else if (dice < 0.82) fake.store.forgetHistory();
				await fake.advance(Math.floor(random() * 400));
			}
			await fake.advance(60_000);
			const told = shown((vm) => Number(vm.labels.at));
			expect(told).toEqual(told.toSorted((a, b) => a - b));
			expect([at(find()), last().pending.size]).toEqual([String(count), 0]);
			client.close();
		},
	);
});

test("what the service itself does is confirmed by its watch, never by time, and nothing flashes back", async () => {
	await using app = await startApp("--seed", "3");
	const plain = createWukongClient({ transport: createConnectTransport({ baseUrl: app.url }) });
	const client = optimistic(plain, { confirmMs: 2 ** 31 });
	const list = client.liveList();
	const seen: string[] = [];
	list.subscribe(({ byKey, pending }) => {
		const vm = byKey.get("default/vm-0");
		if (pending.size > 0 && vm !== undefined) seen.push(`${isOn(vm)} ${at(vm) ?? ""}`);
	});
	await list.ready();
	for (const round of ["1", "2", "3"]) {
		const edits = [
			client.stop("vm-0"),
			client.update("vm-0", { labels: { at: round } }),
			client.delete(`vm-${round}`).catch(() => {}),
		];
		expect(list.getSnapshot().pending.size).toBeGreaterThan(0);
		await Promise.all(edits);
		await until("all is confirmed", () => list.getSnapshot().pending.size === 0);
		await client.start("vm-0");
		await until("the start is confirmed", () => list.getSnapshot().pending.size === 0);
		const words = seen.splice(0).filter((word, index, all) => word !== all[index - 1]);
		const before = round === "1" ? "" : String(Number(round) - 1);
		expect(words).toEqual([`false ${before}`, `false ${round}`, `true ${round}`]);
	}
	client.close();
});
