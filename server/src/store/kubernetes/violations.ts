import type { DescField, DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { WukongSchema } from "@novasphere/wukong-gen/wukong";
import type { FieldViolation } from "../../failure.ts";
import { fieldPath } from "../../resource/field-path.ts";
import { isJsonObject, objectAt } from "./raw-wukong.ts";

/** The longest text of a cluster's rule that is passed on, in characters. */
const maxRuleTextLength = 256;

/** Who refused is the cluster's business; only why is told. */
const refusers =
	/^.*?(?:admission webhook "[^"]*" denied the request|ValidatingAdmissionPolicy '[^']*' with binding '[^']*' denied request)(?:: | without explanation)?/s;

const noWords = "breaks a rule of the cluster";

/**
 * What a refusal by a schema or an admission rule says about the request's fields.
 * @param secrets credentials in what was sent; a text that repeats one is not passed on.
 */
export function violationsIn(status: JsonObject, secrets: readonly string[]): FieldViolation[] {
	const { causes } = objectAt(status, "details");
	const found = (Array.isArray(causes) ? causes : []).filter(isJsonObject);
	if (found.length === 0) {
		return [{ field: "wukong", description: ruleText(status.message, secrets) }];
	}
	return found.map(({ field, message }) => ({
		field: contractPath(typeof field === "string" ? field : ""),
		description: ruleText(message, secrets),
	}));
}

function ruleText(message: JsonValue | undefined, secrets: readonly string[]): string {
	const text = typeof message === "string" ? message.replace(refusers, "") : "";
	const leaks = secrets.some((secret) => text.includes(secret) || text.includes(inJson(secret)));
	return text === "" || leaks ? noWords : text.slice(0, maxRuleTextLength);
}

/** As the API server would quote it. */
function inJson(secret: string): string {
	return JSON.stringify(secret).slice(1, -1);
}

/**
 * The contract's name for a field of the resource: `spec.networks[0].nodeIP` is
 * `wukong.spec.networks[0].node_ip`. What the contract does not know is named by its parent.
 */
export function contractPath(path: string): string {
	let schema: DescMessage | undefined = WukongSchema;
	let result = "wukong";
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
