import type { JsonObject } from "@bufbuild/protobuf";
import {
	parseUnstructured,
	type Unstructured,
} from "../../../../server/src/store/kubernetes/unstructured.ts";

/** A custom resource as an API server has it, in the namespace `default`. */
export function rawNamed(
	name: string,
	parts: {
		readonly version?: number | bigint;
		readonly uid?: string;
		readonly metadata?: JsonObject;
		readonly spec?: JsonObject;
		readonly status?: JsonObject;
	} = {},
): Unstructured {
	const { version = 1, uid = `uid-${name}`, metadata, spec, status } = parts;
	return parseUnstructured({
		apiVersion: "vm.novasphere.dev/v1alpha1",
		kind: "Wukong",
		metadata: {
			name,
			namespace: "default",
			uid,
			resourceVersion: String(version),
			generation: 1,
			creationTimestamp: "2026-01-01T00:00:00Z",
			...metadata,
		},
		spec: { cpu: 2, memory: "4Gi", disks: [{ name: "root", size: "20Gi" }], ...spec },
		...(status && { status }),
	});
}
