import { type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf";
import { type WukongStatus, WukongStatusSchema } from "@novasphere/wukong-gen/wukong";
import { isJsonObject } from "../unstructured.ts";

/**
 * A status as the resource has it: the contract's JSON without the power state, which is derived,
 * and with the 64-bit numbers of the conditions as numbers.
 */
export function statusJson(status: WukongStatus): JsonObject {
	const { powerState: _, ...json } = toJson(WukongStatusSchema, status) as JsonObject;
	const conditions = Array.isArray(json.conditions) ? json.conditions : [];
	return { ...json, conditions: conditions.map(conditionJson) };
}

function conditionJson(condition: JsonValue): JsonValue {
	if (!isJsonObject(condition)) return condition;
	return { ...condition, observedGeneration: Number(condition.observedGeneration ?? 0) };
}
