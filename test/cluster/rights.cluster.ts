import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createKubeApi, type Document, type KubeApi, type KubeCall } from "./kube-api.ts";
import { applyManifest } from "./manifest.ts";
import { serviceAccountToken } from "./service-account.ts";
import { createNamespace } from "./test-namespace.ts";
import { wukongPath, wukongResource } from "./wukong-resource.ts";

const access = inject("cluster");
const admin = createKubeApi(access);
const callers: KubeApi[] = [admin];

afterAll(() => {
	for (const caller of callers) caller.close();
});

async function callerAs(namespace: string, account: string): Promise<KubeApi> {
	const token = await serviceAccountToken(admin, namespace, account);
	const caller = createKubeApi({ ...access, token });
	callers.push(caller);
	return caller;
}

async function outcome(caller: KubeApi, call: KubeCall): Promise<string> {
	const { status, body } = await caller.send(call);
	return status === 403 ? `${status} ${body.reason}` : String(status);
}

/** Rules that a caller has in a namespace, beyond those of every authenticated one. */
async function ownRules(caller: KubeApi, namespace: string): Promise<Document[]> {
	const rules = async (api: KubeApi): Promise<Document[]> => {
		const { status } = await api.expect({
			method: "POST",
			path: "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
			body: {
				apiVersion: "authorization.k8s.io/v1",
				kind: "SelfSubjectRulesReview",
				spec: { namespace },
			},
		});
		expect(status.incomplete).toBe(false);
		return [...status.resourceRules, ...status.nonResourceRules];
	};
	const common = await rules(await bareCaller());
	const text = common.map((rule) => JSON.stringify(rule));
	return (await rules(caller)).filter((rule) => !text.includes(JSON.stringify(rule)));
}

/** A service account that nothing was granted to. */
async function bareCaller(): Promise<KubeApi> {
	const namespace = await createNamespace(admin);
	await admin.expect({
		method: "POST",
		path: `/api/v1/namespaces/${namespace}/serviceaccounts`,
		body: { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "bare" } },
	});
	return callerAs(namespace, "bare");
}

const ownGrants: Document[] = [
	{
		apiGroups: ["vm.novasphere.dev"],
		resources: ["wukongs"],
		verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
	},
	{
		apiGroups: ["kubevirt.io"],
		resources: ["virtualmachines", "virtualmachineinstances"],
		verbs: ["get", "list", "watch"],
	},
	{
		apiGroups: ["subresources.kubevirt.io"],
		resources: ["virtualmachines/restart", "virtualmachines/stop"],
		verbs: ["update"],
	},
	{
		apiGroups: ["subresources.kubevirt.io"],
		resources: ["pause", "unpause", "softreboot", "reset"].map(
			(verb) => `virtualmachineinstances/${verb}`,
		),
		verbs: ["update"],
	},
];

/** The whole life of a Wukong, as the service leads it. */
async function life(caller: KubeApi, namespace: string): Promise<string[]> {
	const path = wukongPath(namespace);
	const one = `${path}/web`;
	const outcomes = [await outcome(caller, { method: "POST", path, body: wukongResource("web") })];
	const current = await caller.expect({ method: "GET", path: one });
	const body = { ...current, spec: { ...current.spec, cpu: 4 } };
	outcomes.push(
		await outcome(caller, { method: "PUT", path: one, body }),
		await outcome(caller, { method: "GET", path: `${path}?limit=1` }),
		await outcome(caller, { method: "GET", path: `${path}?watch=true&timeoutSeconds=1` }),
		await outcome(caller, { method: "DELETE", path: one }),
	);
	return outcomes;
}

const core = (namespace: string, resource: string) => `/api/v1/namespaces/${namespace}/${resource}`;

const kubevirt = (group: string, namespace: string, resource: string) =>
	`/apis/${group}/v1/namespaces/${namespace}/${resource}`;

/** What the service has no business with, in a namespace that it serves. */
function foreign(namespace: string): KubeCall[] {
	const path = wukongPath(namespace);
	const status = { status: { phase: "Running" } };
	return [
		{ method: "PATCH", path: `${path}/other/status`, body: status },
		{ method: "PUT", path: `${path}/other/status`, body: wukongResource("other") },
		{ method: "GET", path: `${path}/other/status` },
		{ method: "DELETE", path },
		{ method: "POST", path: kubevirt("kubevirt.io", namespace, "virtualmachines"), body: {} },
		{ method: "DELETE", path: kubevirt("kubevirt.io", namespace, "virtualmachines/web-vm") },
		...["virtualmachines/web-vm/migrate", "virtualmachineinstances/web-vm/freeze"].map(
			(verb): KubeCall => ({
				method: "PUT",
				path: kubevirt("subresources.kubevirt.io", namespace, verb),
				body: {},
			}),
		),
		{ method: "GET", path: core(namespace, "secrets") },
		{ method: "GET", path: core(namespace, "pods") },
		{ method: "GET", path: core(namespace, "configmaps") },
		{ method: "POST", path: core(namespace, "serviceaccounts/wukong-api/token"), body: {} },
		{ method: "GET", path: "/api/v1/namespaces" },
		{ method: "GET", path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions" },
		{ method: "GET", path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles` },
	];
}

describe("with the rights for one namespace", () => {
	let served: string;
	let caller: KubeApi;
	beforeAll(async () => {
		served = await createNamespace(admin);
		await applyManifest(admin, "rbac/namespaced.yaml", served);
		caller = await callerAs(served, "wukong-api");
	});

	test("a Wukong can be created, read, listed, watched, edited and deleted", async () => {
		expect(await life(caller, served)).toEqual(["201", "200", "200", "200", "200"]);
	});

	test("there is no right beyond these", async () => {
		expect(await ownRules(caller, served)).toEqual(ownGrants);
		for (const call of foreign(served)) {
			expect([call, await outcome(caller, call)]).toEqual([call, "403 Forbidden"]);
		}
	});

	test("no other namespace can be touched, nor all at once", async () => {
		const other = await createNamespace(admin);
		expect(await ownRules(caller, other)).toEqual([]);
		const path = wukongPath(other);
		for (const call of [
			{ method: "GET", path: wukongPath() },
			{ method: "GET", path: `${wukongPath()}?watch=true` },
			{ method: "GET", path },
			{ method: "GET", path: `${path}/web` },
			{ method: "POST", path, body: wukongResource("web") },
			{ method: "DELETE", path: `${path}/web` },
		] satisfies KubeCall[]) {
			expect([call, await outcome(caller, call)]).toEqual([call, "403 Forbidden"]);
		}
	});
});

describe("with the rights for the whole cluster", () => {
	let caller: KubeApi;
	beforeAll(async () => {
		await applyManifest(admin, "rbac/cluster-wide.yaml");
		caller = await callerAs("wukong-system", "wukong-api");
	});

	test("the Wukongs of every namespace can be led, listed and watched", async () => {
		for (const namespace of [await createNamespace(admin), await createNamespace(admin)]) {
			expect(await life(caller, namespace)).toEqual(["201", "200", "200", "200", "200"]);
		}
		const path = wukongPath();
		expect(await outcome(caller, { method: "GET", path })).toBe("200");
		const watch = `${path}?watch=true&timeoutSeconds=1`;
		expect(await outcome(caller, { method: "GET", path: watch })).toBe("200");
	});

	test("there is no right beyond these", async () => {
		const namespace = await createNamespace(admin);
		expect(await ownRules(caller, namespace)).toEqual(ownGrants);
		for (const call of foreign(namespace)) {
			expect([call, await outcome(caller, call)]).toEqual([call, "403 Forbidden"]);
		}
	});

	test("a namespace that does not exist is told from a missing right", async () => {
		const path = wukongPath("nowhere");
		const { status, body } = await caller.send({
			method: "POST",
			path,
			body: wukongResource("web"),
		});
		expect([status, body.reason, body.details.kind]).toEqual([404, "NotFound", "namespaces"]);
	});
});

test("who has no token, or a made-up one, is told 401", async () => {
	for (const token of ["", "made-up"]) {
		const stranger = createKubeApi({ ...access, token });
		callers.push(stranger);
		expect(await outcome(stranger, { method: "GET", path: wukongPath() })).toBe("401");
	}
});
