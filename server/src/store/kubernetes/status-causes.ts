import type { DescField, DescMessage, JsonObject } from "@bufbuild/protobuf";
import type { FieldViolation } from "../../failure.ts";
import { fieldPath } from "../../resource/field-path.ts";
import { causeText, refusalText } from "./admission-message.ts";
import type { WritableKind } from "./resource-kind.ts";
import { isJsonObject, objectAt } from "./unstructured.ts";

/** How a request names the object and its fields. */
type RequestNames = WritableKind<never, never>["request"];

/**
 * Converts a refusal by a schema or an admission rule to violations of the request's fields.
 * @param secrets credentials in what was sent; a text that repeats one is not passed on.
 */
export function violationsIn(
	status: JsonObject,
	secrets: readonly string[],
	request: RequestNames,
): FieldViolation[] {
	const { causes } = objectAt(status, "details");
	const found = (Array.isArray(causes) ? causes : []).filter(isJsonObject);
	if (found.length === 0) {
		return [{ field: request.field, description: refusalText(status.message, secrets) }];
	}
	// The API server adds it beside a cause that stopped other rules from being checked.
	const telling = found.filter(({ field }) => field !== "<nil>");
	return (telling.length > 0 ? telling : found).map((cause) => ({
		field: causePath(cause, request),
		description: causeText(cause, secrets),
	}));
}

/** Names the field of a cause. A duplicate name is told of the entry; what is wrong there is the name. */
function causePath({ reason, field }: JsonObject, request: RequestNames): string {
	const path = typeof field === "string" ? field : "";
	const entry = reason === "FieldValueDuplicate" && path.endsWith("]");
	return contractPath(entry ? `${path}.name` : path, request);
}

/**
 * Returns the contract's name for a field of the resource: `spec.networks[0].nodeIP` is
 * `wukong.spec.networks[0].node_ip`. What the contract does not know is named by its parent.
 */
export function contractPath(path: string, request: RequestNames): string {
	let schema: DescMessage | undefined = request.schema;
	let result = request.field;
	// A key in brackets may hold dots.
	for (const part of path.replace(/^metadata\./, "").match(/[^.[]+(?:\[[^\]]*\])*/g) ?? []) {
		const [name = ""] = part.split("[", 1);
		const field: DescField | undefined = schema?.fields.find((f) => f.jsonName === name);
		if (field === undefined) break;
		result += `.${field.name}${part.slice(name.length)}`;
		schema = "message" in field ? field.message : undefined;
	}
	return fieldPath(result);
}
