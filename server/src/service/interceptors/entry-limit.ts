import { type DescField, ScalarType } from "@bufbuild/protobuf";
import type { ReflectMessage } from "@bufbuild/protobuf/reflect";
import type { FieldViolation } from "../../failure.ts";

/**
 * Most entries that all lists and maps of one request may hold together. Each one is checked
 * against its field rules, which costs microseconds; an empty one takes two bytes, so that a message
 * within its size limit could hold a million, and hold up every other call for seconds.
 */
export const maxRequestEntries = 2_000;

/**
 * Longest text that is checked, in UTF-16 units; values of maps have limits of their own. No rule of
 * the contract allows more than 4,096, and a rule on a length counts characters one by one; a status
 * that is sent back, whose texts have no rule, may hold an operator's messages.
 */
const maxTextLength = 64 * 1_024;

const tooMany = `the lists and maps of a request hold at most ${maxRequestEntries} entries in all`;
const tooLong = "is longer than any text here may be";

/**
 * Finds the list or map at which a message exceeds the limit, or the text that is too long. Visits no
 * more entries than the limit allows.
 * @param budget rest of the limit; is changed
 * @returns undefined where the message keeps both limits
 */
export function findExcess(
	message: ReflectMessage,
	budget: { left: number } = { left: maxRequestEntries },
): FieldViolation | undefined {
	for (const field of message.fields) {
		if (!message.isSet(field)) continue;
		const found = excessIn(message, field, budget);
		if (found !== undefined) return found;
	}
	return undefined;
}

function excessIn(
	message: ReflectMessage,
	field: DescField,
	budget: { left: number },
): FieldViolation | undefined {
	const { name } = field;
	switch (field.fieldKind) {
		case "scalar":
			return field.scalar === ScalarType.STRING && isTooLong(message.get(field))
				? { field: name, description: tooLong }
				: undefined;
		case "message":
			return within(name, findExcess(message.get(field), budget));
		case "list": {
			const list = message.get(field);
			budget.left -= list.size;
			if (budget.left < 0) return { field: name, description: tooMany };
			let index = 0;
			for (const entry of list) {
				const place = `${name}[${index++}]`;
				if (field.listKind === "message") {
					const found = within(place, findExcess(entry as ReflectMessage, budget));
					if (found !== undefined) return found;
				} else if (isTooLong(entry)) return { field: place, description: tooLong };
			}
			return undefined;
		}
		case "map": {
			// Maps of the contract hold no messages.
			const map = message.get(field);
			budget.left -= map.size;
			if (budget.left < 0) return { field: name, description: tooMany };
			for (const key of map.keys()) {
				if (isTooLong(key)) return { field: name, description: `has a key that ${tooLong}` };
			}
			return undefined;
		}
		default:
			return undefined;
	}
}

function isTooLong(value: unknown): boolean {
	return typeof value === "string" && value.length > maxTextLength;
}

function within(part: string, found: FieldViolation | undefined): FieldViolation | undefined {
	return found && { ...found, field: `${part}.${found.field}` };
}
