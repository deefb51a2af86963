import type { JsonObject } from "@bufbuild/protobuf";

/** Type of one field; an object has fields of its own, an array one type of all entries. */
export type FieldType =
	| "boolean"
	| "integer"
	| "string"
	| "texts by name"
	| readonly [FieldType]
	| { readonly [name: string]: FieldType };

/** The fields that the public operator's definition of a Wukong has, as of its commit 437e853. */
export const operatorFields = {
	spec: {
		cpu: "integer",
		memory: "string",
		osImage: "string",
		sshKeySecret: "string",
		restoreFromSnapshot: "string",
		cloudInitUser: {
			name: "string",
			password: "string",
			passwordHash: "string",
			sudo: "string",
			shell: "string",
			groups: ["string"],
			lockPasswd: "boolean",
		},
		disks: [
			{
				name: "string",
				size: "string",
				storageClassName: "string",
				boot: "boolean",
				image: "string",
			},
		],
		networks: [
			{
				name: "string",
				type: "string",
				nadName: "string",
				vlanId: "integer",
				bridgeName: "string",
				physicalInterface: "string",
				primary: "boolean",
				ipConfig: {
					mode: "string",
					address: "string",
					gateway: "string",
					dnsServers: ["string"],
				},
			},
		],
		gpus: [{ name: "string", deviceName: "string" }],
		highAvailability: {
			restartPolicy: "string",
			antiAffinity: "boolean",
			nodeSelector: "texts by name",
			tolerations: [
				{
					key: "string",
					operator: "string",
					value: "string",
					effect: "string",
					tolerationSeconds: "integer",
				},
			],
		},
		startStrategy: { runStrategy: "string", autoStart: "boolean" },
	},
	status: {
		phase: "string",
		vmName: "string",
		nodeName: "string",
		conditions: [
			{
				type: "string",
				status: "string",
				reason: "string",
				message: "string",
				lastTransitionTime: "string",
				observedGeneration: "integer",
			},
		],
		networks: [
			{
				name: "string",
				interface: "string",
				ipAddress: "string",
				macAddress: "string",
				nadName: "string",
				primary: "boolean",
			},
		],
		volumes: [{ name: "string", pvcName: "string", bound: "boolean", size: "string" }],
	},
} as const satisfies FieldType;

/** The fields that it requires, by the path of their object. */
const required: Readonly<Record<string, readonly string[]>> = {
	"": ["spec"],
	".spec": ["cpu", "memory"],
	".spec.disks": ["name", "size", "storageClassName"],
	".spec.networks": ["name"],
	".spec.networks.ipConfig": ["mode"],
	".spec.gpus": ["name", "deviceName"],
	".spec.cloudInitUser": ["name"],
	".status.conditions": ["type", "status", "reason", "message", "lastTransitionTime"],
	".status.networks": ["name"],
	".status.volumes": ["name"],
};

/** Its words for `status.phase`. */
const phases = ["Pending", "Creating", "Running", "Stopped", "Error"];

/** The schema of its definition. It has no defaults: its webhook, where that is on, fills them in. */
export const operatorSchema: JsonObject = schemaOf(operatorFields, "");

function schemaOf(type: FieldType, path: string): JsonObject {
	if (type === "texts by name") {
		return { type: "object", additionalProperties: { type: "string" } };
	}
	if (path === ".status.phase") return { type: "string", enum: phases };
	if (typeof type === "string") return { type };
	if (isList(type)) return { type: "array", items: schemaOf(type[0], path) };
	const names = required[path];
	return {
		type: "object",
		...(names && { required: [...names] }),
		properties: Object.fromEntries(
			Object.entries(type).map(([name, inner]) => [name, schemaOf(inner, `${path}.${name}`)]),
		),
	};
}

function isList(type: FieldType): type is readonly [FieldType] {
	return Array.isArray(type);
}

/** The document that an API server gives of it at `/openapi/v3/apis/vm.novasphere.dev/v1alpha1`. */
export function openApiDocument(schema: JsonObject): JsonObject {
	const gvk = { group: "vm.novasphere.dev", version: "v1alpha1", kind: "Wukong" };
	return {
		openapi: "3.0.0",
		components: {
			schemas: {
				"dev.novasphere.vm.v1alpha1.Wukong": {
					...schema,
					"x-kubernetes-group-version-kind": [gvk],
				},
			},
		},
	};
}
