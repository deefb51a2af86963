import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, afterEach, expect, inject, test } from "vitest";
import { root } from "../../scripts/source-files.ts";
import { until } from "../support/until.ts";
import { losesRight } from "./access-review.ts";
import { createKubeApi, type Document, type KubeAccess } from "./kube-api.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { poll } from "./poll.ts";
import { serviceAccountToken } from "./service-account.ts";
import { createNamespace } from "./test-namespace.ts";
import { wukongPath, wukongResource } from "./wukong-resource.ts";

const cluster = inject("cluster");
const admin = createKubeApi(cluster);
let stack = new AsyncDisposableStack();
afterEach(async () => {
	await stack.disposeAsync();
	stack = new AsyncDisposableStack();
});
afterAll(() => admin.close());

/** Just the rights that docs/cluster.md names. */
async function operatorAccess(namespace: string): Promise<KubeAccess> {
	const name = "operator";
	const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
	const apiGroups = ["vm.novasphere.dev"];
	const create = (path: string, body: object) =>
		admin.expect({ method: "POST", path, body: { metadata: { name }, ...body } });
	await create(`/api/v1/namespaces/${namespace}/serviceaccounts`, {});
	await create(`${rbac}/roles`, {
		rules: [
			{ apiGroups, resources: ["wukongs"], verbs: ["get", "list", "watch", "update"] },
			{ apiGroups, resources: ["wukongs/status"], verbs: ["update"] },
		],
	});
	await create(`${rbac}/rolebindings`, {
		roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
		subjects: [{ kind: "ServiceAccount", name, namespace }],
	});
	return { ...cluster, token: await serviceAccountToken(admin, namespace, name) };
}

/** The operator as a person runs it, with its lines collected. */
async function startOperator(namespace: string) {
	const access = await operatorAccess(namespace);
	const kubeconfig = stack.use(await writeKubeconfig(access));
	const run = () => {
		const script = join(root, "scripts/simulate-operator.ts");
		const flags = ["--kubeconfig", kubeconfig.path, "--namespace", namespace];
		const times = ["--pending-ms=1", "--creating-ms=1", "--stopping-ms=1", "--deleting-ms=1"];
		const child = spawn(process.execPath, [script, ...flags, ...times]);
		stack.defer(async () => void (await end(child, "SIGKILL")));
		let said = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8").on("data", (part: string) => {
				said += part;
			});
		}
		return { child, said: () => said };
	};
	const first = run();
	await until("it leads", () => first.said().includes("operator: leads"));
	return { ...first, run, access };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
	const exit = once(child, "exit");
	if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
	child.kill(signal);
	await exit;
	return child.exitCode;
}

test("the whole life of a VM can be seen on a cluster that has just the definition", async () => {
	const namespace = await createNamespace(admin);
	const { child, said, run } = await startOperator(namespace);
	const one = wukongPath(namespace, "web");
	const read = () => admin.expect({ method: "GET", path: one });
	const becomes = (phase: string) =>
		poll(`it is ${phase}`, async () => (await read()).status?.phase === phase);
	const wish = (autoStart: boolean) =>
		admin.expect({ method: "PATCH", path: one, body: { spec: { startStrategy: { autoStart } } } });

	const spec = { cloudInitUser: { name: "ops", password: "secret" } };
	const body = wukongResource("web", spec);
	const made: Document = await admin.expect({ method: "POST", path: wukongPath(namespace), body });
	await becomes("Running");
	const running: Document = await read();
	expect(running.spec).toEqual(made.spec);
	expect(running.metadata.finalizers).toEqual(["wukong.novasphere.dev/finalizer"]);
	expect(running.status).toMatchObject({
		phase: "Running",
		vmName: "web-vm",
		nodeName: expect.stringMatching(/^node-[1-3]$/),
		conditions: [
			{ type: "Ready", status: "True", observedGeneration: 1 },
			{ type: "NetworksConfigured", status: "True" },
			{ type: "VolumesBound", status: "True" },
		],
		volumes: [{ name: "root", pvcName: "web-root", bound: true, size: "20Gi" }],
	});

	await wish(false);
	await becomes("Stopped");
	expect(await end(child, "SIGTERM")).toBe(0);
	await wish(true);
	// Another one goes on where the first left off.
	const next = run();
	await becomes("Running");
	await admin.expect({ method: "DELETE", path: one });
	await poll("it is gone", async () => {
		return (await admin.send({ method: "GET", path: one })).status === 404;
	});
	expect(await end(next.child, "SIGINT")).toBe(0);

	const steps = (text: string) => text.split("\n").filter((line) => line.startsWith(namespace));
	const words = (...phases: string[]) => phases.map((phase) => `${namespace}/web ${phase}`);
	expect(steps(said())).toEqual(words("Pending", "Creating", "Running", "Running", "Stopped"));
	expect(steps(next.said())).toEqual(words("Creating", "Running", "Running", "Stopped", "gone"));
	expect(said() + next.said()).not.toMatch(/HTTP|Error/);
});

test("an operator that may not write a status says so, and goes on trying", async () => {
	const namespace = await createNamespace(admin);
	const { said, access } = await startOperator(namespace);
	const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/operator`;
	const { rules } = await admin.expect({ method: "GET", path });
	await admin.expect({ method: "PATCH", path, body: { rules: [rules[0]] } });
	await losesRight(access, { verb: "update", subresource: "status", namespace });
	const body = wukongResource("web");
	await admin.expect({ method: "POST", path: wukongPath(namespace), body });
	const says = (what: string) => until(`it says ${what}`, () => said().includes(what));
	await says(`${namespace}/web: UpstreamError: HTTP 403`);
	await admin.expect({ method: "PATCH", path, body: { rules } });
	await says(`${namespace}/web Running`);
});
