import type { DescMessage, Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator, type Violation } from "@bufbuild/protovalidate";
import type { ContextValues, Interceptor } from "@connectrpc/connect";
import { type FieldViolation, invalidRequest, invalidWukong } from "../failure.ts";
import { fieldPath } from "../resource/field-path.ts";
import { callSubject, subjectOf } from "./call-subject.ts";
import { createRegexMatch } from "./regex-match.ts";

/** Violations that are reported; the rest would be cut from the answer anyway. */
const maxViolations = 100;

/**
 * Judges each request by the field rules of the contract before the service sees it, and notes
 * which VM it names. Violations inside `wukong` are INVALID_WUKONG, any other INVALID_REQUEST.
 * @param defaultNamespace stands in for an empty namespace in what is noted
 */
export function createValidateInterceptor(defaultNamespace: string): Interceptor {
	const validateMessage = createMessageCheck();
	const check = (schema: DescMessage, message: Message, values: ContextValues): void => {
		values.set(callSubject, subjectOf(message, defaultNamespace));
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
 * A check of one message against the field rules of the contract.
 * @returns a function that throws INVALID_REQUEST or INVALID_WUKONG
 */
export function createMessageCheck(): (schema: DescMessage, message: Message) => void {
	const validator = createValidator({ regexMatch: createRegexMatch() });
	return (schema, message) => {
		const result = validator.validate(schema, message);
		if (result.kind === "valid") return;
		if (result.kind === "error") throw result.error;
		const violations = result.violations.slice(0, maxViolations).map(toFieldViolation);
		if (violations.every(({ field }) => field.startsWith("wukong."))) {
			throw invalidWukong(violations);
		}
		throw invalidRequest(...violations);
	};
}

function toFieldViolation(violation: Violation): FieldViolation {
	const subject = violation.forKey ? "the key " : "";
	return {
		field: fieldPath(pathToString(violation.field)),
		description: `${subject}${violation.message}`,
	};
}
