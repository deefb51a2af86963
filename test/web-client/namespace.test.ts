import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { optimistic } from "../../web-client/src/index.ts";
import { createFakeWukong } from "../../web-client/src/testing/index.ts";

const seed = [
	{ name: "a" },
	{ name: "a", namespace: "team" },
	{ name: "b", namespace: "team" },
	{ name: "c", namespace: "other" },
];
const code = (call: Promise<unknown>) =>
	call.then(
		() => "done",
		(error) => Code[error.code],
	);

describe("a client of one namespace", () => {
	test("calls, lists, watches, waits and makes there what is named without a namespace", async () => {
		const fake = createFakeWukong({ seed });
		const team = fake.client.namespace("team");
		expect((await team.list()).wukongs.map(({ name }) => name)).toEqual(["a", "b"]);
		const all: string[] = [];
		for await (const { namespace } of team.listAll()) all.push(namespace);
		expect(all).toEqual(["team", "team"]);
		expect(await team.get("a")).toMatchObject({ namespace: "team" });
		expect(await team.create({ name: "new" })).toMatchObject({ namespace: "team" });
		expect(await team.update("new", { labels: { x: "1" } })).toMatchObject({ namespace: "team" });
		await team.update("new", (vm) => void delete vm.labels.x);
		expect(fake.store.wukongs.get("team/new")?.labels).toEqual({});
		for (const name of ["start", "stop", "pause", "resume", "restart"] as const) {
			const vm = await team[name]("b").catch(() => team.get("b"));
			expect(vm.namespace).toBe("team");
		}
		expect((await team.delete("b")).deleteTime).toBeDefined();
		const waiting = team.waitFor("a", "RUNNING");
		await fake.advance(100);
		expect(await waiting).toMatchObject({ namespace: "team", name: "a" });
		for await (const event of team.watch({ name: "a" })) {
			expect(event).toMatchObject({ type: "ADDED", wukong: { namespace: "team" } });
			break;
		}
		expect(fake.store.wukongs.get("default/a")?.resourceVersion).toBe("1");
	});

	test("shares its lists with the client that it comes from, and their end", async () => {
		const { client, advance } = createFakeWukong({ seed });
		const team = client.namespace("team");
		expect(team.liveList()).toBe(client.liveList({ namespace: "team" }));
		expect(team.liveList({ labels: { x: "1" } })).toBe(
			client.namespace("team").liveList({ namespace: "team", labels: { x: "1" } }),
		);
		team.liveList().subscribe(() => {});
		team.close();
		await advance(100);
		expect(client.liveList({ namespace: "team" }).getSnapshot().status).toBe("closed");
	});

	test("sends nothing that is in another one, be it named by text, by a VM or in a query", async () => {
		const fake = createFakeWukong({ seed });
		const team = fake.client.namespace("team");
		const stranger = await fake.client.get("other/c");
		const before = fake.calls;
		const wrong = "InvalidArgument";
		expect(await code(team.get("other/c"))).toBe(wrong);
		expect(await code(team.delete(stranger))).toBe(wrong);
		expect(await code(team.update(stranger, { labels: {} }))).toBe(wrong);
		expect(await code(team.create({ name: "x", namespace: "default" }))).toBe(wrong);
		expect(await code(team.list({ namespace: "other" }))).toBe(wrong);
		expect(await code(team.waitFor(stranger, "RUNNING"))).toBe(wrong);
		expect(() => team.liveList({ namespace: "other" })).toThrow('"other" is not in');
		expect(() => team.watch({ namespace: "other" })).toThrow('"other" is not in');
		expect(() => team.namespace("other")).toThrow('"other" is not in');
		expect(() => fake.client.namespace("")).toThrow('namespace ""');
		expect(fake.calls).toBe(before);
		expect(await team.namespace("team").get("team/a")).toMatchObject({ namespace: "team" });
	});

	test("of an optimistic client shows its calls at once, and nothing of one that is not its own", async () => {
		const fake = createFakeWukong({ seed });
		const client = optimistic(fake.client, { clock: fake.clock });
		const team = client.namespace("team");
		const list = client.liveList();
		let told = 0;
		list.subscribe(() => void told++);
		await fake.advance(100);
		const stopping = team.stop("a");
		expect([...list.getSnapshot().pending]).toEqual(["team/a"]);
		expect(team.liveList()).toBe(client.liveList({ namespace: "team" }));
		await stopping;
		await fake.advance(100);
		told = 0;
		expect(await code(team.stop("other/c"))).toBe("InvalidArgument");
		expect([told, list.getSnapshot().pending.size]).toEqual([0, 0]);
		client.close();
		await fake.advance(2_000);
		expect(fake.clock.pendingTimers).toBe(0);
	});
});
