import { getOption } from "@bufbuild/protobuf";
import { isReflectMessage, pathToString, reflect } from "@bufbuild/protobuf/reflect";
import type { Violation } from "@bufbuild/protovalidate";
import { FieldRulesSchema, field } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import type { FieldViolation } from "../../failure.ts";
import { fieldPath } from "../../resource/field-path.ts";
import { contractPatterns } from "./contract-patterns.ts";

/** What a caller is told of a broken field rule. */
export function toFieldViolation(violation: Violation): FieldViolation {
	const subject = violation.forKey ? "the key " : "";
	return {
		field: fieldPath(pathToString(violation.field)),
		description: `${subject}${descriptionOf(violation)}`,
	};
}

/** A pattern is told in plain words, and stands beside them where it is all that is judged. */
function descriptionOf(violation: Violation): string {
	if (violation.ruleId !== "string.pattern") return violation.message;
	const known = contractPatterns.get(String(ruleValue(violation)));
	if (known === undefined) return violation.message;
	const wanted = `is to be ${known.words}`;
	return known.matches === undefined ? `${wanted}; it ${violation.message}` : wanted;
}

/** What the contract says for the rule that is broken. */
function ruleValue({ field: path, rule }: Violation): unknown {
	const judged = path.findLast((step) => step.kind === "field");
	if (judged === undefined) return undefined;
	let value: unknown = reflect(FieldRulesSchema, getOption(judged, field));
	for (const step of rule) {
		if (step.kind !== "field" || !isReflectMessage(value)) return undefined;
		value = value.get(step);
	}
	return value;
}
