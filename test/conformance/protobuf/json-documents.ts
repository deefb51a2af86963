import type { DescField, DescMessage } from "@bufbuild/protobuf";
import {
	base64Text,
	durationText,
	maskText,
	numberText,
	stringToken,
	timeText,
} from "./json-texts.ts";
import type { Pick as PickOne } from "./picks.ts";

const jsonTokens = [
	"null",
	"true",
	"false",
	"[]",
	"{}",
	'""',
	"0",
	"[null]",
	"[[]]",
	'{"a":1}',
	"nul",
	"True",
	"'a'",
	"undefined",
	"",
];

/** A value that fits the field's type, or nearly. */
function valueText(field: FieldType, pick: PickOne, depth: number): string {
	const { is, oneOf } = pick;
	if (is(0.06)) return oneOf(jsonTokens);
	if (is(0.05)) return numberText(pick);
	const quoted = (text: string) => (is(0.98) ? JSON.stringify(text) : text);
	const { message, enum: enumeration, scalar } = field;
	if (enumeration !== undefined) {
		const name = oneOf([...enumeration.values.map((value) => value.name), "calm", "UNKNOWN", "0"]);
		return is(0.7)
			? JSON.stringify(name)
			: is(0.5)
				? oneOf(["0", "1", "-1", "2", "99", "1.0", "1e0", "null"])
				: numberText(pick);
	}
	if (message === undefined) return scalarText(scalar, pick);
	switch (message.typeName.replace("google.protobuf.", "")) {
		case "Timestamp":
			return quoted(timeText(pick));
		case "Duration":
			return quoted(durationText(pick));
		case "FieldMask":
			return quoted(maskText(pick));
		case "Struct":
			return oneOf([anyObject(pick, 0), anyJson(pick, 0)]);
		case "Value":
			return anyJson(pick, 0);
		case "ListValue":
			return oneOf([
				"[]",
				`[${anyJson(pick, 0)}]`,
				`[${anyJson(pick, 0)},${anyJson(pick, 0)}]`,
				anyJson(pick, 0),
			]);
		case "Any":
			return anyText(pick, depth);
	}
	const [only] = message.fields;
	if (message.typeName.endsWith("Value") && only?.fieldKind === "scalar")
		return scalarText(only.scalar, pick);
	return objectText(message, pick, depth + 1);
}

type FieldType = Pick<DescField, "message" | "enum" | "scalar">;

const scalarNames = [
	"",
	"double",
	"float",
	"int64",
	"uint64",
	"int32",
	"fixed64",
	"fixed32",
	"bool",
	"string",
	"",
	"",
	"bytes",
];

function scalarText(scalar: number | undefined, pick: PickOne): string {
	const { is, oneOf } = pick;
	switch (scalarNames[scalar ?? 0]) {
		case "bool":
			return oneOf(["true", "false", '"true"', "1", "0", "TRUE", "null", "t"]);
		case "string":
			return stringToken(pick);
		case "bytes":
			return JSON.stringify(base64Text(pick));
		default: {
			const number = numberText(pick);
			if (is(0.5)) return number;
			const space = is(0.05) ? oneOf([" ", "\\t", "\\n", "\\u00a0", "\\ufeff"]) : "";
			const inQuotes = JSON.stringify(number).slice(1, -1);
			return is(0.5) ? `"${space}${inQuotes}"` : `"${inQuotes}${space}"`;
		}
	}
}

function anyJson(pick: PickOne, depth: number): string {
	const { is, oneOf } = pick;
	if (depth > 3 || is(0.5)) {
		return oneOf(["null", "true", numberText(pick), stringToken(pick), "[]", "{}"]);
	}
	return is(0.5)
		? anyObject(pick, depth + 1)
		: `[${anyJson(pick, depth + 1)},${anyJson(pick, depth + 1)}]`;
}

function anyObject(pick: PickOne, depth: number): string {
	const names = ["a", "b", "__proto__", "constructor", "\\u0061", ""];
	const members = Array.from(
		{ length: pick.upTo(3) },
		() => `"${pick.oneOf(names)}":${anyJson(pick, depth + 1)}`,
	);
	return `{${members.join()}}`;
}

function anyText(pick: PickOne, depth: number): string {
	const { is, oneOf } = pick;
	const type = oneOf([
		...[
			"google.protobuf.Duration",
			"google.protobuf.Timestamp",
			"google.protobuf.Empty",
			"test.All",
		],
		...[
			"google.protobuf.Int64Value",
			"google.protobuf.Any",
			"google.protobuf.Struct",
			"test.None",
			"",
		],
	]);
	const url = `"@type":${is(0.97) ? JSON.stringify(oneOf(["type.googleapis.com/", "", "x/y/"]) + type) : "1"}`;
	const value = oneOf([
		'"1.5s"',
		'"2020-01-01T00:00:00Z"',
		"{}",
		'"5"',
		"5",
		"null",
		'{"a":1}',
		'{"@type":"google.protobuf.Empty"}',
	]);
	const fields =
		depth > 2
			? '"int32":5'
			: oneOf(['"int32":5', '"int64":"7","string":"a"', '"wktAny":{}', '"nope":1']);
	const members = [
		url,
		...oneOf([[`"value":${value}`], [fields], [], [`"value":${value}`, `"value":${value}`]]),
	];
	if (is(0.2)) members.reverse();
	if (is(0.05)) members.push(url);
	return `{${members.join()}}`;
}

/** An object of some of a message's fields, by either name, now and then twice. */
export function objectText(schema: DescMessage, pick: PickOne, depth = 0): string {
	const { is, oneOf, upTo } = pick;
	const members: string[] = [];
	for (let count = depth > 2 ? 0 : 1 + upTo(2); count > 0 && schema.fields.length > 0; count--) {
		const field = oneOf(schema.fields);
		const name = is(0.02)
			? oneOf(["nope", "__proto__", "[test.ext]", "@type", field.name.toUpperCase()])
			: is(0.2)
				? field.name
				: field.jsonName;
		const member = `${space(pick)}"${name}"${space(pick)}:${space(pick)}${fieldText(field, pick, depth)}`;
		members.push(member);
		if (is(0.03))
			members.push(is(0.5) ? member : `"${field.name}":${fieldText(field, pick, depth)}`);
	}
	return `{${members.join()}${is(0.01) ? "," : ""}${space(pick)}}`;
}

function space({ is, oneOf }: PickOne): string {
	return is(0.05)
		? oneOf([
				" ",
				"\t",
				"\n",
				"\r",
				"\r\n",
				is(0.05) ? oneOf(["\f", "\u00a0", "\ufeff", "//"]) : "",
			])
		: "";
}

function fieldText(field: DescField, pick: PickOne, depth: number): string {
	const { is, oneOf, upTo } = pick;
	const one = () => valueText(field, pick, depth);
	if (
		is(0.02) ||
		field.fieldKind === "scalar" ||
		field.fieldKind === "enum" ||
		field.fieldKind === "message"
	) {
		return one();
	}
	if (field.fieldKind === "list")
		return `[${Array.from({ length: upTo(2) }, one).join()}${is(0.01) ? "," : ""}]`;
	const key = () => {
		if (is(0.1)) return stringToken(pick);
		const text = oneOf([
			"a",
			"true",
			"false",
			"1",
			"-1",
			"01",
			"+1",
			"-0",
			"0",
			"1.0",
			"1e0",
			" 1",
			"0x1",
			"",
			numberText(pick),
			numberText(pick),
		]);
		return JSON.stringify(text);
	};
	return `{${Array.from({ length: upTo(3) }, () => `${key()}:${one()}`).join()}}`;
}
