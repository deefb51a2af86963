import { type DescField, getOption, hasOption } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import * as validate from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import type { Schema } from "./schema.ts";

/** Keywords of JSON Schema for the parts of a field. */
export interface Constraints {
	readonly value: Schema;
	readonly list: Schema;
	readonly items: Schema;
	readonly map: Schema;
	/** undefined: any key. */
	readonly keys: Schema | undefined;
	readonly values: Schema;
}

/**
 * Translates the validation rules of a field. What JSON Schema cannot say, as the bounds of a
 * duration, is left to the comment of the field.
 */
export function constraintsOf(rules: validate.FieldRules | undefined): Constraints {
	const none = { value: {}, list: {}, items: {}, map: {}, keys: undefined, values: {} };
	if (rules === undefined) return none;
	switch (rules.type.case) {
		case "repeated": {
			const { minItems, maxItems, unique, items } = rules.type.value;
			const list = defined({ minItems: size(minItems), maxItems: size(maxItems) });
			const uniqueItems = unique ? { uniqueItems: true } : {};
			return { ...none, list: { ...list, ...uniqueItems }, items: constraintsOf(items).value };
		}
		case "map": {
			const { minPairs, maxPairs, keys, values } = rules.type.value;
			return {
				...none,
				map: defined({ minProperties: size(minPairs), maxProperties: size(maxPairs) }),
				keys: keys === undefined ? undefined : constraintsOf(keys).value,
				values: constraintsOf(values).value,
			};
		}
		case undefined:
			return none;
		default:
			return { ...none, value: scalarConstraints(rules.type) };
	}
}

/** Checks whether a request is refused where it leaves the field out. */
export function isRequired(field: DescField): boolean {
	if (!hasOption(field, validate.field)) return false;
	const rules = getOption(field, validate.field);
	if (rules.required) return true;
	if (rules.ignore === validate.Ignore.IF_ZERO_VALUE) return false;
	if (field.fieldKind !== "scalar" || field.presence !== FeatureSet_FieldPresence.IMPLICIT)
		return false;
	if (rules.type.case !== "string") return false;
	const { pattern, minLen, in: words } = rules.type.value;
	const fits = pattern === undefined || pattern === "" || new RegExp(pattern, "u").test("");
	return !fits || (minLen ?? 0n) > 0n || (words.length > 0 && !words.includes(""));
}

function scalarConstraints(type: validate.FieldRules["type"]): Schema {
	switch (type.case) {
		case "string": {
			const { minLen, maxLen, pattern, in: words } = type.value;
			return defined({
				minLength: size(minLen),
				maxLength: size(maxLen),
				pattern: pattern === "" ? undefined : pattern,
				enum: words.length === 0 ? undefined : words,
			});
		}
		case "int32":
		case "uint32":
		case "double":
		case "float": {
			const { greaterThan, lessThan } = type.value;
			return defined({
				minimum: greaterThan.case === "gte" ? greaterThan.value : undefined,
				exclusiveMinimum: greaterThan.case === "gt" ? greaterThan.value : undefined,
				maximum: lessThan.case === "lte" ? lessThan.value : undefined,
				exclusiveMaximum: lessThan.case === "lt" ? lessThan.value : undefined,
			});
		}
		default:
			return {};
	}
}

function size(value: bigint | undefined): number | undefined {
	return value === undefined || value === 0n ? undefined : Number(value);
}

function defined(schema: Schema): Schema {
	return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}
