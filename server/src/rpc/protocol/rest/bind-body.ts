import { create, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import { type FieldMask, FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import type { Decoder } from "../../codec/codec.ts";
import type { Refusal } from "../../refusals.ts";
import { invalidParameters } from "./bind-query.ts";
import { findField, hasOwnForm } from "./field-target.ts";

/** What the body of a request is. */
export type BodyRule =
	| { readonly kind: "none" }
	| { readonly kind: "message" }
	| {
			readonly kind: "field";
			readonly field: DescField;
			/** Mask that says which fields of it are meant; undefined: the request has none. */
			readonly mask: DescField | undefined;
	  };

/**
 * Reads the body of an HTTP rule.
 * @throws RangeError where it names no field of the message itself
 */
export function createBodyRule(input: DescMessage, body: string): BodyRule {
	if (body === "") return { kind: "none" };
	if (body === "*") return { kind: "message" };
	const field = findField(input, body);
	if (field === undefined) throw new RangeError(`body "${body}": there is no such field`);
	const isContent = field.fieldKind === "message" && !hasOwnForm(field.message);
	const mask = isContent ? findField(input, "update_mask") : undefined;
	const isMask =
		mask?.fieldKind === "message" && mask.message.typeName === FieldMaskSchema.typeName;
	return { kind: "field", field, mask: isMask ? mask : undefined };
}

/** Binding of a body to the request message. */
export interface BodyReading {
	readonly body: BodyRule;
	readonly input: DescMessage;
	readonly httpMethod: string;
}

/** A message with what the body says, and the mask that stands where the request names none. */
export interface BodyMessage {
	readonly message: Message;
	readonly mask: FieldMask | undefined;
}

/** Reads the body of a request into a new message. */
export function readBody(
	bytes: Buffer,
	reading: BodyReading,
	decoder: Decoder,
): BodyMessage | Refusal {
	const { body: rule, input } = reading;
	const isEmpty = isBlank(bytes);
	if (rule.kind === "none") {
		return isEmpty ? { message: create(input), mask: undefined } : noBody;
	}
	if (rule.kind === "message") {
		if (isEmpty) return { message: create(input), mask: undefined };
		const decoded = decoder.decode(input, bytes, "json");
		return "refusal" in decoded ? decoded.refusal : { message: decoded.message, mask: undefined };
	}
	const { field } = rule;
	if (isEmpty) {
		return invalidParameters([{ field: field.name, description: "is the body, which is missing" }]);
	}
	return readField(bytes, { ...reading, ...rule }, decoder);
}

function readField(
	bytes: Buffer,
	{ field, mask, input, httpMethod }: BodyReading & Extract<BodyRule, { kind: "field" }>,
	decoder: Decoder,
): BodyMessage | Refusal {
	const message = create(input);
	if (mask !== undefined && httpMethod === "PATCH") {
		const paths = decoder.readPatch(field, bytes, message);
		return "cause" in paths ? paths : { message, mask: createDerivedMask(paths) };
	}
	const refusal = decoder.readField(field, bytes, message);
	if (refusal !== undefined) return refusal;
	return { message, mask: mask && httpMethod === "PUT" ? createDerivedMask(["*"]) : undefined };
}

const derived = Symbol("derived from the request");

function createDerivedMask(paths: readonly string[]): FieldMask {
	const mask = create(FieldMaskSchema, { paths: [...paths] });
	return Object.defineProperty(mask, derived, { value: true });
}

/**
 * Checks whether a mask was made of a request's method and body. Its paths were never text of JSON,
 * so that they name any key of a map.
 */
export function isDerivedMask(mask: object): boolean {
	return derived in mask;
}

const noBody: Refusal = invalidParameters([
	{ field: "", description: "has a body, of which nothing would be taken; use the query" },
]);

/** White space of JSON alone. */
function isBlank(bytes: Buffer): boolean {
	return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}
