import { create, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf";
import { createContextValues, type HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { DeleteWukongRequestSchema } from "@novasphere/wukong-gen/wukong-service";
import { afterEach, describe, expect, test } from "vitest";
import { Failure } from "../../../../server/src/failure.ts";
import { createDelete } from "../../../../server/src/service/wukong/delete.ts";
import { checkPreconditions } from "../../../../server/src/service/wukong/preconditions.ts";
import type { ServiceContext } from "../../../../server/src/service/wukong/service-context.ts";
import { objectAt } from "../../../../server/src/store/kubernetes/unstructured.ts";
import type { Store } from "../../../../server/src/store/store.ts";
import { answerJson, type FakeApiServer } from "../../../support/fake-api-server.ts";
import { testSeed } from "../../../support/seed.ts";
import { createSeededRandom } from "../../../support/seeded-random.ts";
import { createRecordingSink } from "../recording-sink.ts";
import { change, createOptions, refTo, setLabel, writeOptions, wukongNamed } from "../write.ts";
import { createStoreBefore, type KubernetesHarness, startKubernetes } from "./harness.ts";

let harness: KubernetesHarness;
afterEach(() => harness.close());

async function started(options: Parameters<typeof startKubernetes>[0] = {}) {
	harness = await startKubernetes({ operator: false, random: () => 0, ...options });
	return harness;
}

const writesIn = (requests: readonly string[]) =>
	requests
		.map((request) => request.split(" ", 1)[0])
		.filter((method) => /^P(UT|ATCH)$/.test(`${method}`));

const refusal = { kind: "Status", code: 403, reason: "Forbidden" };
const forbidden = { ...refusal, details: { kind: "wukongs", name: "a" } };
const invalid = {
	...{ ...refusal, code: 422, reason: "Invalid" },
	details: { kind: "Wukong", name: "a", causes: [{ field: "spec.memory", message: "too much" }] },
};

const withMetadata =
	(metadata: JsonObject) =>
	({ store }: FakeApiServer): void => {
		const raw = store.get("default", "a");
		store.replace({ ...raw, metadata: { ...raw.metadata, ...metadata } }, "spec", false);
	};

/** An operator writes the status. */
function writeStatus({ store }: FakeApiServer, nodeName: string): void {
	store.replace({ ...store.get("default", "a"), status: { nodeName } }, "status", false);
}

/** Another VM gets its name. */
function makeAnother({ store }: FakeApiServer): void {
	const raw = store.get("default", "a");
	store.remove(refTo("a"), { preconditions: {}, dryRun: false });
	store.create(raw, "default", false);
}

/** Calls DeleteWukong. */
async function deletion(
	store: Store,
	wanted: MessageInitShape<typeof DeleteWukongRequestSchema>,
): Promise<void> {
	const context = { store, replica: { versionAt: String }, defaultNamespace: "default" };
	const { signal } = writeOptions;
	const call = { signal, timeoutMs: () => undefined, values: createContextValues() };
	const request = create(DeleteWukongRequestSchema, { name: "a", ...wanted });
	await createDelete(context as unknown as ServiceContext)(
		request,
		call as unknown as HandlerContext,
	);
}

/** Changes of what a caller can write. */
const callersChanges: [part: string, change: (api: FakeApiServer) => void][] = [
	["labels", withMetadata({ labels: { theirs: "1" } })],
	["annotations", withMetadata({ annotations: { theirs: "1" } })],
	[
		"spec",
		({ store }: FakeApiServer) => {
			const raw = store.get("default", "a");
			store.replace({ ...raw, spec: { ...objectAt(raw, "spec"), cpu: 7 } }, "spec", false);
		},
	],
	[
		"deletion",
		(api: FakeApiServer) => {
			withMetadata({ finalizers: ["example.com/hung"] })(api);
			api.store.remove(refTo("a"), { preconditions: {}, dryRun: false });
		},
	],
	["uid", makeAnother],
];

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
		expect(writesIn(api.requests)).toEqual(["PUT", "PATCH", "PUT", "PATCH"]);
	});

	test("who write its status before each of its writes, without end, fail no edit", async () => {
		const { store, api } = await started();
		let { resourceVersion } = await store.create(wukongNamed("a"), createOptions);
		let written = 0;
		api.intercept(({ method }) => {
			if (method === "GET") return false;
			writeStatus(api, `node-${++written}`);
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
			({ resourceVersion } = edited);
			expect(edited.status?.nodeName).toBe(`node-${2 * update}`);
		}
		expect(writesIn(api.requests).slice(0, 4)).toEqual(["PUT", "PATCH", "PUT", "PATCH"]);
		const raw = api.store.get("default", "a");
		expect([raw.metadata.labels, written]).toEqual([{ count: "20" }, 40]);
	});

	test.each(callersChanges)(
		"whose change of its %s comes between read and patch is never written over: the caller's own precondition sees it",
		async (_, change) => {
			const { store, api } = await started();
			await store.create(wukongNamed("a"), createOptions);
			const { resourceVersion } = await store.edit(refTo("a"), () => undefined, writeOptions);
			api.intercept(({ method }) => {
				if (method === "GET") return false;
				// A status that is written before the PUT makes a patch follow; before that comes what counts.
				if (method === "PUT") writeStatus(api, "node-1");
				else {
					api.intercept(undefined);
					change(api);
				}
				return false;
			});
			const edit = store.edit(
				refTo("a"),
				(current) => {
					checkPreconditions(current, { resourceVersion });
					return setLabel("mine", "1")(current);
				},
				writeOptions,
			);
			await expect(edit).rejects.toMatchObject({ reason: ErrorReason.RESOURCE_VERSION_CONFLICT });
			expect(writesIn(api.requests)).toEqual(["PUT", "PATCH"]);
			expect(objectAt(api.store.get("default", "a").metadata, "labels")).not.toHaveProperty("mine");
		},
	);

	test("before whom we have no right to patch are met with whole objects, again and again", async () => {
		const { store, api } = await started();
		await store.create(wukongNamed("a"), createOptions);
		let left = 5;
		api.intercept(({ method }, response) => {
			if (method === "PATCH") answerJson(response, 403, forbidden);
			if (method !== "PUT" || left === 0) return method === "PATCH";
			left--;
			writeStatus(api, `node-${left}`);
			return false;
		});
		const edited = await store.edit(refTo("a"), setLabel("mine", "1"), writeOptions);
		expect(edited.labels).toEqual({ mine: "1" });
		expect(writesIn(api.requests)).toEqual([...Array(5).fill(["PUT", "PATCH"]).flat(), "PUT"]);
	});

	test("beside whom a patch breaks a rule of the schema end nothing but that edit", async () => {
		const { store, api } = await started();
		await store.create(wukongNamed("a"), createOptions);
		api.intercept(({ method }, response) => {
			if (method === "PUT") writeStatus(api, "node-1");
			if (method === "PATCH") answerJson(response, 422, invalid);
			return method === "PATCH";
		});
		await expect(store.edit(refTo("a"), setLabel("mine", "1"), writeOptions)).rejects.toMatchObject(
			{
				reason: ErrorReason.INVALID_WUKONG,
				details: { violations: [{ field: "wukong.spec.memory" }] },
			},
		);
	});

	test("who write its status before each of its writes, without end, fail no deletion without a version", async () => {
		const { store, api } = await started();
		await store.create(wukongNamed("a"), createOptions);
		let written = 0;
		api.intercept(({ method }) => {
			if (method === "DELETE") writeStatus(api, `node-${++written}`);
			return false;
		});
		await deletion(store, {});
		expect([api.store.list(), written]).toEqual([[], 1]);
	});

	test("who write its status fifty times, each before its DELETE, fail no deletion with the version that its caller read before", async () => {
		const { store, api } = await started();
		const { uid, resourceVersion } = await store.create(wukongNamed("a"), createOptions);
		let left = 50;
		api.intercept(({ method }) => {
			if (method !== "DELETE" || left === 0) return false;
			left--;
			writeStatus(api, `node-${left}`);
			return false;
		});
		await deletion(store, { uid, resourceVersion });
		expect([api.store.list(), left]).toEqual([[], 0]);
	});

	test.each(callersChanges.filter(([part]) => !["deletion", "uid"].includes(part)))(
		"whose change of its %s comes before a DELETE with a version are never deleted with it: RESOURCE_VERSION_CONFLICT",
		async (_, change) => {
			const { store, api } = await started();
			const { resourceVersion } = await store.create(wukongNamed("a"), createOptions);
			let tries = 0;
			api.intercept(({ method }) => {
				if (method !== "DELETE") return false;
				// The first try meets a status alone, and is made again.
				if (++tries === 1) writeStatus(api, "node-1");
				else change(api);
				return false;
			});
			const conflict = { reason: ErrorReason.RESOURCE_VERSION_CONFLICT };
			await expect(deletion(store, { resourceVersion })).rejects.toMatchObject(conflict);
			expect(api.store.get("default", "a").metadata.deletionTimestamp).toBeUndefined();
			expect(tries).toBe(2);
		},
	);

	test("who make another of its name before a DELETE with a uid keep theirs: WUKONG_NOT_FOUND", async () => {
		const { store, api } = await started();
		const { uid } = await store.create(wukongNamed("a"), createOptions);
		api.intercept(({ method }) => {
			if (method === "DELETE") makeAnother(api);
			return false;
		});
		const notFound = { reason: ErrorReason.WUKONG_NOT_FOUND };
		await expect(deletion(store, { uid })).rejects.toMatchObject(notFound);
		expect(api.store.get("default", "a").metadata.uid).not.toBe(uid);
	});

	test("who write its status before two of three PUTs fail none of 20 updates with the version read last", async () => {
		const { store, api } = await started();
		let { resourceVersion } = await store.create(wukongNamed("a"), createOptions);
		let puts = 0;
		api.intercept(({ method }) => {
			// The patch that follows a conflict passes whatever is written to status.
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
		expect(puts).toBe(20);
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

test(`two replicas that write in step both get through (seed ${testSeed})`, async () => {
	const random = createSeededRandom(testSeed);
	const { store, api } = await started({ random });
	await store.create(wukongNamed("a"), createOptions);
	const other = createStoreBefore(api, { random });
	await other.start(createRecordingSink());
	const count = change((next) => {
		next.labels.count = String(Number(next.labels.count ?? "0") + 1);
	});
	const writers = [store, other, store, other, store, other];
	await Promise.all(writers.map((writer) => writer.edit(refTo("a"), count, writeOptions)));
	expect(api.store.get("default", "a").metadata.labels).toEqual({ count: "6" });
	await other.close();
});
