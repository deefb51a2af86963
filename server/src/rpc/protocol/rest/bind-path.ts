import {
	create,
	type DescField,
	type DescMessage,
	type Message,
	ScalarType,
} from "@bufbuild/protobuf";
import type { Decoder } from "../../codec/codec.ts";
import type { Refusal } from "../../refusals.ts";
import type { Variables } from "../../router.ts";
import { invalidParameters } from "./bind-query.ts";
import {
	type FieldTarget,
	isDecided,
	openParents,
	resolveField,
	toJsonText,
} from "./field-target.ts";

/** A variable of a path template and its field. */
export interface BoundVariable {
	readonly name: string;
	readonly target: FieldTarget;
}

/**
 * Finds the field of a variable.
 * @throws RangeError where there is none, or it is no scalar (google/api/http.proto)
 */
export function bindVariable(input: DescMessage, name: string): BoundVariable {
	const target = resolveField(input, name);
	if (typeof target === "string") throw new RangeError(`path variable "${name}": ${target}`);
	if (target.field.fieldKind !== "scalar" && target.field.fieldKind !== "enum") {
		throw new RangeError(`path variable "${name}": is no scalar`);
	}
	return { name, target };
}

/**
 * Sets the fields that a path names. What the body says of them must be the same.
 */
export function bindPath(
	message: Message,
	bound: readonly BoundVariable[],
	{ variables, decoder }: { readonly variables: Variables; readonly decoder: Decoder },
): Refusal | undefined {
	for (const { name, target } of bound) {
		const text = variables[name] as string;
		const { parents, field, path } = target;
		const holder = parents.length === 0 ? asRecord(message) : openParents(message, parents);
		const refusal =
			holder === undefined
				? contradiction(path)
				: setVariable(holder, { field, path, text }, decoder);
		if (refusal !== undefined) return refusal;
	}
	return undefined;
}

function setVariable(
	holder: Record<string, unknown>,
	{
		field,
		path,
		text,
	}: { readonly field: DescField; readonly path: string; readonly text: string },
	decoder: Decoder,
): Refusal | undefined {
	const { localName, oneof } = field;
	if (oneof === undefined && field.scalar === ScalarType.STRING) {
		const given = holder[localName];
		if (given !== undefined && given !== "" && given !== text) return contradiction(path);
		holder[localName] = text;
		return undefined;
	}
	const given = create(field.parent);
	const refusal = decoder.readField(field, toJsonText(field, text) as string, given);
	if (refusal !== undefined) {
		const [violation] = refusal.violations ?? [];
		return violation === undefined
			? refusal
			: invalidParameters([{ field: path, description: violation.description }]);
	}
	const place = oneof?.localName ?? localName;
	const isGiven = oneof === undefined ? isSet(holder[localName]) : isDecided(field, holder);
	if (isGiven && !isEqual(holder[place], asRecord(given)[place])) return contradiction(path);
	holder[place] = asRecord(given)[place];
	return undefined;
}

function isSet(value: unknown): boolean {
	return value !== undefined && value !== 0 && value !== 0n && value !== false && value !== "0";
}

/** Compares scalars, or choices of a oneof with a scalar. */
function isEqual(one: unknown, other: unknown): boolean {
	if (one instanceof Uint8Array && other instanceof Uint8Array)
		return Buffer.compare(one, other) === 0;
	if (typeof one !== "object" || typeof other !== "object") return Object.is(one, other);
	const [a, b] = [one, other] as { case: string; value: unknown }[];
	return a?.case === b?.case && isEqual(a?.value, b?.value);
}

function asRecord(message: Message): Record<string, unknown> {
	return message as unknown as Record<string, unknown>;
}

function contradiction(path: string): Refusal {
	return invalidParameters([
		{ field: path, description: "is another one in the body than in the path" },
	]);
}
