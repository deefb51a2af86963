import type { DescField, DescMessage, JsonObject } from "@bufbuild/protobuf";
import type { FieldViolation } from "../../failure.ts";
import { fieldPath } from "../../resource/field-path.ts";
import type { WritableKind } from "./resource-kind.ts";
import { isJsonObject, objectAt, textAt } from "./unstructured.ts";

/** Names of the object and its fields in a request. */
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

/**
 * Names the field of a cause. A duplicate name is reported for the entry; what is wrong there is the
 * name.
 */
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

/** The longest text of a rule that is passed on, in characters. */
const maxRuleTextLength = 256;

/** Matches who refused, which callers need not know; only the reason is passed on. */
const refuser =
	/^.*?(?:admission webhook "[^"]*" denied the request|ValidatingAdmissionPolicy '[^']*' with binding '[^']*' denied request)(?:: | without explanation)?/s;

/**
 * Beginnings of a cause's message, by its reason, and whether the value follows. Source:
 * field.Error in https://pkg.go.dev/k8s.io/apimachinery/pkg/util/validation/field
 */
const openings: ReadonlyMap<string, readonly [words: string, hasValue: boolean]> = new Map(
	Object.entries<readonly [words: string, hasValue: boolean]>({
		FieldValueInvalid: ["Invalid value", true],
		FieldValueTypeInvalid: ["Invalid value", true],
		FieldValueNotSupported: ["Unsupported value", true],
		FieldValueDuplicate: ["Duplicate value", true],
		FieldValueNotFound: ["Not found", true],
		FieldValueTooMany: ["Too many", true],
		FieldValueTooLong: ["Too long", false],
		FieldValueRequired: ["Required value", false],
		FieldValueForbidden: ["Forbidden", false],
	}),
);

/** Our own text where the rule has none. */
const ownWords: ReadonlyMap<string, string> = new Map(
	Object.entries<string>({
		FieldValueRequired: "is required",
		FieldValueDuplicate: "is used twice",
	}),
);

const noWords = "breaks a rule of the cluster";

/**
 * Extracts the rule's own text from one cause of a refusal: without who refused, and without the value that
 * was refused, which may be anything.
 * @param secrets credentials that a rule may have seen; a text that holds one is not passed on.
 */
export function causeText(cause: JsonObject, secrets: readonly string[]): string {
	const [reason, field] = [textAt(cause, "reason"), textAt(cause, "field")];
	const text = detailOf(textAt(cause, "message").replace(refuser, ""), reason);
	const words = text.startsWith(`${field} in body `)
		? text.slice(`${field} in body `.length)
		: text;
	return told(words, secrets) ?? ownWords.get(reason) ?? noWords;
}

/**
 * Extracts an admission rule's own text from a refusal that has no causes. A message that is not plainly
 * such a rule's may hold anything and is not passed on.
 */
export function refusalText(message: unknown, secrets: readonly string[]): string {
	if (typeof message !== "string" || !refuser.test(message)) return noWords;
	return told(message.replace(refuser, ""), secrets) ?? noWords;
}

/** @returns undefined for what is empty or must not be shown. */
function told(text: string, secrets: readonly string[]): string | undefined {
	if (text === "" || repeatsSecret(text, secrets)) return undefined;
	return text.slice(0, maxRuleTextLength);
}

/** Checks whether a text holds one of the secrets, as it is or as the API server would quote it. */
export function repeatsSecret(text: string, secrets: readonly string[]): boolean {
	return secrets.some(
		(secret) => text.includes(secret) || text.includes(JSON.stringify(secret).slice(1, -1)),
	);
}

/**
 * Returns the text after the standard opening; a webhook may give a reason and begin its text
 * differently.
 */
function detailOf(message: string, reason: string): string {
	const [words, hasValue] = openings.get(reason) ?? ["", false];
	if (words === "" || !message.startsWith(words)) return message;
	const rest = message.slice(words.length).replace(/^: /, "");
	return hasValue ? afterValue(rest) : rest;
}

/**
 * Returns what follows a value, as in `"4 GB": should match…`; empty where nothing does. Numbers, quoted
 * texts, JSON and Go's own forms of maps and structs end at the first colon outside of all quotes
 * and brackets.
 */
function afterValue(text: string): string {
	let depth = 0;
	for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}()"]|: /gs)) {
		if (token === ": " && depth === 0) return text.slice(index + token.length);
		// A quote that does not end: nobody knows where the value does.
		if (token === '"') return "";
		if ("[{(".includes(token)) depth++;
		else if ("]})".includes(token)) depth--;
	}
	return "";
}
