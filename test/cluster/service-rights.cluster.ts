import { Code, ConnectError } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { WukongEvent_Type as EventType } from "@novasphere/wukong-gen/wukong-service";
import { afterAll, afterEach, describe, expect, inject, test } from "vitest";
import { createApp } from "../../server/src/app/app.ts";
import { parseConfig } from "../../server/src/config/config.ts";
import { troubleWords } from "../../server/src/store/kubernetes/upstream-observer.ts";
import { createWukongClient, type WukongClient } from "../../web-client/src/client.ts";
import { keepPort } from "../support/kept-port.ts";
import { losesRight } from "./access-review.ts";
import { createKubeApi, type KubeAccess } from "./kube-api.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { poll } from "./poll.ts";
import { recordWatch } from "./recorded-watch.ts";
import { serviceAccess } from "./service-access.ts";
import { createNamespace } from "./test-namespace.ts";
import { wukongPath } from "./wukong-resource.ts";

const cluster = inject("cluster");
const admin = createKubeApi(cluster);
afterAll(() => admin.close());
let stack = new AsyncDisposableStack();
afterEach(async () => {
	await stack.disposeAsync();
	stack = new AsyncDisposableStack();
});

/** Starts the service with these rights; it need not become ready. @returns where it is */
async function startService(access: KubeAccess, namespace: string): Promise<string> {
	const kubeconfig = stack.use(await writeKubeconfig(access));
	const port = await keepPort();
	const flags = ["--store", "kubernetes", "--kubeconfig", kubeconfig.path, "--port", `${port}`];
	const result = parseConfig(namespace ? [...flags, "--namespace", namespace] : flags, {});
	if (result.kind !== "config") throw new Error(`bad flags: ${JSON.stringify(result)}`);
	const app = createApp(result.config);
	app.listen().catch(() => {});
	stack.defer(() => app.close());
	return `http://127.0.0.1:${port}`;
}

const page = async (url: string) => {
	const answer = await fetch(url);
	return { status: answer.status, text: await answer.text() };
};

const becomesReady = (url: string) =>
	poll("the service is ready", async () => (await page(`${url}/readyz`)).status === 200);

const spec = { cpu: 1, memory: "1Gi", disks: [{ name: "root", size: "1Gi" }] };

/** What comes of each call in the life of a VM. */
async function life(client: WukongClient, namespace: string): Promise<Record<string, string>> {
	const ref = { namespace, name: "web" };
	const wukong = { ...ref, spec };
	const calls = {
		create: () => client.rpc.createWukong({ wukong, requestId: "once" }),
		repeat: () => client.rpc.createWukong({ wukong, requestId: "once" }),
		get: () => client.rpc.getWukong(ref),
		list: () => client.rpc.listWukongs({ namespace }),
		update: () => client.rpc.updateWukong({ wukong: { ...ref, labels: { app: "web" } } }),
		stop: () => client.rpc.stopWukong(ref),
		delete: () => client.rpc.deleteWukong(ref),
	};
	const outcomes: Record<string, string> = {};
	for (const [name, call] of Object.entries(calls)) {
		outcomes[name] = await call().then(
			() => "ok",
			(error) => Code[ConnectError.from(error).code],
		);
	}
	return outcomes;
}

const allWell = {
	create: "ok",
	repeat: "ok",
	get: "ok",
	list: "ok",
	update: "ok",
	stop: "ok",
	delete: "ok",
};

function clientOf(baseUrl: string): WukongClient {
	return createWukongClient({ transport: createGrpcTransport({ baseUrl }) });
}

test("the rights for one namespace are enough to serve it", async () => {
	const namespace = await createNamespace(admin);
	const url = await startService(await serviceAccess(admin, cluster, namespace), namespace);
	await becomesReady(url);
	const client = clientOf(url);
	const stream = recordWatch(client, { namespace });
	stack.defer(() => stream.close());
	expect(await life(client, namespace)).toEqual(allWell);
	await stream.until("it is over", () => stream.events.at(-1)?.type === EventType.DELETED);
	expect(stream.events.map(({ type }) => EventType[type])).toEqual([
		"SYNCED",
		"ADDED",
		"MODIFIED",
		"MODIFIED",
		"DELETED",
	]);
	expect((await page(`${url}/metrics`)).text).not.toMatch(
		/^wukong_upstream_troubles_total.*forbidden/m,
	);
});

test("the rights for the whole cluster are enough to serve all namespaces", async () => {
	const namespaces = [await createNamespace(admin), await createNamespace(admin)];
	const url = await startService(await serviceAccess(admin, cluster, ""), "");
	await becomesReady(url);
	const client = clientOf(url);
	for (const namespace of namespaces) expect(await life(client, namespace)).toEqual(allWell);
	const nowhere = { namespace: "no-such-namespace", name: "web", spec };
	const lost = await client.rpc.createWukong({ wukong: nowhere }).catch(ConnectError.from);
	expect(lost).toMatchObject({ code: Code.NotFound });
});

describe("each right is needed, and its lack is told clearly:", () => {
	const denied = "PermissionDenied";

	/** A service in a namespace of its own that lacks one right. */
	async function startWithout(verb: string) {
		const namespace = await createNamespace(admin);
		const access = await serviceAccess(admin, cluster, namespace);
		const roles = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`;
		const { rules } = await admin.expect({ method: "GET", path: `${roles}/wukong-api` });
		const [rule] = rules;
		const verbs = rule.verbs.filter((other: string) => other !== verb);
		expect(verbs).toHaveLength(rule.verbs.length - 1);
		await admin.expect({
			method: "PATCH",
			path: `${roles}/wukong-api`,
			body: { rules: [{ ...rule, verbs }] },
		});
		await losesRight(access, { verb, namespace });
		return { namespace, url: await startService(access, namespace) };
	}

	const isForbidden = (url: string) =>
		poll("the lack is counted", async () =>
			/^wukong_upstream_troubles_total\{trouble="forbidden",kind="wukongs"\} [1-9]/m.test(
				(await page(`${url}/metrics`)).text,
			),
		);

	test.each([
		["create", { create: denied, repeat: denied, update: "NotFound", stop: "NotFound" }],
		["get", { repeat: denied, update: denied, stop: denied, delete: denied }],
		["update", { update: denied, stop: denied }],
		["delete", { delete: denied }],
	])("without %s, the calls that need it are PERMISSION_DENIED", async (verb, failing) => {
		const { namespace, url } = await startWithout(verb);
		await becomesReady(url);
		const none = verb === "create" ? { get: "NotFound", delete: "NotFound" } : {};
		const client = clientOf(url);
		expect(await life(client, namespace)).toEqual({ ...allWell, ...failing, ...none });
	});

	test("without list, the service is not ready, and says and counts that it is forbidden", async () => {
		const { namespace, url } = await startWithout("list");
		await isForbidden(url);
		const { status, text } = await page(`${url}/readyz`);
		expect(status).toBe(503);
		expect(text.trim().split("\n")).toEqual([
			expect.stringContaining("not ready"),
			troubleWords.forbidden,
		]);
		const early = await clientOf(url).rpc.listWukongs({ namespace }).catch(ConnectError.from);
		expect(early).toMatchObject({ code: Code.Unavailable });
	});

	test("without watch, what is served grows stale, is marked so, and takes no writes", async () => {
		const { namespace, url } = await startWithout("watch");
		await becomesReady(url);
		await isForbidden(url);
		const client = clientOf(url);
		await poll("reads are stale", async () => {
			const { staleSince } = await client.rpc.listWukongs({ namespace });
			return staleSince !== undefined;
		});
		expect((await page(`${url}/readyz`)).text).toContain("silent since");
		const wukong = { namespace, name: "late", spec };
		const late = await client.rpc.createWukong({ wukong }).catch(ConnectError.from);
		expect(late).toMatchObject({ code: Code.Unavailable });
		const { status } = await admin.send({ method: "GET", path: wukongPath(namespace, "late") });
		expect(status).toBe(404);
	});
});
