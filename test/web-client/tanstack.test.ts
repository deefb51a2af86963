import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { wukongsQuery } from "../../web-client/src/tanstack/index.ts";
import { createFakeWukong } from "../../web-client/src/testing/index.ts";

test("a query is fetched once, and the stream keeps its cache current while anybody looks", async () => {
	const fake = createFakeWukong({ seed: [{ name: "a" }, { name: "b" }] });
	const queries = new QueryClient();
	const options = wukongsQuery(fake.client, { namespace: "default" });
	const observe = () => {
		const seen: string[] = [];
		const observer = new QueryObserver(queries, options);
		const leave = observer.subscribe(({ data }) => {
			if (data !== undefined) seen.push(data.map(({ name }) => name).join());
		});
		return { seen, leave };
	};
	const first = observe();
	await fake.advance(100);
	fake.store.put({ name: "c" });
	await fake.advance(100);
	fake.cut();
	fake.store.remove({ name: "a" });
	await fake.advance(5_000);
	expect(first.seen).toEqual(["a,b", "a,b,c", "b,c"]);

	const second = observe();
	fake.store.put({ name: "d" });
	await fake.advance(100);
	expect([first.seen.at(-1), second.seen.at(-1)]).toEqual(["b,c,d", "b,c,d"]);
	expect(fake.openStreams).toBe(1);

	first.leave();
	second.leave();
	await fake.advance(6_000);
	expect(fake.openStreams).toBe(0);
	fake.store.put({ name: "e" });
	const third = observe();
	await fake.advance(100);
	expect(third.seen.at(-1)).toBe("b,c,d,e");
	third.leave();
	queries.clear();
	fake.client.close();
	await fake.advance(100);
	expect([fake.openStreams, fake.clock.pendingTimers]).toEqual([0, 0]);
});

test("an unchanged VM is the same object in the cache", async () => {
	const fake = createFakeWukong({ seed: [{ name: "a" }, { name: "b" }] });
	const queries = new QueryClient();
	const options = wukongsQuery(fake.client);
	const leave = new QueryObserver(queries, options).subscribe(() => {});
	await fake.advance(100);
	const [a] = queries.getQueryData(options.queryKey) as object[];
	fake.store.put({ name: "b", labels: { x: "1" } });
	await fake.advance(100);
	expect((queries.getQueryData(options.queryKey) as object[])[0]).toBe(a);
	leave();
	queries.clear();
	fake.client.close();
});
