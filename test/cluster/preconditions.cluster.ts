import { ErrorReason } from "@novasphere/wukong-gen/error";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { checkPreconditions } from "../../server/src/service/wukong/preconditions.ts";
import type { Store } from "../../server/src/store/store.ts";
import { createRecordingSink } from "../server/store/recording-sink.ts";
import { change, createOptions, refTo, writeOptions, wukongNamed } from "../server/store/write.ts";
import { createClusterStore } from "./cluster-store.ts";
import { createKubeApi } from "./kube-api.ts";
import { serviceAccess } from "./service-access.ts";
import { createNamespace } from "./test-namespace.ts";
import { wukongPath } from "./wukong-resource.ts";

const cluster = inject("cluster");
const admin = createKubeApi(cluster);
const namespace = await createNamespace(admin);
/** Two replicas, under the service's own rights. */
let replicas: readonly Store[];

beforeAll(async () => {
	const access = await serviceAccess(admin, cluster, namespace);
	replicas = await Promise.all([0, 1].map(() => createClusterStore(access, namespace)));
	for (const replica of replicas) await replica.start(createRecordingSink());
});
afterAll(async () => {
	for (const replica of replicas) await replica.close();
	admin.close();
});

const ref = (name: string) => refTo(name, namespace);

/** Adds one to a label, if the VM is as it was at `resourceVersion`. */
function increment(resourceVersion: string) {
	const add = change((next) => {
		next.labels.count = String(Number(next.labels.count ?? "0") + 1);
	});
	return (current: Parameters<typeof add>[0]) => {
		checkPreconditions(current, { resourceVersion });
		return add(current);
	};
}

/** Writes the status of a VM again and again, as an operator in an error does. */
function startStatusWriter(name: string, perSecond: number) {
	const path = `${wukongPath(namespace, name)}/status`;
	// With more of them at once a busy machine would serve nothing else.
	const writers = 2;
	let written = 0;
	let isOver = false;
	const write = async () => {
		const startMs = performance.now();
		for (let own = 0; !isOver; own++) {
			const body = { status: { phase: written % 2 === 0 ? "Creating" : "Error" } };
			await admin.expect({ method: "PATCH", path, body });
			written++;
			const aheadMs = (own * 1_000 * writers) / perSecond - (performance.now() - startMs);
			if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
		}
	};
	const running = Promise.all(Array.from({ length: writers }, write));
	return {
		written: () => written,
		async stop() {
			isOver = true;
			await running;
		},
	};
}

test("a status that is written up to 300 times a second fails none of 100 updates with a fresh version", async () => {
	const [replica] = replicas as [Store];
	let { resourceVersion } = await replica.create(
		wukongNamed("noisy", {}, namespace),
		createOptions,
	);
	const noise = startStatusWriter("noisy", 300);
	// More where the writer is slow: a busy machine gives it its turn when it likes.
	for (let update = 0; update < 100 || noise.written() <= 100; update++) {
		const options = { ...writeOptions, remainingMs: () => 50_000 };
		const updated = await replica.edit(ref("noisy"), increment(resourceVersion), options);
		({ resourceVersion } = updated);
		expect(updated.labels.count).toBe(String(update + 1));
	}
	await noise.stop();
});

test("two writers on two replicas, each with the version it read last, never lose an update", async () => {
	const [one] = replicas as [Store];
	const made = await one.create(wukongNamed("shared", {}, namespace), createOptions);
	const noise = startStatusWriter("shared", 20);
	let passed = 0;
	let refused = 0;
	await Promise.all(
		replicas.map(async (replica) => {
			// Deliberately old after the other's write: it is told only what it asks for.
			let { resourceVersion } = made;
			for (let own = 0; own < 12; own++) {
				const options = { ...writeOptions, remainingMs: () => 50_000 };
				try {
					const edited = await replica.edit(ref("shared"), increment(resourceVersion), options);
					({ resourceVersion } = edited);
					passed++;
				} catch (error) {
					expect(error).toMatchObject({ reason: ErrorReason.RESOURCE_VERSION_CONFLICT });
					refused++;
					const current = await replica.edit(ref("shared"), () => undefined, writeOptions);
					({ resourceVersion } = current);
				}
			}
		}),
	);
	await noise.stop();
	const { metadata } = await admin.expect({ method: "GET", path: wukongPath(namespace, "shared") });
	expect(metadata.labels.count).toBe(String(passed));
	expect([passed + refused, refused > 0]).toEqual([24, true]);
});
