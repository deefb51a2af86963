import type { DescMessage, Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import type { ContextValues, Interceptor } from "@connectrpc/connect";
import { type Failure, type FieldViolation, invalidRequest } from "../../failure.ts";
import { fieldPath } from "../../resource/field-path.ts";
import { invalidWukong } from "../../resource/wukong/failures.ts";
import { callTarget, targetOf } from "./call-target.ts";
import { findExcess } from "./entry-limit.ts";
import { toFieldViolation } from "./field-violation.ts";
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
 * A check of one message against the field rules of the contract.
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

/** Before any rule is: judging too many entries, or too long a text, is what must not happen. */
function checkEntries(schema: DescMessage, message: Message): void {
	const found = findExcess(reflect(schema, message));
	if (found !== undefined) throw invalid([{ ...found, field: fieldPath(found.field) }]);
}

function invalid(violations: readonly FieldViolation[]): Failure {
	return violations.every(({ field }) => field.startsWith("wukong."))
		? invalidWukong(violations)
		: invalidRequest(...violations);
}
