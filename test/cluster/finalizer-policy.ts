import { finalizer } from "../../server/src/store/kubernetes/operator/simulated-operator.ts";
import type { KubeApi } from "./kube-api.ts";
import { poll } from "./poll.ts";
import { createNamespace } from "./test-namespace.ts";
import { wukongPath, wukongResource } from "./wukong-resource.ts";

const policies = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies";
const name = "wukong-finalizer";
const labels = { [name]: "from-birth" };

const policy = {
	apiVersion: "admissionregistration.k8s.io/v1",
	kind: "MutatingAdmissionPolicy",
	metadata: { name },
	spec: {
		reinvocationPolicy: "Never",
		failurePolicy: "Fail",
		matchConstraints: {
			namespaceSelector: { matchLabels: labels },
			resourceRules: [
				{
					apiGroups: ["vm.novasphere.dev"],
					apiVersions: ["*"],
					operations: ["CREATE"],
					resources: ["wukongs"],
				},
			],
		},
		mutations: [
			{
				patchType: "ApplyConfiguration",
				applyConfiguration: {
					expression: `Object{metadata: Object.metadata{finalizers: ["${finalizer}"]}}`,
				},
			},
		],
	},
};

const binding = {
	apiVersion: "admissionregistration.k8s.io/v1",
	kind: "MutatingAdmissionPolicyBinding",
	metadata: { name },
	spec: { policyName: name },
};

/**
 * Sees to it that Wukongs have the operator's finalizer from birth, as an operator's webhook would,
 * in the namespaces made by the function that this resolves with. Elsewhere nothing changes.
 * Such policies are served since Kubernetes 1.36.
 */
export async function installFinalizerPolicy(admin: KubeApi): Promise<() => Promise<string>> {
	for (const [path, body] of [
		[policies, policy],
		[policies.replace("policies", "policybindings"), binding],
	] as const) {
		// Another test file may have installed it.
		const { status } = await admin.send({ method: "POST", path, body });
		if (status !== 201 && status !== 409) throw new Error(`POST ${path}: ${status}`);
	}
	const create = () => createNamespace(admin, labels);
	const path = `${wukongPath(await create())}?dryRun=All`;
	await poll("the policy is at work", async () => {
		const made = await admin.expect({ method: "POST", path, body: wukongResource("probe") });
		return made.metadata.finalizers?.includes(finalizer) === true;
	});
	return create;
}
