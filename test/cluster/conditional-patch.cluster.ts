import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { systemClock } from "../../server/src/clock.ts";
import type { Api } from "../../server/src/store/kubernetes/api.ts";
import { createApiClient } from "../../server/src/store/kubernetes/api-client.ts";
import { createConditionalPatch } from "../../server/src/store/kubernetes/conditional-patch.ts";
import { wukongKind } from "../../server/src/store/kubernetes/kinds/wukong.ts";
import { openKubeconfig } from "../../server/src/store/kubernetes/kubeconfig-access.ts";
import { isUnpatched } from "../../server/src/store/kubernetes/write-failure.ts";
import { refTo } from "../server/store/write.ts";
import { patientTimings } from "./cluster-store.ts";
import { createKubeApi, type Document } from "./kube-api.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { serviceAccess } from "./service-access.ts";
import { createNamespace } from "./test-namespace.ts";
import { wukongPath, wukongResource } from "./wukong-resource.ts";

const cluster = inject("cluster");
const admin = createKubeApi(cluster);
const namespace = await createNamespace(admin);
/** Under the service's own rights. */
let api: Api;
let names = 0;

beforeAll(async () => {
	const access = await serviceAccess(admin, cluster, namespace);
	await using kubeconfig = await writeKubeconfig(access);
	api = createApiClient({
		resource: wukongKind,
		access: await openKubeconfig({ kubeconfig: kubeconfig.path, context: "", maxConnections: 2 }),
		namespace,
		timings: patientTimings,
		clock: systemClock,
	});
});
afterAll(() => {
	api.close();
	admin.close();
});

/** A Wukong, and what was read of it before others wrote. */
async function stage(metadata: Document = {}) {
	const name = `web-${names++}`;
	const made = wukongResource(name);
	const body = { ...made, metadata: { ...made.metadata, ...metadata } };
	await admin.expect({ method: "POST", path: wukongPath(namespace), body });
	const path = wukongPath(namespace, name);
	const raw = await api.get(refTo(name, namespace), new AbortController().signal);
	/** Sends what was decided on that state: a label, and the number of processors. */
	const patch = () => {
		const metadata = { ...raw.metadata, labels: { mine: "1" } };
		const spec = { ...(raw.spec as Document), cpu: 4 };
		const ops = createConditionalPatch(raw, { ...raw, metadata, spec }) ?? [];
		return api.patch(refTo(name, namespace), ops, { dryRun: false });
	};
	const merge = (body: Document, part = "") =>
		admin.expect({ method: "PATCH", path: `${path}${part}`, body });
	return { raw, body, path, patch, merge };
}

test("a patch is applied beside writes of status, labels or none, annotations or none", async () => {
	for (const metadata of [
		{},
		{ labels: { "a.b/c": "d_e" } },
		{ annotations: { "e.f/g": "h\n" } },
	]) {
		const { patch, merge } = await stage(metadata);
		await merge({ status: { phase: "Creating" } }, "/status");
		await merge({ status: { phase: "Error" } }, "/status");
		expect(await patch()).toMatchObject({
			metadata: { labels: { mine: "1" } },
			spec: { cpu: 4 },
			status: { phase: "Error" },
		});
	}
});

test.each([
	["labels", (s: Stage) => s.merge({ metadata: { labels: { theirs: "1" } } })],
	["annotations", (s: Stage) => s.merge({ metadata: { annotations: { theirs: "1" } } })],
	["spec", (s: Stage) => s.merge({ spec: { memory: "9Gi" } })],
	["a password", (s: Stage) => s.merge({ spec: { cloudInitUser: { name: "o", password: "p" } } })],
	[
		"a deletion that waits",
		async (s: Stage) => {
			await s.merge({ metadata: { finalizers: ["example.com/hung"] } });
			await admin.expect({ method: "DELETE", path: s.path });
		},
	],
	[
		"another VM of its name",
		async (s: Stage) => {
			await admin.expect({ method: "DELETE", path: s.path });
			await admin.expect({ method: "POST", path: wukongPath(namespace), body: s.body });
		},
	],
])("a patch is not applied after %s, and the refusal says so by its type", async (_, change) => {
	const made = await stage();
	await change(made);
	const error = await made.patch().then(
		() => "applied",
		(failure) => failure,
	);
	expect([error, isUnpatched(error)]).toEqual([expect.any(Error), true]);
	const { metadata, spec } = await admin.expect({ method: "GET", path: made.path });
	expect([metadata.labels?.mine, spec.cpu]).toEqual([undefined, made.body.spec.cpu]);
	await made.merge({ metadata: { finalizers: null } });
});

test("a patch that breaks the schema is told from one whose tests fail", async () => {
	const { raw } = await stage();
	const spec = { ...(raw.spec as Document), cpu: -1 };
	const ops = createConditionalPatch(raw, { ...raw, spec }) ?? [];
	const ref = refTo(raw.metadata.name, namespace);
	const error = await api.patch(ref, ops, { dryRun: true }).catch((failure) => failure);
	expect([error.problem.code, isUnpatched(error)]).toEqual([422, false]);
});

type Stage = Awaited<ReturnType<typeof stage>>;
