import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createCertificateFiles } from "../support/certificate.ts";
import { startApp } from "../support/running-app.ts";
import { embeddedStage } from "../wire/embedded-stage.ts";
import type { WireStage } from "../wire/wire-stage.ts";
import { describeWires, transcriptOf, type WireTranscript } from "../wire/wire-suite.ts";
import { installFinalizerPolicy } from "./finalizer-policy.ts";
import { createKubeApi } from "./kube-api.ts";
import { type KubeconfigFile, writeKubeconfig } from "./kubeconfig.ts";
import { serviceAccess } from "./service-access.ts";

const cluster = inject("cluster");
const admin = createKubeApi(cluster);
let kubeconfig: KubeconfigFile;
let createNamespace: () => Promise<string>;

beforeAll(async () => {
	kubeconfig = await writeKubeconfig(await serviceAccess(admin, cluster, ""));
	createNamespace = await installFinalizerPolicy(admin);
});
afterAll(async () => {
	await kubeconfig.remove();
	admin.close();
});

/** Each service serves a namespace of its own. No operator is there to move what a call has set. */
const clusterStage: WireStage = {
	operated: false,
	async start(flags) {
		const namespace = await createNamespace();
		const store = ["--store", "kubernetes", "--kubeconfig", kubeconfig.path];
		const scope = ["--namespace", namespace, "--default-namespace", namespace];
		return { app: await startApp(...store, ...scope, ...flags), namespace };
	},
};

describeWires("the same answers on every wire, from a cluster", clusterStage);

/** What a cluster answers otherwise: why, and what is left of it to compare. */
const differences: Readonly<
	Record<string, readonly [why: string, left: (value: never) => unknown]>
> = {
	status: [
		"it is the operator's, and here is none that would observe a VM as stopped",
		({ powerState: power }: { powerState: string }) => (power === "STOPPED" ? "STOPPING" : power),
	],
	storageClassName: [
		"the schema requires one and fills in a default",
		(name: string) => (name === "longhorn" ? undefined : name),
	],
	type: [
		"the schema fills in the default of a network's type",
		(type: string) => (type === "bridge" ? undefined : type),
	],
	"restart, not running": ["here is no KubeVirt that would restart it", () => undefined],
	"stop with a grace period, dry": ["here is no KubeVirt that would take one", () => undefined],
};

/** The transcript without these differences, and without events that only they have caused. */
function comparable({ answers, events }: WireTranscript, named: readonly string[]): unknown {
	const left = (record: unknown) =>
		JSON.parse(JSON.stringify(record), (key, value) =>
			named.includes(key) ? differences[key]?.[1](value as never) : value,
		);
	const last = new Map<string, string>();
	const changing = (left(events) as { wukong?: { name: string } }[]).filter(({ wukong }) => {
		if (wukong === undefined) return true;
		const before = last.get(wukong.name);
		last.set(wukong.name, JSON.stringify(wukong));
		return before !== last.get(wukong.name);
	});
	return { answers: left(answers), events: changing };
}

test("the answers are those of the embedded store, but for the differences that are named", async () => {
	const certificate = await createCertificateFiles();
	const here = await transcriptOf(clusterStage, certificate);
	const embedded = await transcriptOf(embeddedStage, certificate);
	await certificate.remove();
	const all = Object.keys(differences);
	expect(comparable(here, all)).toEqual(comparable(embedded, all));
	for (const one of all) {
		const others = all.filter((name) => name !== one);
		expect(comparable(here, others)).not.toEqual(comparable(embedded, others));
	}
});
