import {
	type DescEnum,
	type DescField,
	type DescFile,
	type DescMessage,
	type DescMethod,
	type DescService,
	getOption,
	hasOption,
	ScalarType,
	toJson,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import * as validate from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { http } from "@novasphere/wukong-gen/annotations";
import { file_novasphere_v1_error } from "@novasphere/wukong-gen/error";
import type { HttpRule } from "@novasphere/wukong-gen/http";
import { file_novasphere_v1_wukong } from "@novasphere/wukong-gen/wukong";
import { file_novasphere_v1_wukong_service } from "@novasphere/wukong-gen/wukong-service";

/** The files of the contract. */
const contractFiles: readonly DescFile[] = [
	file_novasphere_v1_wukong,
	file_novasphere_v1_wukong_service,
	file_novasphere_v1_error,
];

/**
 * Writes the contract as text: names, numbers, presence, and what `buf breaking` does not
 * see, which is HTTP rules and validation rules.
 */
export function listContract(): string {
	return `${contractFiles.flatMap(fileLines).join("\n")}\n`;
}

function fileLines(file: DescFile): string[] {
	return [
		`file ${file.proto.name} go_package=${file.proto.options?.goPackage}`,
		...file.proto.dependency.map((name) => `  import ${name}`),
		"",
		...file.services.flatMap(serviceLines),
		...file.messages.flatMap(messageLines),
		...file.enums.flatMap(enumLines),
	];
}

function serviceLines(service: DescService): string[] {
	return [`service ${service.typeName}`, ...service.methods.flatMap(methodLines), ""];
}

function methodLines(method: DescMethod): string[] {
	const stream = method.methodKind === "server_streaming" ? "stream " : "";
	const rule = getOption(method, http);
	return [
		`  ${method.name}(${method.input.name}) returns (${stream}${method.output.name}) ` +
			MethodOptions_IdempotencyLevel[method.idempotency],
		...[rule, ...rule.additionalBindings].map(httpLine),
	];
}

function httpLine(rule: HttpRule): string {
	const { case: verb, value: path } = rule.pattern;
	if (verb === undefined || verb === "custom") throw new Error("an HTTP rule without a plain verb");
	const body = rule.body === "" ? "" : ` body=${rule.body}`;
	return `    ${verb.toUpperCase()} ${path}${body}`;
}

function messageLines(message: DescMessage): string[] {
	return [
		`message ${message.typeName}`,
		...message.fields.flatMap(fieldLines),
		"",
		...message.nestedEnums.flatMap(enumLines),
		...message.nestedMessages.flatMap(messageLines),
	];
}

function fieldLines(field: DescField): string[] {
	const explicit =
		field.fieldKind !== "message" && field.presence === FeatureSet_FieldPresence.EXPLICIT;
	const words = [
		`  ${field.number} ${field.name}: ${explicit ? "optional " : ""}${typeOf(field)}`,
		`json=${field.jsonName}`,
		...(field.proto.options?.debugRedact === true ? ["debug_redact"] : []),
	];
	if (!hasOption(field, validate.field)) return [words.join(" ")];
	const rules = toJson(validate.FieldRulesSchema, getOption(field, validate.field));
	return [words.join(" "), `      ${JSON.stringify(rules)}`];
}

function typeOf(field: DescField): string {
	switch (field.fieldKind) {
		case "scalar":
			return ScalarType[field.scalar].toLowerCase();
		case "message":
			return field.message.typeName;
		case "enum":
			return field.enum.typeName;
		case "list":
			return `list<${field.message?.typeName ?? scalarName(field.scalar)}>`;
		case "map":
			return `map<${scalarName(field.mapKey)}, ${field.message?.typeName ?? scalarName(field.scalar)}>`;
	}
}

function scalarName(scalar: ScalarType | undefined): string {
	if (scalar === undefined) throw new Error("the contract has no list or map of enums");
	return ScalarType[scalar].toLowerCase();
}

function enumLines(desc: DescEnum): string[] {
	return [
		`enum ${desc.typeName}`,
		...desc.values.map((value) => `  ${value.number} ${value.name}`),
		"",
	];
}
