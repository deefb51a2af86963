import type { JsonObject } from "@bufbuild/protobuf";
import { type Network, type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import type { FieldViolation } from "../../../failure.ts";
import { contractPath } from "../status-causes.ts";
import { prunedFields, type SchemaNode, schemaAt } from "./resource-schema.ts";

const pruned = "is not known to the cluster's definition of the resource, which drops it";

/**
 * Lists the fields that are taken without the effect they should have: those that the cluster drops,
 * then those that its operator ignores or fails on.
 * @param spec of the resource, as it is sent
 * @param schema undefined: the cluster does not tell, so nothing is known
 */
export function warningsOf(
	wukong: Wukong,
	spec: JsonObject,
	schema: SchemaNode | undefined,
): FieldViolation[] {
	const specSchema = schema && schemaAt(schema, "spec");
	if (schema === undefined || specSchema === undefined) return [];
	const request = { field: "wukong", schema: WukongSchema };
	const dropped = prunedFields(specSchema, spec, "spec").map((path) => ({
		field: contractPath(path, request),
		description: pruned,
	}));
	if (!isPublicOperator(schema)) return dropped;
	const names = new Set(dropped.map(({ field }) => field));
	return [...dropped, ...operatorLimits(wukong).filter(({ field }) => !names.has(field))];
}

/**
 * Tells the public operator by the schema that it brings: it has `restoreFromSnapshot` and, unlike the
 * definition in `deploy/crd`, no `nodeIP`. What it does with a field is known as of its commit 437e853.
 */
function isPublicOperator(schema: SchemaNode): boolean {
	return (
		schemaAt(schema, "spec", "restoreFromSnapshot") !== undefined &&
		schemaAt(schema, "spec", "networks", "nodeIP") === undefined
	);
}

const ignored = "is stored, but the operator does not act on it";
const failing = "is stored, but the operator cannot do it: the VM's phase becomes Error";
const noInterface = "is stored, but the operator makes no interface of this type";

/** Lists the fields that the public operator takes and ignores, or fails on. */
function operatorLimits({ spec }: Wukong): FieldViolation[] {
	const found: FieldViolation[] = [];
	const note = (isSet: unknown, field: string, description: string) => {
		if (isSet) found.push({ field: `wukong.spec.${field}`, description });
	};
	note(spec?.osImage, "os_image", ignored);
	note(spec?.restoreFromSnapshot, "restore_from_snapshot", ignored);
	note(spec?.startStrategy?.runStrategy, "start_strategy.run_strategy", ignored);
	const { restartPolicy, antiAffinity, tolerations = [] } = spec?.highAvailability ?? {};
	note(restartPolicy, "high_availability.restart_policy", ignored);
	note(antiAffinity, "high_availability.anti_affinity", ignored);
	for (const [index, { tolerationSeconds }] of tolerations.entries()) {
		const field = `high_availability.tolerations[${index}].toleration_seconds`;
		note(tolerationSeconds !== undefined, field, ignored);
	}
	for (const [index, { boot }] of (spec?.disks ?? []).entries()) {
		note(boot, `disks[${index}].boot`, ignored);
	}
	for (const [index, network] of (spec?.networks ?? []).entries()) {
		for (const [field, description] of networkLimits(network)) {
			note(true, `networks[${index}].${field}`, description);
		}
	}
	return found;
}

function networkLimits(network: Network): [field: string, description: string][] {
	const { name, type, nadName, vlanId, physicalInterface, ipConfig } = network;
	const found: [string, string][] = [];
	if (ipConfig?.mode === "static") found.push(["ip_config", failing]);
	if (vlanId !== undefined) found.push(["vlan_id", failing]);
	// The pod's own network needs none of these, and an attachment of its own has them already.
	if (name === "default") return found;
	if (type === "macvlan" || type === "sriov") found.push(["type", noInterface]);
	if (type === "" || type === "bridge") {
		if (physicalInterface === "" && nadName === "") {
			found.push(["physical_interface", `is not set: ${failing}`]);
		}
	}
	return found;
}
