import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createApp } from "../../server/src/app/app.ts";
import { parseConfig } from "../../server/src/config/config.ts";
import { createWukongClient, type WukongClient } from "../../web-client/src/client.ts";
import { startCluster } from "./cluster.ts";
import { createKubeApi, type Document, type KubeAccess, type KubeApi } from "./kube-api.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { applyManifest } from "./manifest.ts";
import { poll } from "./poll.ts";
import { serviceAccess } from "./service-access.ts";
import { createNamespace } from "./test-namespace.ts";
import { installDefinition, wukongPath, wukongResource } from "./wukong-resource.ts";

// One of its own: others count the rights of the same service account.
let cluster: KubeAccess;
let admin: KubeApi;
/** Has the API server's audit log. */
let folder: string;
const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    verbs: [create, update, patch, delete]
    resources: [{ group: vm.novasphere.dev }]
  - level: None
`;
const whole = new AsyncDisposableStack();
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "wukong-audit-"));
	whole.defer(() => rm(folder, { recursive: true }));
	const policy = join(folder, "policy.yaml");
	await writeFile(policy, auditPolicy);
	const started = await startCluster({
		apiServerFlags: [
			`--audit-policy-file=${policy}`,
			`--audit-log-path=${join(folder, "audit.log")}`,
			"--audit-log-mode=blocking",
		],
	});
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

const clusterRoles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

/** Starts the service with the rights of deploy/rbac, and of these files beside. */
async function startService(manifests: readonly string[], ...flags: string[]): Promise<string> {
	const access = await serviceAccess(admin, cluster, "");
	for (const name of ["wukong-api-rights-watch", "wukong-api-impersonation"]) {
		const path = `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${name}`;
		await admin.send({ method: "DELETE", path });
	}
	for (const file of manifests) await applyManifest(admin, `rbac/${file}`, "wukong-system");
	const kubeconfig = stack.use(await writeKubeconfig(access));
	const result = parseConfig(
		[
			...["--store=kubernetes", `--kubeconfig=${kubeconfig.path}`, "--port=0"],
			...["--auth-kubernetes", `--auth-kubernetes-audience=${audience}`],
			...flags,
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
	nameEnd = "",
): Promise<() => Promise<unknown>> {
	const name = `${account.name}-${resource.replace("/", "-")}${nameEnd}`;
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
	const client = clientOf(await startService(["callers.yaml", "rights-watch.yaml"]));
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
	"%s a binding that goes ends 100 streams and resets 50, and one that comes resets these again; 50 others miss nothing",
	async (_, manifests, state) => {
		const [gone, stays] = [await createNamespace(admin), await createNamespace(admin)];
		const url = await startService(manifests);
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
		await allow(gone, { ...account, name: "reader" }, ["get", "list", "watch"], "wukongs", "again");
		await poll("one that comes is seen", async () =>
			resetting.every(({ names, types }) => {
				const after = types.lastIndexOf(6);
				return after !== types.indexOf(6) && names.slice(-3).includes(`1 ${gone}/one`);
			}),
		);
		for (const { names } of resetting) {
			expect(names.slice(-3).sort()).toEqual(
				[`1 ${gone}/one`, `1 ${stays}/one`, `1 ${stays}/two`].sort(),
			);
		}
		for (const { names } of others) expect(names.length).toBe(2);
	},
);

/** Takes every right to write from the service, until the test ends. */
async function makeReadOnly(): Promise<void> {
	const path = `${clusterRoles}/wukong-api`;
	await admin.expect({ method: "DELETE", path });
	stack.defer(() => admin.expect({ method: "DELETE", path }));
	const verbs = ["get", "list", "watch"];
	const rules = [
		{ apiGroups: ["vm.novasphere.dev"], resources: ["wukongs"], verbs },
		{
			apiGroups: ["kubevirt.io"],
			resources: ["virtualmachines", "virtualmachineinstances"],
			verbs,
		},
	];
	const body = { metadata: { name: "wukong-api" }, rules };
	await admin.expect({ method: "POST", path: clusterRoles, body });
}

/** What the API server's audit log says of writes in a namespace. */
async function auditOf(namespace: string) {
	const text = await readFile(join(folder, "audit.log"), "utf8");
	const events: Document[] = text
		.split("\n")
		.filter(Boolean)
		.map((line) => JSON.parse(line));
	return events.filter(({ objectRef }) => objectRef?.namespace === namespace);
}

test("--kube-writes-as caller: the API server's rights and audit log see the caller, and the service itself may write nothing", async () => {
	const namespace = await createNamespace(admin);
	const flags = ["--kube-writes-as=caller", "--authorization=none"];
	const client = clientOf(await startService(["callers.yaml", "impersonation.yaml"], ...flags));
	await makeReadOnly();
	const [editor, viewer] = [await tokenOf(namespace, "editor"), await tokenOf(namespace, "viewer")];
	const account = { namespace, name: "editor" };
	await allow(namespace, account, ["create", "update", "patch", "delete"]);
	const vm = (name: string) => ({
		wukong: {
			...{ namespace, name },
			spec: { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "10Gi" }] },
		},
	});
	await poll("the API server knows the right", async () => {
		const code = await codeOf(client.rpc.createWukong(vm("web"), as(editor)));
		return code === "ok" || code === "AlreadyExists";
	});
	const ref = { namespace, name: "web" };
	await poll("the service may read", async () => {
		const isTried = { ...ref, validateOnly: true };
		return (await codeOf(client.rpc.stopWukong(isTried, as(editor)))) === "ok";
	});
	expect(await codeOf(client.rpc.createWukong(vm("b"), as(viewer)))).toBe("PermissionDenied");
	expect(await codeOf(client.rpc.stopWukong(ref, as(viewer)))).toBe("PermissionDenied");
	expect(await codeOf(client.rpc.deleteWukong(ref, as(viewer)))).toBe("PermissionDenied");
	expect(await codeOf(client.rpc.getWukong(ref, as(viewer)))).toBe("ok");
	expect(await codeOf(client.rpc.stopWukong(ref, as(editor)))).toBe("ok");
	expect(await codeOf(client.rpc.deleteWukong(ref, as(editor)))).toBe("ok");

	const lines = (await auditOf(namespace)).map(
		({ verb, user, impersonatedUser: who, responseStatus }) =>
			[verb, user.username, who?.username, Math.floor(responseStatus.code / 100)].join(" "),
	);
	const service = "system:serviceaccount:wukong-system:wukong-api";
	const nameOf = (name: string) => `system:serviceaccount:${namespace}:${name}`;
	for (const verb of ["create", "update", "delete"]) {
		expect(lines).toContain(`${verb} ${service} ${nameOf("editor")} 2`);
		expect(lines).toContain(`${verb} ${service} ${nameOf("viewer")} 4`);
	}
	expect(lines.filter((line) => !line.includes(` ${service} ${nameOf("")}`))).toEqual([]);
	const { impersonatedUser } = (await auditOf(namespace))[0];
	expect([...impersonatedUser.groups].sort()).toEqual([
		"system:authenticated",
		"system:serviceaccounts",
		`system:serviceaccounts:${namespace}`,
	]);
	expect(impersonatedUser.uid).not.toBe("");
});

test("--kube-writes-as caller: CheckAccess says that wukongs/power is not enough; without the right to impersonate no write is anybody's", async () => {
	const namespace = await createNamespace(admin);
	const url = await startService(["callers.yaml"], "--kube-writes-as=caller");
	const client = clientOf(url);
	const check = async (verbs: string, bearer: string) => {
		const query = new URLSearchParams({ namespace, verbs });
		const answer = await fetch(`${url}/api/v1/access/check?${query}`, as(bearer));
		const { answers } = await answer.json();
		return answers[0] as { readonly allowed?: boolean; readonly reason: string };
	};
	const token = await tokenOf(namespace, "editor");
	await allow(namespace, { namespace, name: "editor" }, ["get", "update", "delete"]);
	const presser = await tokenOf(namespace, "presser");
	await allow(namespace, { namespace, name: "presser" }, ["get"]);
	await allow(namespace, { namespace, name: "presser" }, ["update"], "wukongs/power");
	await admin.expect({ method: "POST", path: wukongPath(namespace), body: wukongResource("web") });
	const ref = { namespace, name: "web" };
	await poll("the VM is here", async () => {
		return (await codeOf(client.rpc.getWukong(ref, as(token)))) === "ok";
	});
	await poll("the right to delete is there", async () => {
		return (await check("delete", token)).allowed === true;
	});
	const failure = await client.rpc.deleteWukong(ref, as(token)).then(
		() => undefined,
		(error) => ConnectError.from(error),
	);
	expect(failure?.code).toBe(Code.PermissionDenied);
	expect(failure?.rawMessage).toContain("this service to act in your name");
	expect(await codeOf(client.rpc.stopWukong(ref, as(token)))).toBe("PermissionDenied");
	expect(await codeOf(client.rpc.getWukong(ref, as(token)))).toBe("ok");
	await poll("the right to press is there", async () => {
		return (await codeOf(client.rpc.getWukong(ref, as(presser)))) === "ok";
	});
	const answer = await check("stop", presser);
	expect(answer.reason).toContain("wukongs/power is not enough");
	expect(await codeOf(client.rpc.stopWukong(ref, as(presser)))).toBe("PermissionDenied");
});
