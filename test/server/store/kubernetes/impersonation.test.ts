import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Principal } from "../../../../server/src/caller.ts";
import { systemClock } from "../../../../server/src/clock.ts";
import { type Failure, reasonName } from "../../../../server/src/failure.ts";
import {
	createApiClient,
	defaultApiTimings,
} from "../../../../server/src/store/kubernetes/api-client.ts";
import { wukongKind } from "../../../../server/src/store/kubernetes/kinds/wukong.ts";
import type { Action } from "../../../../server/src/store/store.ts";
import { answerJson } from "../../../support/fake-api-server.ts";
import { createFakeKubeVirt, type FakeKubeVirt } from "../../../support/fake-kubevirt.ts";
import { status } from "../../../support/kubevirt-rules.ts";
import { createOptions, refTo, setLabel, writeOptions, wukongNamed } from "../write.ts";
import { type KubernetesHarness, startKubernetes } from "./harness.ts";

const principal: Principal = {
	name: "system:serviceaccount:web:deployer",
	groups: ["system:serviceaccounts", "ops team"],
	method: "kubernetes",
	credentialId: "kubernetes:1",
	uid: "1-2",
	extra: {
		"authentication.kubernetes.io/pod-name": ["web-0"],
		"Scope %ä": ["a", "b"],
		none: [],
	},
};
const fields = {
	"impersonate-user": ["system:serviceaccount:web:deployer"],
	"impersonate-group": ["system:serviceaccounts", "ops team"],
	"impersonate-uid": ["1-2"],
	"impersonate-extra-authentication.kubernetes.io%2fpod-name": ["web-0"],
	"impersonate-extra-%53cope%20%25%c3%a4": ["a", "b"],
};

let harness: KubernetesHarness;
let kubevirt: FakeKubeVirt;
beforeEach(() => start("caller"));
afterEach(() => harness.close());

async function start(writesAs: "service" | "caller"): Promise<void> {
	harness = await startKubernetes({ operator: false, random: () => 0, writesAs });
	kubevirt = createFakeKubeVirt();
	harness.api.foreign = (request, response) => kubevirt.answer(request, response);
}

/** One call of each kind of write, by name. */
async function writeAll(as: Principal): Promise<void> {
	const { store, api } = harness;
	const options = { ...writeOptions, principal: as };
	const web = refTo("web");
	const act = (action: Action, validateOnly = false) =>
		store.act(web, action, { ...options, validateOnly, check() {} });
	const { uid } = await store.create(wukongNamed("web"), { ...createOptions, principal: as });
	await store.edit(web, setLabel("a", "1"), options);
	let isBeaten = false;
	api.intercept(({ method }, response) => {
		if (method !== "PUT" || isBeaten) return false;
		isBeaten = true;
		answerJson(response, 409, status(409, "Conflict", "no", {}) as never);
		return true;
	});
	await store.edit(web, setLabel("a", "2"), options);
	kubevirt.run({ name: "web", uid });
	await act({ kind: "pause" });
	await act({ kind: "resume" });
	await act({ kind: "restart", mode: "soft" }, true);
	await act({ kind: "restart", mode: "reset" });
	const stop = setLabel("a", "3");
	await store.edit(web, (now) => ({ ...stop(now), gracePeriodMs: 1_000 }), options);
	await store.remove(web, () => {}, { ...options, validateOnly: true });
	await store.remove(web, () => {}, options);
}

const lastPart = (path: string) => path.split("/").at(-1);
const isWrite = ({ method }: { readonly method: string }) => method !== "GET";
const own = ["POST wukongs", "PUT web", "PUT web", "PATCH web"];
const ofKubeVirt = ["PUT pause", "PUT unpause", "POST selfsubjectaccessreviews", "PUT reset"];
const stopping = ["PUT stop", "PUT web", "PUT stop"];

describe("--kube-writes-as", () => {
	test("caller: each write, each subresource and each question about them is the caller's; no read is", async () => {
		await writeAll(principal);
		const { received } = harness.api;
		const writes = received.filter(isWrite);
		const words = writes.map(({ method, path }) => `${method} ${lastPart(path)}`);
		const removing = ["DELETE web", "DELETE web"];
		expect(words).toEqual([...own, ...ofKubeVirt, ...stopping, ...removing]);
		for (const { impersonation } of writes) expect(impersonation).toEqual(fields);
		const reads = received.filter((one) => !isWrite(one));
		expect(reads.length).toBeGreaterThan(10);
		for (const { impersonation } of reads) expect(impersonation).toEqual({});
	});

	test("service: nobody is impersonated", async () => {
		await harness.close();
		await start("service");
		await writeAll(principal);
		for (const { impersonation } of harness.api.received) expect(impersonation).toEqual({});
	});

	test("a caller of another source is sent with its own names, and without what it lacks", async () => {
		const caller = { name: "oidc:ann", groups: [], method: "oidc", credentialId: "1" };
		await writeAll(caller);
		for (const { impersonation } of harness.api.received.filter(isWrite)) {
			expect(impersonation).toEqual({ "impersonate-user": ["oidc:ann"] });
		}
	});

	const token = { ...principal, name: "ann", groups: [], uid: "", extra: {} };
	const other: Principal = { ...token, method: "oidc" };
	test.each<readonly [string, Principal | undefined]>([
		["nobody has signed in", undefined],
		["an empty name", { ...token, name: "" }],
		["a name with a control character", { ...token, name: "ann\r\nImpersonate-Group: x" }],
		["a name with a tab", { ...token, name: "a\tb" }],
		["a name that begins with a space", { ...token, name: " ann" }],
		["a name in Latin-1, which the cluster would read as UTF-8", { ...token, name: "andré" }],
		["a name beyond Latin-1", { ...token, name: "安" }],
		["an empty group", { ...token, groups: ["ops", ""] }],
		["a group that is another without its space", { ...other, groups: [" system:masters"] }],
		["a group that is another without the space behind", { ...token, groups: ["ops "] }],
		["a group with a no-break space", { ...token, groups: ["\u00a0system:masters"] }],
		["a group with DEL", { ...token, groups: ["ops\u007f"] }],
		["a system: name that no TokenReview gave", { ...other, name: "system:admin" }],
		["a system: group that no TokenReview gave", { ...other, groups: ["system:masters"] }],
		["one in capitals", { ...other, groups: ["SYSTEM:masters"] }],
		["one of a certificate", { ...other, method: "certificate", groups: ["system:nodes"] }],
		["a uid with a line break", { ...token, uid: "1\n2" }],
		["an attribute with a line break", { ...token, extra: { a: ["x\n"] } }],
		["an attribute without a name", { ...token, extra: { "": ["x"] } }],
	])("caller: %s is PERMISSION_DENIED before anything is asked", async (_, bad) => {
		const { store, api } = harness;
		const { uid } = await store.create(wukongNamed("web"), { ...createOptions, principal });
		kubevirt.run({ name: "web", uid });
		const aboutIt = () =>
			api.received.filter((one) => isWrite(one) || /\/web(-vm)?\b/.test(one.path)).length;
		const before = aboutIt();
		const options = { ...writeOptions, principal: bad };
		const calls = [
			() => store.create(wukongNamed("b"), { ...createOptions, principal: bad }),
			() => store.edit(refTo("web"), setLabel("a", "1"), options),
			() => store.remove(refTo("web"), () => {}, options),
			() => store.act(refTo("web"), { kind: "pause" }, { ...options, check() {} }),
		];
		for (const call of calls) {
			const failure: Failure = await call().then(
				() => undefined,
				(error) => error,
			);
			expect(reasonName(failure.reason)).toBe("PERMISSION_DENIED");
			expect(failure.message).toContain("in your name");
			for (const text of [bad?.name, ...(bad?.groups ?? [])].filter(Boolean)) {
				if (text !== "ann") expect(failure.message).not.toContain(text);
			}
		}
		expect(aboutIt()).toBe(before);
	});

	test("caller: a service that may not impersonate is told apart from a caller without the right", async () => {
		const { store, api } = harness;
		const { uid } = await store.create(wukongNamed("web"), { ...createOptions, principal });
		kubevirt.run({ name: "web", uid });
		const options = { ...writeOptions, principal };
		const messageOf = async (details: { readonly kind: string; readonly group?: string }) => {
			const refusal = status(403, "Forbidden", "upstream's words", { name: "x", ...details });
			api.intercept(({ method }, response) => {
				if (method !== "GET") answerJson(response, 403, refusal as never);
				return method !== "GET";
			});
			kubevirt.intercept = (words, response) => {
				if (words.startsWith("PUT")) answerJson(response, 403, refusal as never);
				return words.startsWith("PUT");
			};
			const messages: string[] = [];
			for (const call of [
				() => store.edit(refTo("web"), setLabel("a", "1"), options),
				() => store.act(refTo("web"), { kind: "pause" }, { ...options, check() {} }),
			]) {
				const failure: Failure = await call().then(
					() => undefined,
					(error) => error,
				);
				expect(reasonName(failure.reason)).toBe("PERMISSION_DENIED");
				expect(failure.message).not.toContain("upstream");
				messages.push(failure.message);
			}
			return messages.map((message) => /this service to act in your name/.test(message));
		};
		expect(await messageOf({ kind: "wukongs", group: "vm.novasphere.dev" })).toEqual([
			false,
			false,
		]);
		for (const kind of ["users", "groups", "serviceaccounts", "uids", "userextras"]) {
			expect(await messageOf({ kind })).toEqual([true, true]);
		}
	});

	test("a kubeconfig that impersonates somebody itself gives way to the caller", async () => {
		const { access } = harness.api;
		const api = createApiClient({
			resource: wukongKind,
			access: {
				...access,
				async credentials() {
					const { agent, headers } = await access.credentials();
					return { agent, headers: { ...headers, "Impersonate-User": "somebody" } };
				},
			},
			namespace: "",
			timings: defaultApiTimings,
			clock: systemClock,
		});
		const resource = wukongKind.toResource(wukongNamed("a"), { requestId: "", fingerprint: "" });
		const impersonation = { "impersonate-user": "ann" };
		await api.create(resource, { namespace: "default", dryRun: false, impersonation });
		expect(harness.api.received.at(-1)?.impersonation).toEqual({ "impersonate-user": ["ann"] });
	});
});
