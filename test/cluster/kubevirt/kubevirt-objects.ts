import type { JsonObject } from "@bufbuild/protobuf";
import type { Document, KubeApi } from "../kube-api.ts";
import { poll } from "../poll.ts";

const kinds = {
	virtualmachines: "VirtualMachine",
	virtualmachineinstances: "VirtualMachineInstance",
};

export type KubeVirtPlural = keyof typeof kinds;

/** The path of one KubeVirt object. */
export function kubevirtPath(plural: KubeVirtPlural, namespace: string, name = ""): string {
	return `/apis/kubevirt.io/v1/namespaces/${namespace}/${plural}${name && `/${name}`}`;
}

/**
 * Installs definitions of KubeVirt's two kinds, which take whatever KubeVirt's own would. Resolves
 * when both are served.
 */
export async function installKubeVirtDefinitions(admin: KubeApi): Promise<void> {
	const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
	for (const [plural, kind] of Object.entries(kinds)) {
		const { status } = await admin.send({ method: "POST", path, body: definition(plural, kind) });
		if (status !== 201 && status !== 409) throw new Error(`${kind} is refused: ${status}`);
		await poll(`${plural} are served`, async () => {
			const list = { method: "GET", path: `/apis/kubevirt.io/v1/${plural}` } as const;
			return (await admin.send(list)).status === 200;
		});
	}
}

function definition(plural: string, kind: string): Document {
	const free = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
	return {
		apiVersion: "apiextensions.k8s.io/v1",
		kind: "CustomResourceDefinition",
		metadata: {
			name: `${plural}.kubevirt.io`,
			// The group is guarded like those of Kubernetes: without this it is not served.
			annotations: { "api-approved.kubernetes.io": "unapproved, for tests" },
		},
		spec: {
			group: "kubevirt.io",
			scope: "Namespaced",
			names: { plural, singular: kind.toLowerCase(), kind },
			versions: [
				{
					name: "v1",
					served: true,
					storage: true,
					subresources: { status: {} },
					schema: {
						openAPIV3Schema: { type: "object", properties: { spec: free, status: free } },
					},
				},
			],
		},
	};
}

/** A KubeVirt object before its status. @param ownerUid of its controller; undefined: none */
export function kubevirtResource(
	plural: KubeVirtPlural,
	name: string,
	ownerUid: string | undefined,
): Document {
	const owner =
		plural === "virtualmachines"
			? { apiVersion: "vm.novasphere.dev/v1alpha1", kind: "Wukong" }
			: { apiVersion: "kubevirt.io/v1", kind: "VirtualMachine" };
	return {
		apiVersion: "kubevirt.io/v1",
		kind: kinds[plural],
		metadata: {
			name,
			...(ownerUid !== undefined && {
				ownerReferences: [{ ...owner, name: "owner", uid: ownerUid, controller: true }],
			}),
		},
		spec: {},
	};
}

/** Puts a VM that runs there, as the operator of a Wukong and KubeVirt would. */
export async function runVirtualMachine(
	admin: KubeApi,
	wukong: { readonly namespace: string; readonly name: string; readonly uid: string },
): Promise<void> {
	const { namespace } = wukong;
	const name = `${wukong.name}-vm`;
	const put = async (plural: KubeVirtPlural, owner: Document, spec: Document, status: Document) => {
		const made = await admin.expect({
			method: "POST",
			path: kubevirtPath(plural, namespace),
			body: {
				apiVersion: "kubevirt.io/v1",
				kind: kinds[plural],
				metadata: { name, ownerReferences: [{ ...owner, controller: true }] },
				spec,
			},
		});
		await setStatus(admin, kubevirtPath(plural, namespace, name), status);
		return made.metadata.uid;
	};
	const uid = await put(
		"virtualmachines",
		{
			apiVersion: "vm.novasphere.dev/v1alpha1",
			kind: "Wukong",
			name: wukong.name,
			uid: wukong.uid,
		},
		{ running: true },
		{ printableStatus: "Running", created: true },
	);
	await put(
		"virtualmachineinstances",
		{ apiVersion: "kubevirt.io/v1", kind: "VirtualMachine", name, uid },
		{ terminationGracePeriodSeconds: 180 },
		{ phase: "Running", nodeName: "node-1", conditions: [] },
	);
}

/** Changes fields of a status, as their controllers do. */
export async function setStatus(admin: KubeApi, path: string, status: JsonObject): Promise<void> {
	await admin.expect({ method: "PATCH", path: `${path}/status`, body: { status } });
}
