import { Code, ConnectError } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createApp } from "../../server/src/app/app.ts";
import { parseConfig } from "../../server/src/config/config.ts";
import { createWukongClient, type WukongClient } from "../../web-client/src/client.ts";
import { startCluster } from "./cluster.ts";
import { createKubeApi, type KubeAccess, type KubeApi } from "./kube-api.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { applyManifest } from "./manifest.ts";
import { poll } from "./poll.ts";
import { serviceAccess } from "./service-access.ts";
import { createNamespace } from "./test-namespace.ts";
import { installDefinition, wukongPath, wukongResource } from "./wukong-resource.ts";

// One of its own: others count the rights of the same service account.
let cluster: KubeAccess;
let admin: KubeApi;
const whole = new AsyncDisposableStack();
beforeAll(async () => {
	const started = await startCluster();
	whole.defer(() => started.close());
	cluster = started.apiServer.access();
	admin = createKubeApi(cluster);
	whole.defer(() => admin.close());
	await installDefinition(admin);
});
afterAll(() => whole.disposeAsync());
let stack = new AsyncDisposableStack();
afterEach(async () => {
	await stack.disposeAsync();
	stack = new AsyncDisposableStack();
});

const audience = "wukong-test";

/** Starts the service with the rights of deploy/rbac, and of these files beside. */
async function startService(...manifests: string[]): Promise<string> {
	const access = await serviceAccess(admin, cluster, "");
	const bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
	await admin.send({ method: "DELETE", path: `${bindings}/wukong-api-rights-watch` });
	for (const file of manifests) await applyManifest(admin, `rbac/${file}`, "wukong-system");
	const kubeconfig = stack.use(await writeKubeconfig(access));
	const result = parseConfig(
		[
			...["--store=kubernetes", `--kubeconfig=${kubeconfig.path}`, "--port=0"],
			...["--auth-kubernetes", `--auth-kubernetes-audience=${audience}`],
		],
		{},
	);
	if (result.kind !== "config") throw new Error(JSON.stringify(result));
	const app = createApp(result.config);
	stack.defer(() => app.close());
	return (await app.listen()).url;
}

const clientOf = (baseUrl: string): WukongClient =>
	createWukongClient({ transport: createGrpcTransport({ baseUrl }) });

/** A service account's token. @param audiences none: for the API server itself */
async function tokenOf(namespace: string, name: string, audiences = [audience]): Promise<string> {
	const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
	await admin.send({ method: "POST", path, body: { metadata: { name } } });
	const spec = { expirationSeconds: 3_600, ...(audiences.length > 0 && { audiences }) };
	const { status } = await admin.expect({
		method: "POST",
		path: `${path}/${name}/token`,
		body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec },
	});
	return status.token;
}

const rbac = (namespace: string, kind: string) =>
	`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/${kind}`;

/** Gives a service account these verbs on a resource of its namespace. */
async function allow(
	namespace: string,
	account: { readonly namespace: string; readonly name: string },
	verbs: readonly string[],
	resource = "wukongs",
): Promise<() => Promise<unknown>> {
	const name = `${account.name}-${resource.replace("/", "-")}`;
	const rules = [{ apiGroups: ["vm.novasphere.dev"], resources: [resource], verbs }];
	await admin.expect({
		method: "POST",
		path: rbac(namespace, "roles"),
		body: { metadata: { name }, rules },
	});
	await admin.expect({
		method: "POST",
		path: rbac(namespace, "rolebindings"),
		body: {
			metadata: { name },
			roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
			subjects: [{ kind: "ServiceAccount", ...account }],
		},
	});
	return () =>
		admin.expect({ method: "DELETE", path: `${rbac(namespace, "rolebindings")}/${name}` });
}

const codeOf = (call: Promise<unknown>) =>
	call.then(
		() => "ok",
		(error) => Code[ConnectError.from(error).code],
	);

const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test("a service account signs in with a token for the audience, and with no other; it may do what RBAC lets it", async () => {
	const namespace = await createNamespace(admin);
	const client = clientOf(await startService("callers.yaml", "rights-watch.yaml"));
	const account = { namespace, name: "viewer" };
	const token = await tokenOf(namespace, "viewer");
	expect(await codeOf(client.rpc.listWukongs({ namespace }, as(token)))).toBe("PermissionDenied");
	await allow(namespace, account, ["get", "list", "watch"]);
	await allow(namespace, account, ["update"], "wukongs/power");
	await poll("the right is there", async () => {
		return (await codeOf(client.rpc.listWukongs({ namespace }, as(token)))) === "ok";
	});
	await admin.expect({ method: "POST", path: wukongPath(namespace), body: wukongResource("web") });
	const ref = { namespace, name: "web" };
	await poll("the VM is here", async () => {
		return (await codeOf(client.rpc.stopWukong(ref, as(token)))) === "ok";
	});
	expect(await codeOf(client.rpc.deleteWukong(ref, as(token)))).toBe("PermissionDenied");
	const wukong = { ...ref, labels: { app: "web" } };
	expect(await codeOf(client.rpc.updateWukong({ wukong }, as(token)))).toBe("PermissionDenied");
	const foreign = await tokenOf(namespace, "viewer", []);
	const other = await tokenOf(namespace, "viewer", ["other"]);
	for (const bad of [foreign, other, "made-up", `${token.slice(0, -4)}AAAA`]) {
		expect(await codeOf(client.rpc.listWukongs({ namespace }, as(bad)))).toBe("Unauthenticated");
	}
});

test.each([
	["without the watch of rights", ["callers.yaml"], "we may not list and watch it"],
	["with the watch of rights", ["callers.yaml", "rights-watch.yaml"], "followed"],
])(
	"%s a binding that goes ends 200 streams, and one that comes is seen; others miss nothing",
	async (_, manifests, state) => {
		const [gone, stays] = [await createNamespace(admin), await createNamespace(admin)];
		const url = await startService(...manifests);
		const client = clientOf(url);
		const account = { namespace: gone, name: "reader" };
		const token = await tokenOf(gone, "reader");
		const takeBack = await allow(gone, account, ["list", "watch"]);
		await allow(stays, account, ["list", "watch"]);
		for (const namespace of [gone, stays]) {
			await admin.expect({
				method: "POST",
				path: wukongPath(namespace),
				body: wukongResource("one"),
			});
			await poll("the right is there", async () => {
				return (await codeOf(client.rpc.listWukongs({ namespace }, as(token)))) === "ok";
			});
		}
		const leave = new AbortController();
		stack.defer(() => leave.abort());
		const open = (namespace: string) => {
			const seen = { ended: "", types: [] as number[], names: [] as string[] };
			(async () => {
				const options = { ...as(token), signal: leave.signal };
				for await (const { type, wukong } of client.rpc.watchWukong({ namespace }, options)) {
					seen.types.push(type);
					if (wukong !== undefined) seen.names.push(`${type} ${wukong.namespace}/${wukong.name}`);
				}
			})().catch((error) => {
				seen.ended = Code[ConnectError.from(error).code] ?? "";
			});
			return seen;
		};
		const ending = Array.from({ length: 100 }, () => open(gone));
		const resetting = Array.from({ length: 50 }, () => open(""));
		const others = Array.from({ length: 50 }, () => open(stays));
		const isLevel = ({ types }: { types: number[] }) => types.includes(4);
		await poll("all are level", async () => [...ending, ...resetting, ...others].every(isLevel));
		await poll("the watch is as its rights are", async () => {
			const text = await (await fetch(`${url}/readyz?verbose`)).text();
			return text.includes(`\nrolebindings.rbac.authorization.k8s.io: ${state}`);
		});
		await takeBack();
		await poll(
			"each ends or resets",
			async () =>
				ending.every(({ ended }) => ended === "PermissionDenied") &&
				resetting.every(({ types }) => types.includes(6)),
		);
		await admin.expect({ method: "POST", path: wukongPath(stays), body: wukongResource("two") });
		await poll("the others go on", async () =>
			[...others, ...resetting].every(({ names }) => names.some((name) => name.endsWith("/two"))),
		);
		for (const { names, ended } of others) {
			expect([names, ended]).toEqual([[`1 ${stays}/one`, `1 ${stays}/two`], ""]);
		}
		for (const { names, types } of resetting) {
			const after = names.slice(-2);
			expect(after).toEqual([`1 ${stays}/one`, `1 ${stays}/two`]);
			expect(types.filter((type) => type === 6).length).toBe(1);
		}
	},
);
