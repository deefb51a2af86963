import type { JsonObject } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { afterEach, expect, test } from "vitest";
import { wukongKind } from "../../../../../server/src/store/kubernetes/kinds/wukong.ts";
import { createSchemaSource } from "../../../../../server/src/store/kubernetes/schema/schema-source.ts";
import { answerJson, type FakeApiServer } from "../../../../support/fake-api-server.ts";
import { createFakeClock } from "../../../../support/fake-clock.ts";
import { openApiDocument, operatorSchema } from "../../../../support/operator-schema.ts";
import { createRecordingSink } from "../../recording-sink.ts";
import { change, createOptions, refTo, writeOptions, wukongNamed } from "../../write.ts";
import { createStoreBefore, type KubernetesHarness, startKubernetes } from "../harness.ts";

const fillIns = { storageClass: "longhorn", networkType: "bridge" };
let harness: KubernetesHarness;
afterEach(() => harness.close());

/** Answers for the schema; of other groups, KubeVirt's above all, the cluster has none. */
function answerDocument(api: FakeApiServer, documents: string[], code: number): void {
	api.foreign = async ({ path }, response) => {
		if (!path.startsWith("/openapi/")) return answerJson(response, 404, {});
		documents.push(path);
		answerJson(response, code, code === 200 ? openApiDocument(operatorSchema) : {});
	};
}

/** A second replica before a cluster with the public operator's definition. */
async function started(code = 200) {
	harness = await startKubernetes({ operator: false });
	const { api } = harness;
	const documents: string[] = [];
	answerDocument(api, documents, code);
	const store = createStoreBefore(api, { fillIns });
	await store.start(createRecordingSink());
	return { api, store, documents };
}

const path = "/openapi/v3/apis/vm.novasphere.dev/v1alpha1";

test("the schema is read at the start, with no right but discovery's", async () => {
	const { store, documents } = await started();
	expect(documents).toEqual([path]);
	await store.create(wukongNamed("a"), createOptions);
	expect(documents).toEqual([path]);
	await store.close();
});

test("the schema is read again after a minute, beside the write, and after five seconds where that failed", async () => {
	harness = await startKubernetes({ operator: false });
	const clock = createFakeClock();
	const asked: (string | undefined)[] = [];
	let answer: () => Promise<JsonObject> = async () => openApiDocument(operatorSchema);
	const fetchJson = (call: { path: string }) => {
		asked.push(call.path);
		return answer();
	};
	const source = createSchemaSource({ fetchJson }, wukongKind, clock);
	await source.refresh();
	await source.refresh();
	expect([asked, source.known]).toEqual([[path], expect.anything()]);
	answer = () => Promise.reject(new Error("away"));
	await clock.advance(60_000);
	await source.refresh();
	await clock.advance(4_999);
	await source.refresh();
	expect(asked).toHaveLength(2);
	await clock.advance(1);
	await source.refresh();
	expect([asked.length, source.known]).toEqual([3, expect.anything()]);
});

test("the class and the type that the operator's webhook would fill in are sent", async () => {
	const { store, api } = await started();
	await store.create(wukongNamed("a", { networks: [{ name: "default" }] }), createOptions);
	const grow = change((next) => {
		next.spec?.disks.push({ ...next.spec.disks[0], name: "data" } as never);
		for (const disk of next.spec?.disks ?? []) disk.storageClassName = "";
	});
	await store.edit(refTo("a"), grow, writeOptions);
	expect(api.store.get("default", "a").spec).toMatchObject({
		disks: [
			{ name: "root", storageClassName: "longhorn" },
			{ name: "data", storageClassName: "longhorn" },
		],
		networks: [{ name: "default", type: "bridge" }],
	});
	await store.close();
});

test("an edit to what is there already writes nothing, though a class was filled in", async () => {
	const { store } = await started();
	const made = await store.create(wukongNamed("a"), createOptions);
	const clear = change((next) => {
		for (const disk of next.spec?.disks ?? []) disk.storageClassName = "";
	});
	const same = await store.edit(refTo("a"), clear, writeOptions);
	expect(same.resourceVersion).toBe(made.resourceVersion);
	await store.close();
});

test("a schema that cannot be read keeps no write from being done, and warns of nothing", async () => {
	const { store } = await started(500);
	const wukong = wukongNamed("a", { osImage: "ubuntu" });
	expect((await store.create(wukong, createOptions)).spec?.osImage).toBe("ubuntu");
	expect(store.warningsOf?.(wukong)).toEqual([]);
	await store.close();
});

test("values that the operator's first write drops are no change: neither generation nor version move", async () => {
	const { store, api } = await started();
	const made = await store.create(
		wukongNamed("a", {
			startStrategy: { autoStart: false },
			cloudInitUser: { name: "ops", lockPasswd: false },
			highAvailability: { antiAffinity: false },
			disks: [{ name: "root", size: "20Gi", boot: false }],
		}),
		createOptions,
	);
	// A typed client writes back what it has read, without its zero values.
	const raw = api.store.get("default", "a");
	const spec = JSON.parse(JSON.stringify(raw.spec), (_, value) =>
		value === false ? undefined : value,
	);
	const metadata = { ...raw.metadata, finalizers: ["vm.novasphere.dev/finalizer"] };
	api.store.replace({ ...raw, spec, metadata }, "spec", false);
	const stale = new Error("stale");
	const label = change((next) => {
		next.labels.tier = "web";
	});
	const edited = await store.edit(
		refTo("a"),
		(current) => {
			const hash = (version: string) => version.split("-").at(-1);
			if (hash(current.resourceVersion) !== hash(made.resourceVersion)) throw stale;
			return label(current);
		},
		writeOptions,
	);
	expect([made.generation, edited.generation]).toEqual([1n, 1n]);
	expect(edited.spec).toEqual(made.spec);
	await store.close();
});

test("a VM by kubectl beyond our limits is served, and an edit of something else keeps it", async () => {
	const { store, api } = await started();
	const many = Array.from({ length: 300 }, (_, index) => ({ name: "same", size: "1Gi", index }));
	const odd = {
		apiVersion: "vm.novasphere.dev/v1alpha1",
		kind: "Wukong",
		metadata: { name: "odd" },
		spec: { cpu: 512, memory: "x".repeat(300), disks: many, osImage: "y".repeat(5_000) },
	};
	api.store.create(odd, "default", false);
	const read = await store.edit(refTo("odd"), () => undefined, writeOptions);
	expect([read.spec?.cpu, read.spec?.disks.length]).toEqual([512, 300]);
	await store.edit(
		refTo("odd"),
		change((next) => {
			next.labels.seen = "yes";
		}),
		writeOptions,
	);
	expect(api.store.get("default", "odd").spec).toEqual(odd.spec);
	await expect(
		store.act(refTo("odd"), { kind: "pause" }, { ...writeOptions, check: () => {} }),
	).rejects.not.toMatchObject({ reason: ErrorReason.INTERNAL });
	await store.close();
});
