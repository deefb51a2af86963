import { type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import type { FieldViolation } from "../../../failure.ts";
import type { Decoder } from "../../codec/codec.ts";
import { badRequest, type Refusal } from "../../refusals.ts";
import {
	type FieldTarget,
	isDecided,
	openParents,
	resolveField,
	toJsonText,
} from "./field-target.ts";
import { type QueryParameter, quotable } from "./query.ts";

/** Target of the parameters of a query. */
export interface QueryRule {
	readonly input: DescMessage;
	/** Reason why a query must not name a field, by the field's contract name; "" stands for all. */
	readonly taken: ReadonlyMap<string, string>;
}

/** Most violations that are told. */
const maxViolations = 100;

/** One field, and all values that a query has for it. */
interface Group {
	readonly target: FieldTarget;
	readonly values: { readonly key: string | undefined; readonly text: string }[];
}

/**
 * Sets the fields of a message that a query names (google/api/http.proto): nested ones by dots,
 * items of a list one by one, entries of a map as `labels[app]=web`. Nothing is given twice but
 * items of a list.
 */
export function bindQuery(
	message: Message,
	parameters: readonly QueryParameter[],
	{ rule, decoder }: { readonly rule: QueryRule; readonly decoder: Decoder },
): Refusal | undefined {
	const violations: FieldViolation[] = [];
	const groups = new Map<string, Group>();
	for (const { name, value } of parameters) {
		const target = resolveField(rule.input, name);
		const fault = typeof target === "string" ? target : takenBy(target, rule);
		if (fault !== undefined) violations.push({ field: quotable(name), description: fault });
		else addValue(groups, target as FieldTarget, value);
		if (violations.length === maxViolations) break;
	}
	if (violations.length > 0) return invalidParameters(violations);
	for (const group of groups.values()) {
		const refusal = setGroup(message, group, decoder);
		if (refusal !== undefined) return refusal;
	}
	return undefined;
}

function takenBy({ path }: FieldTarget, { taken }: QueryRule): string | undefined {
	const all = taken.get("");
	if (all !== undefined || taken.size === 0) return all;
	for (let end = path.length; end !== -1; end = path.lastIndexOf(".", end - 1)) {
		const found = taken.get(path.slice(0, end));
		if (found !== undefined) return found;
	}
	return undefined;
}

function addValue(groups: Map<string, Group>, target: FieldTarget, text: string): void {
	const group = groups.get(target.path) ?? { target, values: [] };
	groups.set(target.path, group);
	group.values.push({ key: target.mapKey, text });
}

function setGroup(message: Message, { target, values }: Group, decoder: Decoder) {
	const { field, path } = target;
	const invalid = (description: string) => invalidParameters([{ field: path, description }]);
	const [first] = values as [Group["values"][0]];
	const isPlural = field.fieldKind === "list" || field.fieldKind === "map";
	if (values.length > 1 && !isPlural) return invalid("is given twice");
	const holder = openParents(message, target.parents);
	if (holder === undefined || isDecided(field, holder)) {
		return invalid("is one of several of which one may be given");
	}
	if (field.scalar === ScalarType.STRING && !isPlural && field.oneof === undefined) {
		holder[field.localName] = first.text;
		return undefined;
	}
	const texts: string[] = [];
	for (const { key, text } of values) {
		const json = toJsonText(field, text);
		if (json === undefined)
			return invalid("is a message: name one of its fields, or send it in a body");
		texts.push(key === undefined ? json : `${JSON.stringify(key)}:${json}`);
	}
	const json = textOf(field.fieldKind, texts);
	const refusal = decoder.readField(field, json, holder as unknown as Message);
	// Text that is no JSON is one of the parameter, not of the request.
	if (refusal?.violations?.[0]?.field === "") return invalid("is to be JSON");
	return refusal && withinParents(refusal, target);
}

function textOf(kind: string, texts: readonly string[]): string {
	if (kind === "list") return `[${texts.join(",")}]`;
	return kind === "map" ? `{${texts.join(",")}}` : (texts[0] as string);
}

/** The decoder names fields from their own message on. */
function withinParents(refusal: Refusal, { parents }: FieldTarget): Refusal {
	const prefix = parents.map(({ name }) => `${name}.`).join("");
	const violations = refusal.violations?.map(({ field, description }) => ({
		field: prefix + field,
		description,
	}));
	return { ...refusal, ...(violations === undefined ? {} : { violations }) };
}

/** Refuses a request some of whose fields are at fault. */
export function invalidParameters(violations: readonly FieldViolation[]): Refusal {
	const [first] = violations;
	const where = first?.field === "" ? "the request" : `"${first?.field}"`;
	const message = `the request does not fit the contract: ${where} ${first?.description}`;
	return { ...badRequest("protocol", message), violations };
}
