import { ErrorReason } from "@novasphere/wukong-gen/error";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Failure } from "../../../server/src/failure.ts";
import type { Action, Store } from "../../../server/src/store/store.ts";
import { createRecordingSink } from "../../server/store/recording-sink.ts";
import {
	change,
	createOptions,
	refTo,
	writeOptions,
	wukongNamed,
} from "../../server/store/write.ts";
import { status } from "../../support/kubevirt-rules.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { createClusterStore } from "../cluster-store.ts";
import { createKubeApi, type Document, type KubeApi } from "../kube-api.ts";
import { poll } from "../poll.ts";
import { serviceAccess } from "../service-access.ts";
import { createNamespace } from "../test-namespace.ts";
import { installDefinition } from "../wukong-resource.ts";
import { type AggregatedSubresources, startSubresources } from "./aggregated-subresources.ts";
import {
	installKubeVirtDefinitions,
	kubevirtPath,
	runVirtualMachine,
	setStatus,
} from "./kubevirt-objects.ts";

const discovery = { method: "GET", path: "/apis/subresources.kubevirt.io/v1" } as const;
const actions: readonly (readonly [name: string, action: Action, verb: string])[] = [
	["pause", { kind: "pause" }, "virtualmachineinstances/VM/pause"],
	["graceful restart", { kind: "restart", mode: "graceful" }, "virtualmachines/VM/restart"],
	["forced restart", { kind: "restart", mode: "force" }, "virtualmachines/VM/restart"],
	["soft restart", { kind: "restart", mode: "soft" }, "virtualmachineinstances/VM/softreboot"],
	["reset", { kind: "restart", mode: "reset" }, "virtualmachineinstances/VM/reset"],
];

let cluster: Cluster;
let admin: KubeApi;
let kubevirt: AggregatedSubresources;
let namespace: string;
/** Under the service's own rights. */
let store: Store;
let names = 0;

beforeAll(async () => {
	cluster = await startCluster();
	admin = createKubeApi(cluster.apiServer.access());
	await installDefinition(admin);
	await installKubeVirtDefinitions(admin);
	namespace = await createNamespace(admin);
	const access = await serviceAccess(admin, cluster.apiServer.access(), namespace);
	const apiTimings = { answerTimeoutMs: 10_000 };
	store = await createClusterStore(access, namespace, { apiTimings });
	await store.start(createRecordingSink());
});
afterAll(async () => {
	await store.close();
	await kubevirt.close();
	admin.close();
	await cluster.close();
});
afterEach(() => {
	if (kubevirt !== undefined) kubevirt.intercept = undefined;
});

/** A Wukong whose VM runs. @param by the service that acts on it */
async function running(
	by: { readonly namespace: string; readonly store: Store } = { namespace, store },
) {
	const { namespace, store } = by;
	const name = `web-${names++}`;
	const { uid } = await store.create(wukongNamed(name, {}, namespace), createOptions);
	await runVirtualMachine(admin, { namespace, name, uid });
	const vm = `${name}-vm`;
	const act = (action: Action, validateOnly = false) =>
		store.act(refTo(name, namespace), action, { ...writeOptions, validateOnly, check: () => {} });
	const reasonOf = (action: Action, validateOnly = false) =>
		act(action, validateOnly).then(
			() => "done",
			(error: Failure) => ErrorReason[error.reason] ?? error,
		);
	return { ref: refTo(name, namespace), vm, act, reasonOf };
}

const instanceOf = (vm: string) => kubevirtPath("virtualmachineinstances", namespace, vm);

test("before KubeVirt's server is registered an action is NOT_SUPPORTED", async () => {
	const { reasonOf } = await running();
	for (const [, action] of actions) expect(await reasonOf(action)).toBe("NOT_SUPPORTED");
	kubevirt = await startSubresources(admin);
});

describe.each(actions)("through the real aggregator a %s", (_, action, verb) => {
	test("is done, under the rights of deploy/rbac", async () => {
		const { vm, act } = await running();
		await act(action, true);
		expect((await act(action)).changed).toBe(true);
		expect(kubevirt.verbs.filter((words) => words.includes(verb.replace("VM", vm))).at(-1)).toMatch(
			action.kind === "restart" && action.mode === "force" ? /:0\}$/ : /\{\}$| $/,
		);
	});

	test.each([
		[404, "WUKONG_NOT_RUNNING"],
		[409, "WUKONG_NOT_RUNNING"],
	])("that meets %d is judged by the VM", async (code, reason) => {
		const { vm, reasonOf } = await running();
		kubevirt.intercept = (_words, response) => {
			// As if the guest had shut down just before.
			void setStatus(admin, instanceOf(vm), { phase: "Succeeded" }).then(() => {
				response.writeHead(code, { "content-type": "application/json" });
				response.end(JSON.stringify(refusal(code, vm)));
			});
			return true;
		};
		expect(await reasonOf(action)).toBe(reason);
	});

	test.each([
		[403, "PERMISSION_DENIED"],
		[500, "WRITE_OUTCOME_UNKNOWN"],
	])("that meets %d is %s", async (code, reason) => {
		const { vm, reasonOf } = await running();
		kubevirt.intercept = (_words, response) => {
			response.writeHead(code, { "content-type": "application/json" });
			response.end(JSON.stringify(refusal(code, vm)));
			return true;
		};
		expect(await reasonOf(action)).toBe(reason);
	});

	test("whose connection breaks behind the aggregator was perhaps done", async () => {
		const { reasonOf } = await running();
		kubevirt.intercept = (_words, response) => response.destroy() !== undefined;
		expect(await reasonOf(action)).toBe("WRITE_OUTCOME_UNKNOWN");
	});
});

const refusal = (code: number, name: string) =>
	status(code, "Refused", "no", { name, kind: "virtualmachine", group: "subresources" });

test("an action that the rights do not allow is PERMISSION_DENIED, and where it is only tried, too", async () => {
	const poor = await createNamespace(admin);
	const access = await serviceAccess(admin, cluster.apiServer.access(), poor);
	const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${poor}/roles/wukong-api`;
	const { rules } = await admin.expect({ method: "GET", path });
	const left = rules.filter(
		({ apiGroups: [group] }: Document) => !group.startsWith("subresources"),
	);
	await admin.expect({ method: "PATCH", path, body: { rules: left } });
	const store = await createClusterStore(access, poor);
	await store.start(createRecordingSink());
	try {
		const { reasonOf } = await running({ namespace: poor, store });
		const denied = async () => (await reasonOf({ kind: "pause" }, true)) === "PERMISSION_DENIED";
		await poll("the authorizer knows", denied);
		for (const [name, action] of actions) {
			expect([name, await reasonOf(action, true)]).toEqual([name, "PERMISSION_DENIED"]);
			expect([name, await reasonOf(action)]).toEqual([name, "PERMISSION_DENIED"]);
		}
	} finally {
		await store.close();
	}
});

test("an action that is not answered in time was perhaps done", async () => {
	const { reasonOf } = await running();
	kubevirt.intercept = () => true;
	expect(await reasonOf({ kind: "pause" })).toBe("WRITE_OUTCOME_UNKNOWN");
});

test("pause and resume are idempotent, and change what the API server has", async () => {
	const { vm, act } = await running();
	expect((await act({ kind: "pause" })).changed).toBe(true);
	expect((await act({ kind: "pause" })).changed).toBe(false);
	const { status: paused } = await admin.expect({ method: "GET", path: instanceOf(vm) });
	expect(paused.conditions).toEqual([{ type: "Paused", status: "True" }]);
	expect((await act({ kind: "resume" })).changed).toBe(true);
	expect((await act({ kind: "resume" })).changed).toBe(false);
});

test("a stop with a grace period stores the wish and shortens the guest's time", async () => {
	const { ref, vm } = await running();
	const stopped = await store.edit(
		ref,
		(current) => ({ ...off(current), gracePeriodMs: 3_000 }),
		writeOptions,
	);
	expect(stopped.spec?.startStrategy?.autoStart).toBe(false);
	const { spec } = await admin.expect({ method: "GET", path: instanceOf(vm) });
	expect(spec.terminationGracePeriodSeconds).toBe(3);
});

const off = change((next) => {
	if (next.spec?.startStrategy) next.spec.startStrategy.autoStart = false;
});

test("while KubeVirt is down an action is surely not done, and goes through when it is back", async () => {
	const { reasonOf, ref } = await running();
	await kubevirt.stop();
	await poll("the aggregator notices", async () => (await admin.send(discovery)).status !== 200);
	for (const [, action] of actions) expect(await reasonOf(action)).toBe("UPSTREAM_UNAVAILABLE");
	const graced = store.edit(ref, (now) => ({ ...off(now), gracePeriodMs: 0 }), writeOptions);
	await expect(graced).rejects.toMatchObject({ reason: ErrorReason.UPSTREAM_UNAVAILABLE });
	await kubevirt.start();
	await poll("the aggregator notices", async () => (await admin.send(discovery)).status === 200);
	expect(await reasonOf({ kind: "pause" })).toBe("done");
});
