import type { JsonObject } from "@bufbuild/protobuf";
import { type Wukong, WukongSchema } from "@novasphere/wukong-gen/wukong";
import type { FieldViolation } from "../../../failure.ts";
import { contractPath } from "../status-causes.ts";
import { isPublicOperator, operatorLimits } from "./operator-limits.ts";
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
