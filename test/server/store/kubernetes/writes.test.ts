import { ErrorReason } from "@novasphere/wukong-gen/error";
import { afterEach, describe, expect, test } from "vitest";
import { createUpstreamTally } from "../../../faults/upstream-tally.ts";
import { answerJson } from "../../../support/fake-api-server.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { until } from "../../../support/until.ts";
import { createRecordingSink } from "../recording-sink.ts";
import { change, createOptions, refTo, setLabel, writeOptions, wukongNamed } from "../write.ts";
import { createStoreBefore, type KubernetesHarness, startKubernetes } from "./harness.ts";

let harness: KubernetesHarness;
afterEach(() => harness.close());

async function started(options: Parameters<typeof startKubernetes>[0] = {}) {
	harness = await startKubernetes({ operator: false, random: () => 0, ...options });
	return harness;
}

describe("a request id", () => {
	test("finds the first result from any replica, and says nothing of itself", async () => {
		const first = await started();
		const options = { ...createOptions, requestId: "r-1", fingerprint: "f-1" };
		const made = await first.store.create(wukongNamed("a"), options);
		expect(made.annotations).toEqual({});
		const second = createStoreBefore(first.api);
		await second.start(createRecordingSink());
		expect((await second.create(wukongNamed("a"), options)).uid).toBe(made.uid);
		await second.close();
		expect(first.api.store.get("default", "a").metadata.annotations).toEqual({
			"wukong.novasphere.dev/request-id": "r-1",
			"wukong.novasphere.dev/request-fingerprint": "f-1",
		});
	});
});

describe("a creation", () => {
	test("whose name is taken, but free again when its request id is looked for, was refused", async () => {
		const { store, api } = await started();
		await store.create(wukongNamed("a"), createOptions);
		api.intercept(({ method, url }, response) => {
			const looksForIt = method === "GET" && !url.includes("?");
			const details = { kind: "wukongs", name: "a" };
			if (looksForIt) answerJson(response, 404, { kind: "Status", details });
			return looksForIt;
		});
		const again = store.create(wukongNamed("a"), { ...createOptions, requestId: "r-1" });
		await expect(again).rejects.toMatchObject({ reason: ErrorReason.WUKONG_ALREADY_EXISTS });
	});

	test("that is only checked has no version", async () => {
		const { store } = await started();
		const tried = await store.create(wukongNamed("a"), { ...createOptions, validateOnly: true });
		expect([tried.resourceVersion, Object.isFrozen(tried)]).toEqual(["", true]);
	});
});

describe("a refusal", () => {
	test("repeats neither the credential that is set nor the one that was there", async () => {
		const { store, api } = await started();
		const cloudInitUser = { name: "ops", password: "old-secret" };
		await store.create(wukongNamed("a", { cloudInitUser }), createOptions);
		for (const secret of ["old-secret", "new-secret"]) {
			api.intercept(({ method }, response) => {
				const message = `admission webhook "w" denied the request: not ${secret}`;
				if (method === "PUT") answerJson(response, 403, { kind: "Status", message });
				return method === "PUT";
			});
			const set = change(() => {}, { password: { action: "set", value: "new-secret" } });
			await expect(store.edit(refTo("a"), set, writeOptions)).rejects.toMatchObject({
				details: { violations: [{ field: "wukong", description: "breaks a rule of the cluster" }] },
			});
		}
	});
});

describe("a deletion without finalizers", () => {
	test("answers with the last state and the version of its own DELETED", async () => {
		const { store, sink, api } = await started();
		const made = await store.create(wukongNamed("a"), createOptions);
		const { wukong, version } = await store.remove(refTo("a"), () => {}, writeOptions);
		expect(wukong).toMatchObject({ name: "a", uid: made.uid });
		expect(wukong.deleteTime).toBeDefined();
		expect(version).toBe(BigInt(api.store.version));
		expect(sink.changes.at(-1)).toMatchObject({ deleted: true, version });
	});

	test("asks the API server where its own DELETED does not come", async () => {
		const { store, api } = await started();
		await store.create(wukongNamed("a"), createOptions);
		api.intercept(({ url }, response) => {
			if (!url.includes("watch=1")) return false;
			answerJson(response, 503, {});
			return true;
		});
		api.cutWatches();
		const { version } = await store.remove(refTo("a"), () => {}, writeOptions);
		expect(version).toBe(BigInt(api.store.version));
	});
});

describe("a write", () => {
	test("that the API server finds to change nothing waits for nothing", async () => {
		// Of this clock no time passes: who waited for a change that never comes would wait for ever.
		const { store, api } = await started({ clock: createFakeClock() });
		const made = api.store.create({ metadata: { name: "a" } }, "default", false);
		await until("the change comes", () => harness.sink.objects.size === 1);
		api.intercept(({ method, url }, response) => {
			if (method === "PUT") answerJson(response, 200, made);
			return method === "PUT" || url.includes("watch=1");
		});
		api.cutWatches();
		const same = await store.edit(refTo("a"), setLabel("x", "y"), writeOptions);
		expect(same.resourceVersion).toBe(harness.sink.objects.get("default/a")?.resourceVersion);
	});

	test("without an answer is WRITE_OUTCOME_UNKNOWN, a read before it is not", async () => {
		const { store, api } = await started();
		await store.create(wukongNamed("a"), createOptions);
		const lose = (lost: string) =>
			api.intercept(({ method }, response) => {
				if (method === lost) response.destroy();
				return method === lost;
			});
		lose("PUT");
		const edit = () => store.edit(refTo("a"), setLabel("x", "y"), writeOptions);
		await expect(edit()).rejects.toMatchObject({ reason: ErrorReason.WRITE_OUTCOME_UNKNOWN });
		lose("GET");
		await expect(edit()).rejects.toMatchObject({ reason: ErrorReason.UPSTREAM_UNAVAILABLE });
	});

	test("of unknown fields' owner keeps them", async () => {
		const { store, api } = await started();
		await store.create(wukongNamed("a"), createOptions);
		const raw = api.store.get("default", "a");
		api.store.replace(
			{ ...raw, spec: { ...(raw.spec as object), future: { x: 1 } } },
			"spec",
			false,
		);
		const grow = change((next) => {
			if (next.spec) next.spec.cpu = 4;
		});
		await store.edit(refTo("a"), grow, writeOptions);
		expect(api.store.get("default", "a").spec).toMatchObject({ cpu: 4, future: { x: 1 } });
	});

	test("while the cluster is silent fails fast", async () => {
		const { store, api } = await started({ reflectorTimings: { failingAfterMs: 0 } });
		api.intercept((_, response) => {
			response.destroy();
			return true;
		});
		api.cutWatches();
		await until("it is stale", () => store.freshness().staleSinceMs !== undefined);
		const requests = () => api.requests.filter((request) => request.startsWith("POST")).length;
		const create = store.create(wukongNamed("a"), createOptions);
		await expect(create).rejects.toMatchObject({
			reason: ErrorReason.UPSTREAM_UNAVAILABLE,
			details: { retryAfterMs: 1_000 },
		});
		expect(requests()).toBe(0);
	});
});

describe("a write whose own change the watch does not bring", () => {
	const isList = (url: string) => /^[/]wukongs[?]limit=500/.test(url);
	const isAsked = (url: string) => /^[/]wukongs[?]limit=1$/.test(url);

	/** A cluster that takes writes, but does not answer the calls that are named. */
	async function blind(isBroken: (url: string) => boolean) {
		const clock = createFakeClock();
		const observer = createUpstreamTally();
		const { store, sink, api } = await started({ clock, observer });
		await until("it watches", () => api.watching === 1);
		api.intercept(({ url }, response) => {
			if (!url.includes("watch=1") && !isBroken(url)) return false;
			answerJson(response, 503, {});
			return true;
		});
		api.cutWatches();
		const lists = () => api.requests.filter((request) => isList(request.slice(4))).length;
		const waits = () => clock.delaysMs.filter((delayMs) => delayMs === 250).length;
		/** Begins to write; resolves when it waits for its change. */
		const begin = async <T>(write: () => Promise<T>) => {
			const before = waits();
			let isOver = false;
			const done = write().finally(() => {
				isOver = true;
			});
			done.catch(() => {});
			await until("it waits", () => waits() > before);
			return { done, isOver: () => isOver };
		};
		return { clock, observer, store, sink, api, lists, waits, begin };
	}

	test("is answered when a list shows it, so that every later read sees it", async () => {
		const { clock, observer, store, sink, lists, begin } = await blind(() => false);
		const before = lists();
		const create = await begin(() => store.create(wukongNamed("a"), createOptions));
		await clock.advance(249);
		expect([create.isOver(), lists()]).toEqual([false, before]);
		await clock.advance(1);
		await clock.advance(250);
		await create.done;
		expect([...sink.objects.keys()]).toEqual(["default/a"]);
		expect([lists(), observer.unseen]).toEqual([before + 1, 0]);
	});

	test("nor a list is answered after 5 s all the same, and counted", async () => {
		const { clock, observer, store, sink, api, begin } = await blind(isList);
		const create = await begin(() => store.create(wukongNamed("a"), createOptions));
		await clock.advance(4_999);
		expect([create.isOver(), observer.unseen]).toEqual([false, 0]);
		await clock.advance(1);
		expect((await create.done).name).toBe("a");
		expect([sink.objects.size, observer.unseen]).toEqual([0, 1]);
		api.intercept(undefined);
		await until("the change comes", () => {
			void clock.advance(100);
			return sink.objects.size === 1;
		});
	});

	test("is answered before its caller's deadline: what is stored is no DEADLINE_EXCEEDED", async () => {
		const { clock, observer, store, begin } = await blind(isList);
		const options = { ...createOptions, remainingMs: () => 1_000 };
		const create = await begin(() => store.create(wukongNamed("a"), options));
		await clock.advance(899);
		expect(create.isOver()).toBe(false);
		await clock.advance(1);
		await create.done;
		expect(observer.unseen).toBe(1);
	});

	test("waits no longer than its caller, and is not counted then", async () => {
		const { observer, store, begin } = await blind(isList);
		const caller = new AbortController();
		const options = { ...createOptions, signal: caller.signal };
		const create = await begin(() => store.create(wukongNamed("a"), options));
		caller.abort();
		await create.done;
		expect(observer.unseen).toBe(0);
	});

	test("does not hold up the next write to the same VM", async () => {
		const { clock, store, api, begin } = await blind(isList);
		const create = await begin(() => store.create(wukongNamed("a"), createOptions));
		const edit = await begin(() => store.edit(refTo("a"), setLabel("x", "y"), writeOptions));
		expect(create.isOver()).toBe(false);
		expect(api.store.get("default", "a").metadata.labels).toEqual({ x: "y" });
		await clock.advance(5_000);
		await Promise.all([create.done, edit.done]);
	});

	test("and that deletes at once has the API server's newest version", async () => {
		const { clock, observer, store, api, begin, waits } = await blind(isList);
		api.store.create({ metadata: { name: "a" } }, "default", false);
		const removal = await begin(() => store.remove(refTo("a"), () => {}, writeOptions));
		const before = waits();
		await clock.advance(250);
		await until("it knows, and gives the watch its time", () => waits() > before);
		await clock.advance(4_750);
		expect((await removal.done).version).toBe(BigInt(api.store.version));
		expect(observer.unseen).toBe(1);
	});

	test("and that deletes at once, but has no version, is WRITE_OUTCOME_UNKNOWN: it was written", async () => {
		const { clock, store, api, begin } = await blind((url) => isList(url) || isAsked(url));
		api.store.create({ metadata: { name: "a" } }, "default", false);
		const removal = await begin(() => store.remove(refTo("a"), () => {}, writeOptions));
		await clock.advance(5_000);
		const unknown = { reason: ErrorReason.WRITE_OUTCOME_UNKNOWN };
		await expect(removal.done).rejects.toMatchObject(unknown);
		expect(api.store.list()).toEqual([]);
	});
});

describe("one namespace", () => {
	test("is listed, watched and written; others are not there", async () => {
		const { store, sink, api } = await started({ namespace: "mine" });
		const given = { ...wukongNamed("a"), namespace: "mine" };
		await store.create(given, createOptions);
		api.store.create({ metadata: { name: "b" } }, "default", false);
		api.bookmark();
		await until("the bookmark passes", () => sink.head === BigInt(api.store.version));
		expect([...sink.objects.keys()]).toEqual(["mine/a"]);
		const missing = { reason: ErrorReason.NAMESPACE_NOT_FOUND };
		await expect(store.create(wukongNamed("a"), createOptions)).rejects.toMatchObject(missing);
		const edit = store.edit(refTo("b"), setLabel("x", "y"), writeOptions);
		await expect(edit).rejects.toMatchObject({ reason: ErrorReason.WUKONG_NOT_FOUND });
	});
});

describe("close", () => {
	test("refuses what comes later", async () => {
		const { store } = await started();
		await store.close();
		const late = store.create(wukongNamed("a"), createOptions);
		await expect(late).rejects.toMatchObject({ reason: ErrorReason.SHUTTING_DOWN });
	});
});
