import { describe, expect, test } from "vitest";
import { createStage, filterOf, takeAll } from "../../support/watching.ts";

describe("promise 7, cheap", () => {
	test("one event object goes to every stream", async () => {
		const { store, watch } = await createStage();
		store.put({ name: "a" });
		const streams = Array.from({ length: 20 }, () => watch());
		const snapshots = streams.map((stream) => takeAll(stream)[0]);
		store.put({ name: "a", cpu: 2 });
		const changes = streams.map((stream) => takeAll(stream)[0]);
		expect(new Set(snapshots).size).toBe(1);
		expect(new Set(changes).size).toBe(1);
	});

	test("streams that start at one version share one snapshot", async () => {
		const { store, replica } = await createStage();
		for (let index = 0; index < 50; index++) store.put({ name: `vm-${index}` });
		const list = () =>
			replica.list({
				filter: filterOf(),
				pageSize: 1,
				pageToken: "",
				minResourceVersion: "",
				caller: { signal: new AbortController().signal },
			});
		expect((await list()).objects[0]).toBe((await list()).objects[0]);
	});
});
