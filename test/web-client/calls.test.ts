import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import {
	isAlreadyExists,
	isConflict,
	isNotFound,
	timestampDate,
	wukongToJson,
} from "../../web-client/src/index.ts";
import { createFakeWukong, failure } from "../../web-client/src/testing/index.ts";

const seed = Array.from({ length: 7 }, (_, index) => ({ name: `vm-${index}`, spec: { cpu: 1 } }));
const lost = () => new ConnectError("the connection broke", Code.Aborted);

describe("calls", () => {
	test("a VM is named by name, by namespace and name, and by itself", async () => {
		const { client, store } = createFakeWukong({
			seed: [...seed, { name: "x", namespace: "team" }],
		});
		expect((await client.get("vm-1")).namespace).toBe("default");
		const x = await client.get("team/x");
		expect(x.name).toBe("x");
		expect(await client.get(x)).toEqual(x);
		expect(isNotFound(await client.get("team/vm-1").catch((error) => error))).toBe(true);
		expect(store.version).toBe(8);
	});

	test("all pages are walked through", async () => {
		const { client } = createFakeWukong({ seed });
		const names: string[] = [];
		for await (const { name } of client.listAll({ pageSize: 3 })) names.push(name);
		expect(names).toEqual(seed.map(({ name }) => name));
		expect((await client.list({ pageSize: 3 })).wukongs).toHaveLength(3);
	});

	test("a VM becomes JSON by one call, which JSON.stringify takes, and its times become dates", async () => {
		const { client } = createFakeWukong({ seed });
		const vm = await client.get("vm-0");
		expect(JSON.parse(JSON.stringify(wukongToJson(vm)))).toMatchObject({
			name: "vm-0",
			generation: "1",
		});
		expect(vm.createTime === undefined ? 0 : timestampDate(vm.createTime).getFullYear()).toBe(2026);
	});
});

describe("a call that is lost", () => {
	test("reads are repeated, at most three times in all", async () => {
		const fake = createFakeWukong({ seed });
		fake.fail(lost());
		fake.fail(lost());
		const got = fake.client.get("vm-0");
		await fake.advance(2_000);
		expect(await got).toMatchObject({ name: "vm-0" });
		for (let time = 0; time < 3; time++) fake.fail(lost());
		const failed = fake.client.get("vm-0").catch((error) => error);
		await fake.advance(5_000);
		expect(await failed).toMatchObject({ code: Code.Aborted });
		expect(fake.calls).toBe(6);
	});

	test("a create is repeated under its request id, and makes one VM", async () => {
		const fake = createFakeWukong();
		const { client, store } = fake;
		// The first try arrives, and its answer is lost.
		await client.create({ name: "a" }, { requestId: "r1" });
		expect(await client.create({ name: "a" }, { requestId: "r1" })).toMatchObject({ name: "a" });
		expect(isAlreadyExists(await client.create({ name: "a" }).catch((error) => error))).toBe(true);
		fake.fail(lost());
		const made = client.create({ name: "b" });
		await fake.advance(1_000);
		await made;
		expect([...store.wukongs.keys()]).toEqual(["default/a", "default/b"]);
	});

	test("a delete and an update are not, unless the service says that it did nothing", async () => {
		const fake = createFakeWukong({ seed });
		fake.fail(lost());
		await expect(fake.client.delete("vm-0")).rejects.toMatchObject({ code: Code.Aborted });
		fake.fail(failure(Code.Unavailable, "WRITE_OUTCOME_UNKNOWN"));
		await expect(fake.client.update("vm-0", { spec: { cpu: 2 } })).rejects.toMatchObject({
			code: Code.Unavailable,
		});
		fake.fail(failure(Code.Unavailable, "UPSTREAM_UNAVAILABLE", { retryAfterMs: 1_000 }));
		const deleted = fake.client.delete("vm-0");
		await fake.advance(2_000);
		expect((await deleted).deleteTime).toBeDefined();
	});

	test("a caller who leaves in a wait is told so at once", async () => {
		const fake = createFakeWukong({ seed });
		fake.fail(failure(Code.Unavailable, "SHUTTING_DOWN", { retryAfterMs: 60_000 }));
		const controller = new AbortController();
		const got = fake.client.get("vm-0", { signal: controller.signal }).catch(({ code }) => code);
		await fake.advance(100);
		controller.abort();
		expect(await got).toBe(Code.Canceled);
		expect(fake.clock.pendingTimers).toBe(0);
	});
});

describe("an update", () => {
	test("with an object changes what is set in it and leaves all else alone", async () => {
		const { client } = createFakeWukong({
			seed: [{ name: "a", labels: { x: "1" }, spec: { cpu: 1, memory: "1Gi" } }],
		});
		const vm = await client.update("a", { labels: { y: "2" }, spec: { cpu: 4 } });
		expect(vm).toMatchObject({ labels: { x: "1", y: "2" }, spec: { cpu: 4, memory: "1Gi" } });
	});

	test("with a function may take away, and is made again on what somebody faster has written", async () => {
		const { client, store } = createFakeWukong({ seed: [{ name: "a", labels: { x: "1" } }] });
		let rounds = 0;
		const vm = await client.update("a", (draft) => {
			if (++rounds === 1) store.put({ name: "a", labels: { x: "1", z: "3" } });
			delete draft.labels.x;
			draft.labels.y = "2";
		});
		expect(rounds).toBe(2);
		expect(vm.labels).toEqual({ y: "2", z: "3" });
	});

	test("throws a conflict where it is told to", async () => {
		const { client, store } = createFakeWukong({ seed });
		const error = await client
			.update("vm-0", () => void store.put({ name: "vm-0", labels: { a: "b" } }), {
				onConflict: "throw",
			})
			.catch((reason) => reason);
		expect(isConflict(error)).toBe(true);
	});

	test("gives up a VM that changes each time", async () => {
		const { client, store } = createFakeWukong({ seed });
		let rounds = 0;
		const error = await client
			.update("vm-0", () => void store.put({ name: "vm-0", labels: { round: `${rounds++}` } }))
			.catch((reason) => reason);
		expect(isConflict(error)).toBe(true);
		expect(rounds).toBe(10);
	});
});
