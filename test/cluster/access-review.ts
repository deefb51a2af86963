import { createKubeApi, type KubeAccess } from "./kube-api.ts";
import { poll } from "./poll.ts";

/** Something that a right allows to do with Wukongs. */
export interface Deed {
	readonly verb: string;
	readonly namespace: string;
	/** Default: none. */
	readonly subresource?: string;
}

/** Waits until a caller may not do this: the authorizer learns of a change by a watch of its own. */
export async function losesRight(caller: KubeAccess, deed: Deed): Promise<void> {
	const api = createKubeApi(caller);
	const resourceAttributes = { group: "vm.novasphere.dev", resource: "wukongs", ...deed };
	const call = {
		method: "POST",
		path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
		body: {
			apiVersion: "authorization.k8s.io/v1",
			kind: "SelfSubjectAccessReview",
			spec: { resourceAttributes },
		},
	} as const;
	try {
		await poll("the right is gone", async () => !(await api.expect(call)).status.allowed);
	} finally {
		api.close();
	}
}
