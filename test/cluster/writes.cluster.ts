import { create } from "@bufbuild/protobuf";
import { ErrorReason } from "@novasphere/wukong-gen/error";
import { StartStrategySchema, type Wukong } from "@novasphere/wukong-gen/wukong";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Store } from "../../server/src/store/store.ts";
import { createRecordingSink } from "../server/store/recording-sink.ts";
import {
	change,
	createOptions,
	refTo,
	type SpecInit,
	setLabel,
	writeOptions,
	wukongNamed,
} from "../server/store/write.ts";
import { createClusterStore } from "./cluster-store.ts";
import { createKubeApi } from "./kube-api.ts";
import { serviceAccess } from "./service-access.ts";
import { createNamespace } from "./test-namespace.ts";
import { wukongPath } from "./wukong-resource.ts";

const cluster = inject("cluster");
const admin = createKubeApi(cluster);
const namespace = await createNamespace(admin);
const dry = { ...createOptions, validateOnly: true };
const sink = createRecordingSink();
/** Two replicas, under the service's own rights. */
let first: Store;
let second: Store;

beforeAll(async () => {
	const access = await serviceAccess(admin, cluster, namespace);
	first = await createClusterStore(access, namespace);
	second = await createClusterStore(access, namespace);
	await first.start(sink);
	await second.start(createRecordingSink());
});
afterAll(async () => {
	await Promise.all([first.close(), second.close()]);
	admin.close();
});

const named = (name: string, spec?: SpecInit) => wukongNamed(name, spec, namespace);
const ref = (name: string) => refTo(name, namespace);

test("what the service writes is attributed to it in managedFields, on each kind of write", async () => {
	await first.create(named("signed"), createOptions);
	await first.edit(ref("signed"), setLabel("tier", "web"), writeOptions);
	const path = wukongPath(namespace, "signed");
	const { metadata } = await admin.expect({ method: "GET", path });
	const managers = metadata.managedFields.map(({ manager }: { manager: string }) => manager);
	expect(new Set(managers)).toEqual(new Set(["wukong-api"]));
});

test("an integer that a number cannot hold is stored, read and kept to the last digit", async () => {
	const tolerationSeconds = 9_007_199_254_740_993n;
	const secondsOf = ({ spec }: Wukong) =>
		spec?.highAvailability?.tolerations.map((toleration) => toleration.tolerationSeconds);
	const given = named("patient", {
		highAvailability: { tolerations: [{ key: "a", tolerationSeconds }] },
	});
	expect(secondsOf(await first.create(given, createOptions))).toEqual([tolerationSeconds]);
	await second.edit(ref("patient"), setLabel("tier", "web"), writeOptions);
	const more = change((next) => {
		if (next.spec) next.spec.cpu = 4;
	});
	expect(secondsOf(await first.edit(ref("patient"), more, writeOptions))).toEqual([
		tolerationSeconds,
	]);
});

test("an edit that the API server finds to change nothing answers with the version that was there", async () => {
	const made = await first.create(named("same"), createOptions);
	expect(made.spec?.disks[0]?.storageClassName).toBe("longhorn");
	const clear = change((next) => {
		for (const disk of next.spec?.disks ?? []) disk.storageClassName = "";
	});
	const same = await first.edit(ref("same"), clear, writeOptions);
	expect(same.resourceVersion).toBe(made.resourceVersion);
});

test("a deletion that no finalizer holds up answers with the version of its own DELETED", async () => {
	const made = await first.create(named("gone"), createOptions);
	const { wukong, version } = await first.remove(ref("gone"), () => {}, writeOptions);
	expect(wukong).toMatchObject({ name: "gone", uid: made.uid });
	expect(wukong.deleteTime).toBeDefined();
	const deleted = sink.changes.find(({ object, deleted }) => deleted && object.uid === made.uid);
	expect(deleted?.version).toBe(version);
});

describe("two replicas", () => {
	test("a request id finds the first result on the other, and other content is told apart", async () => {
		const options = { ...createOptions, requestId: "r-1", fingerprint: "f-1" };
		const made = await first.create(named("once"), options);
		expect((await second.create(named("once"), options)).uid).toBe(made.uid);
		const other = { ...options, fingerprint: "f-2" };
		await expect(second.create(named("once"), other)).rejects.toMatchObject({
			reason: ErrorReason.REQUEST_ID_REUSED,
		});
	});

	test("a request id that comes to both at once makes one Wukong", async () => {
		const options = { ...createOptions, requestId: "r-2", fingerprint: "f-1" };
		const replicas = [first, second, first, second];
		const made = await Promise.all(
			replicas.map((replica) => replica.create(named("at-once"), options)),
		);
		expect(new Set(made.map(({ uid }) => uid)).size).toBe(1);
	});

	test("what is only checked on one is not there on the other", async () => {
		const tried = await first.create(named("tried"), dry);
		expect(tried).toMatchObject({ name: "tried", resourceVersion: "" });
		await first.create(named("kept"), createOptions);
		await first.edit(ref("kept"), setLabel("tier", "web"), dry);
		await first.remove(ref("kept"), () => {}, dry);
		const made = await second.create(named("tried"), createOptions);
		const kept = await second.edit(ref("kept"), () => undefined, writeOptions);
		expect(made.uid).not.toBe("");
		expect(kept).toMatchObject({ generation: 1n, labels: {} });
		expect(kept.deleteTime).toBeUndefined();
	});
});

test("writers who get ahead a few times keep no edit from getting through, and lose nothing", async () => {
	await first.create(named("stormy"), createOptions);
	const body = (labels: Record<string, string>) => ({ metadata: { labels } });
	const path = wukongPath(namespace, "stormy");
	for (let round = 0; round < 10; round++) {
		const number = String(round);
		const turn = change((next) => {
			if (next.spec)
				next.spec.startStrategy = create(StartStrategySchema, { autoStart: round % 2 > 0 });
		});
		const others = async () => {
			for (const label of ["a", "b", "c", "d"]) {
				await admin.expect({ method: "PATCH", path, body: body({ [label]: number }) });
			}
		};
		await Promise.all([
			first.edit(ref("stormy"), turn, writeOptions),
			second.edit(ref("stormy"), setLabel("mine", number), writeOptions),
			others(),
		]);
		const now = await second.edit(ref("stormy"), () => undefined, writeOptions);
		expect(now.labels).toEqual({ a: number, b: number, c: number, d: number, mine: number });
		expect(now.spec?.startStrategy?.autoStart).toBe(round % 2 > 0);
	}
});
