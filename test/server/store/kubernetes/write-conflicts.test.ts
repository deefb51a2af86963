import { ErrorReason } from "@novasphere/wukong-gen/error";
import { afterEach, describe, expect, test } from "vitest";
import { Failure } from "../../../../server/src/failure.ts";
import { checkPreconditions } from "../../../../server/src/service/wukong/preconditions.ts";
import { createRecordingSink } from "../recording-sink.ts";
import { change, createOptions, refTo, setLabel, writeOptions, wukongNamed } from "../write.ts";
import { createStoreBefore, type KubernetesHarness, startKubernetes } from "./harness.ts";

let harness: KubernetesHarness;
afterEach(() => harness.close());

async function started(options: Parameters<typeof startKubernetes>[0] = {}) {
	harness = await startKubernetes({ operator: false, random: () => 0, ...options });
	return harness;
}

/** Another writer gets ahead of ours, `times` times. */
function race({ api }: KubernetesHarness, times: number): void {
	let left = times;
	api.intercept(({ method }) => {
		if (method === "GET" || left === 0) return false;
		left--;
		const raw = api.store.get("default", "a");
		const labels = { other: String(left) };
		api.store.replace({ ...raw, metadata: { ...raw.metadata, labels } }, "spec", false);
		return false;
	});
}

describe("other writers", () => {
	test("who get ahead make an edit start over from what they wrote", async () => {
		const { store, api } = await started();
		await store.create(wukongNamed("a"), createOptions);
		race(harness, 3);
		const edited = await store.edit(refTo("a"), setLabel("mine", "1"), writeOptions);
		expect(edited.labels).toEqual({ mine: "1", other: "0" });
		expect(api.requests.filter((request) => request.startsWith("PUT"))).toHaveLength(4);
	});

	test("who write its status, however often, fail no edit that has nothing to do with it", async () => {
		const { store, api } = await started();
		await store.create(wukongNamed("a"), createOptions);
		let left = 60;
		api.intercept(({ method }) => {
			if (method === "GET" || left === 0) return false;
			left--;
			const raw = api.store.get("default", "a");
			api.store.replace({ ...raw, status: { nodeName: `node-${left}` } }, "status", false);
			return false;
		});
		const edited = await store.edit(refTo("a"), setLabel("mine", "1"), writeOptions);
		expect([edited.labels, edited.status?.nodeName]).toEqual([{ mine: "1" }, "node-0"]);
		expect(api.requests.filter((request) => request.startsWith("PUT"))).toHaveLength(61);
		left = 60;
		await store.remove(refTo("a"), () => {}, writeOptions);
		expect(left).toBe(0);
	});

	test("who write its status before two of three writes fail none of 20 updates with the version read last", async () => {
		const { store, api } = await started();
		let { resourceVersion } = await store.create(wukongNamed("a"), createOptions);
		let puts = 0;
		api.intercept(({ method }) => {
			if (method !== "PUT" || puts++ % 3 === 2) return false;
			const raw = api.store.get("default", "a");
			api.store.replace({ ...raw, status: { phase: `Phase${puts}` } }, "status", false);
			return false;
		});
		for (let update = 1; update <= 20; update++) {
			const edited = await store.edit(
				refTo("a"),
				(current) => {
					checkPreconditions(current, { resourceVersion });
					return setLabel("count", String(update))(current);
				},
				writeOptions,
			);
			expect(edited.labels.count).toBe(String(update));
			({ resourceVersion } = edited);
		}
		expect(puts).toBe(60);
	});

	test("who never stop end it with RESOURCE_VERSION_CONFLICT shortly before the deadline", async () => {
		const { store, api } = await started();
		await store.create(wukongNamed("a"), createOptions);
		race(harness, 100_000);
		const conflict = { reason: ErrorReason.RESOURCE_VERSION_CONFLICT };
		const hurried = { ...writeOptions, remainingMs: () => 400 };
		const edit = store.edit(refTo("a"), setLabel("mine", "1"), hurried);
		const current = () => api.store.get("default", "a").metadata.resourceVersion;
		const told = await edit.catch((error) => error);
		expect(told).toMatchObject(conflict);
		expect(told.message).toContain(`resource_version is ${current()} by now`);
		const removal = store.remove(refTo("a"), () => {}, hurried);
		await expect(removal).rejects.toMatchObject(conflict);
		expect(api.store.get("default", "a").metadata.deletionTimestamp).toBeUndefined();
	});

	test("are seen by the caller's own precondition on the second try", async () => {
		const { store } = await started();
		const { resourceVersion } = await store.create(wukongNamed("a"), createOptions);
		race(harness, 1);
		const stale = new Failure(ErrorReason.RESOURCE_VERSION_CONFLICT, "not current");
		const edit = store.edit(
			refTo("a"),
			(current) => {
				if (current.resourceVersion !== resourceVersion) throw stale;
				return setLabel("mine", "1")(current);
			},
			writeOptions,
		);
		await expect(edit).rejects.toBe(stale);
	});
});

test("two replicas that write in step both get through", async () => {
	const { store, api } = await started({ random: Math.random });
	await store.create(wukongNamed("a"), createOptions);
	const other = createStoreBefore(api);
	await other.start(createRecordingSink());
	const count = change((next) => {
		next.labels.count = String(Number(next.labels.count ?? "0") + 1);
	});
	const writers = [store, other, store, other, store, other];
	await Promise.all(writers.map((writer) => writer.edit(refTo("a"), count, writeOptions)));
	expect(api.store.get("default", "a").metadata.labels).toEqual({ count: "6" });
	await other.close();
});
