import { type DescMessage, getOption, type Message } from "@bufbuild/protobuf";
import { isReflectMessage, pathToString, reflect } from "@bufbuild/protobuf/reflect";
import { createValidator, type Violation } from "@bufbuild/protovalidate";
import { FieldRulesSchema, field } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import type { ContextValues, Interceptor } from "@connectrpc/connect";
import { type Failure, type FieldViolation, invalidRequest } from "../../failure.ts";
import { fieldPath } from "../../resource/field-path.ts";
import { invalidWukong } from "../../resource/wukong/failures.ts";
import { callTarget, targetOf } from "./call-target.ts";
import { contractPatterns, createRegexMatch } from "./contract-patterns.ts";
import { findExcess } from "./entry-limit.ts";

/** Most violations that are reported; the rest would be cut from the answer anyway. */
const maxViolations = 100;

/**
 * Creates the interceptor that checks each request against the field rules of the contract before
 * the service gets it, and sets `callTarget`, the VM that it names. Violations inside `wukong` are
 * INVALID_WUKONG, any other INVALID_REQUEST.
 * @param defaultNamespace stands in for an empty namespace in the target
 */
export function createValidateInterceptor(defaultNamespace: string): Interceptor {
	const validateMessage = createMessageCheck();
	const check = (schema: DescMessage, message: Message, values: ContextValues): void => {
		values.set(callTarget, targetOf(message, defaultNamespace));
		validateMessage(schema, message);
	};
	return (next) => (request) => {
		const { method, contextValues } = request;
		if (!request.stream) {
			check(method.input, request.message, contextValues);
			return next(request);
		}
		const messages = request.message;
		async function* checked() {
			for await (const message of messages) {
				check(method.input, message, contextValues);
				yield message;
			}
		}
		return next({ ...request, message: checked() });
	};
}

/**
 * Creates the check of one message against the field rules of the contract.
 * @returns a function that throws INVALID_REQUEST or INVALID_WUKONG
 */
export function createMessageCheck(): (schema: DescMessage, message: Message) => void {
	const validator = createValidator({ regexMatch: createRegexMatch() });
	return (schema, message) => {
		checkEntries(schema, message);
		const result = validator.validate(schema, message);
		if (result.kind === "error") throw result.error;
		if (result.kind === "invalid") {
			throw invalid(result.violations.slice(0, maxViolations).map(toFieldViolation));
		}
	};
}

/** Comes before all rules: checking too many entries, or too long a text, is what must not happen. */
function checkEntries(schema: DescMessage, message: Message): void {
	const found = findExcess(reflect(schema, message));
	if (found !== undefined) throw invalid([{ ...found, field: fieldPath(found.field) }]);
}

function invalid(violations: readonly FieldViolation[]): Failure {
	return violations.every(({ field }) => field.startsWith("wukong."))
		? invalidWukong(violations)
		: invalidRequest(...violations);
}

/** Converts the validator's violation of a field rule into what the caller gets. */
function toFieldViolation(violation: Violation): FieldViolation {
	const subject = violation.forKey ? "the key " : "";
	return {
		field: fieldPath(pathToString(violation.field)),
		description: `${subject}${descriptionOf(violation)}`,
	};
}

/** Describes a pattern in plain words, with the pattern beside them where nothing else is checked. */
function descriptionOf(violation: Violation): string {
	if (violation.ruleId !== "string.pattern") return violation.message;
	const known = contractPatterns.get(String(ruleValue(violation)));
	if (known === undefined) return violation.message;
	const wanted = `is to be ${known.words}`;
	return known.matches === undefined ? `${wanted}; it ${violation.message}` : wanted;
}

/** Returns the value that the contract gives the violated rule. */
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
