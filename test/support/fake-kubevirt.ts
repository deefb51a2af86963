import type { ServerResponse } from "node:http";
import type { JsonObject } from "@bufbuild/protobuf";
import { objectAt } from "../../server/src/store/kubernetes/unstructured.ts";
import type { FakeForeign } from "./fake-api-server.ts";
import { answerSubresource, type KubeVirtMachines, status } from "./kubevirt-rules.ts";

/** KubeVirt behind a fake API server: its objects, and its own server, which may be away. */
export interface FakeKubeVirt {
	/** Answers a request that is none about Wukongs. */
	readonly answer: FakeForeign;
	/** Verbs that came to KubeVirt, as in `PUT virtualmachines/web-vm/restart {}`. */
	readonly verbs: string[];
	/** Objects by plural and name, as in `virtualmachines/web-vm`; a test may change them. */
	readonly objects: Map<string, JsonObject>;
	/** Puts a VM there that runs, controlled by the Wukong with this uid. */
	run(wukong: { readonly name: string; readonly uid: string }): void;
	/** Changes the status of an object. */
	setStatus(key: string, status: JsonObject): void;
	/** Answers a SelfSubjectAccessReview. Default: yes. */
	review: (attributes: JsonObject) => JsonObject | undefined;
	/** Answers in place of KubeVirt's server; true where it did. */
	intercept: ((verb: string, response: ServerResponse) => boolean) | undefined;
}

export function createFakeKubeVirt(): FakeKubeVirt {
	const verbs: string[] = [];
	const objects = new Map<string, JsonObject>();
	const change = (key: string, part: "spec" | "status", next: JsonObject) => {
		const object = objects.get(key) ?? {};
		objects.set(key, { ...object, [part]: { ...objectAt(object, part), ...next } });
	};
	const machines: KubeVirtMachines = {
		get: async (plural, _namespace, name) => objects.get(`${plural}/${name}`),
		async setPaused(_namespace, name, isPaused) {
			const conditions = isPaused ? [{ type: "Paused", status: "True" }] : [];
			change(`virtualmachineinstances/${name}`, "status", { conditions });
		},
		request: async (_namespace, name, actions) =>
			change(`virtualmachines/${name}`, "status", { stateChangeRequests: [...actions] }),
		setOff: async (_namespace, name) =>
			change(`virtualmachines/${name}`, "spec", { running: false }),
		setGracePeriod: async (_namespace, name, seconds) =>
			change(`virtualmachineinstances/${name}`, "spec", {
				terminationGracePeriodSeconds: seconds,
			}),
		async hit(verb, _namespace, name) {
			verbs.push(`${verb} hits ${name}`);
		},
	};
	const metadata = (name: string, ownerUid: string) => ({
		name,
		namespace: "default",
		uid: `uid-of-${name}`,
		resourceVersion: "1",
		ownerReferences: [{ uid: ownerUid, controller: true }],
	});
	return {
		verbs,
		objects,
		intercept: undefined,
		review: () => ({ allowed: true }),
		run({ name, uid }) {
			const vm = `${name}-vm`;
			objects.set(`virtualmachines/${vm}`, {
				metadata: metadata(vm, uid),
				spec: { running: true },
				status: { printableStatus: "Running", created: true },
			});
			objects.set(`virtualmachineinstances/${vm}`, {
				metadata: { ...metadata(vm, `uid-of-${vm}`), uid: `uid-of-run-of-${vm}` },
				spec: { terminationGracePeriodSeconds: 180 },
				status: { phase: "Running", conditions: [] },
			});
		},
		setStatus: (key, next) => change(key, "status", next),
		async answer({ method, path, body }, response) {
			const [, root, plural = "", name = "", verb = ""] =
				/^\/apis\/(kubevirt\.io|subresources\.kubevirt\.io)\/v1(?:\/namespaces\/[^/]+\/([a-z]+)\/([^/]+)(?:\/([a-z]+))?)?$/.exec(
					path,
				) ?? [];
			const send = (code: number, content: JsonObject | string | undefined) => {
				const isJson = typeof content === "object";
				response.writeHead(code, isJson ? { "content-type": "application/json" } : {});
				response.end(isJson ? JSON.stringify(content) : content);
			};
			if (path === "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews") {
				const given = this.review(objectAt(objectAt(body, "spec"), "resourceAttributes"));
				if (given !== undefined) send(201, { ...body, status: given });
				else
					send(403, status(403, "Forbidden", "no reviews", { kind: "selfsubjectaccessreviews" }));
				return;
			}
			if (root === "kubevirt.io") {
				const object = objects.get(`${plural}/${name}`);
				const details = { name, group: "kubevirt.io", kind: plural };
				if (object !== undefined) send(200, object);
				else send(404, status(404, "NotFound", `${name} not found`, details));
				return;
			}
			const words =
				verb === "" ? "discovery" : `${method} ${plural}/${name}/${verb} ${JSON.stringify(body)}`;
			if (verb !== "") verbs.push(words);
			if (this.intercept?.(words, response) === true) return;
			const answer = await answerSubresource(machines, { method, path, body });
			send(answer.code, answer.body);
		},
	};
}
