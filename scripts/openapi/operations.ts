import {
	type DescField,
	type DescMessage,
	type DescMethod,
	getOption,
	hasOption,
} from "@bufbuild/protobuf";
import { http } from "@novasphere/wukong-gen/annotations";
import type { HttpRule } from "@novasphere/wukong-gen/http";
import { listShapeOf } from "../../server/src/rpc/protocol/ndjson/list-shape.ts";
import { hasOwnForm } from "../../server/src/rpc/protocol/rest/field-target.ts";
import { commentOf } from "./comments.ts";
import type { createSchemaWriter, Schema } from "./schema.ts";

/** One operation of OpenAPI, and where it is. */
export interface PlacedOperation {
	/** Path with variables by their last name, as in `/api/v1/wukongs/{name}`. */
	readonly path: string;
	/** HTTP method in lower case. */
	readonly verb: string;
	readonly operation: Schema;
}

/** Examples of request bodies, by name of the method. */
export type Examples = Readonly<Record<string, Schema>>;

type SchemaWriter = ReturnType<typeof createSchemaWriter>;

/**
 * Returns the operations of a method: one for each of its HTTP rules (google/api/http.proto); none
 * where it has no rule.
 */
export function operationsOf(
	method: DescMethod,
	schemas: SchemaWriter,
	examples: Examples,
): readonly PlacedOperation[] {
	if (!hasOption(method, http)) return [];
	const main = getOption(method, http);
	return [main, ...main.additionalBindings].map((rule) => {
		const { verb, template } = patternOf(rule);
		const variables = variablesOf(template);
		const operation = {
			operationId: operationId(method, { verb, template }, main),
			tags: [method.parent.name],
			...summaryOf(method),
			parameters: [
				...variables.map((variable) => pathParameter(method.input, variable, schemas)),
				...queryParameters(method.input, rule, schemas),
				...formParameters(method),
				...preconditions(method, verb),
			],
			...requestBody(method, rule, { schemas, example: examples[method.name] }),
			responses: responsesOf(method, rule, schemas),
		};
		return { path: openApiPath(template), verb, operation };
	});
}

function patternOf(rule: HttpRule): { readonly verb: string; readonly template: string } {
	const { case: verb, value } = rule.pattern;
	if (verb === undefined || verb === "custom") {
		throw new Error("OpenAPI has no place for an HTTP rule without a plain verb");
	}
	return { verb, template: value };
}

function variablesOf(template: string): readonly string[] {
	return [...template.matchAll(/\{([^}=]+)(?:=[^}]*)?\}/g)].map(([, path]) => path as string);
}

/** A variable is named by the last field of its path: rules of other methods share the place. */
function openApiPath(template: string): string {
	return template.replace(/\{([^}=]+)(?:=[^}]*)?\}/g, (_, path: string) => `{${leafOf(path)}}`);
}

function leafOf(path: string): string {
	return path.slice(path.lastIndexOf(".") + 1);
}

/** Unique: the method, then what tells the rule from the method's main one. */
function operationId(
	method: DescMethod,
	{ verb, template }: { readonly verb: string; readonly template: string },
	main: HttpRule,
): string {
	const inNamespace = /\/namespaces\/\{[^}]*\}/;
	const isInNamespace = inNamespace.test(template);
	const place = template.replace(inNamespace, "");
	const suffixes = [
		verb === main.pattern.case ? "" : upperFirst(verb),
		place === main.pattern.value ? "" : "BySubpath",
		isInNamespace ? "InNamespace" : "",
	];
	return `${method.localName}${suffixes.join("")}`;
}

function upperFirst(text: string): string {
	return text.charAt(0).toUpperCase() + text.slice(1);
}

function summaryOf(method: DescMethod): Schema {
	const description = commentOf(method);
	const summary = description.split(/(?<=\.)\s/, 1)[0] ?? "";
	return { summary: summary.replace(/\.$/, ""), description };
}

function fieldAt(message: DescMessage, path: string): DescField {
	const [head = "", ...rest] = path.split(".");
	const field = message.fields.find(({ name }) => name === head);
	if (field === undefined) throw new Error(`${message.typeName} has no field ${path}`);
	if (rest.length === 0) return field;
	if (field.fieldKind !== "message") throw new Error(`${field.name} holds no message`);
	return fieldAt(field.message, rest.join("."));
}

function pathParameter(
	input: DescMessage,
	variable: string,
	{ fieldSchema }: SchemaWriter,
): Schema {
	const { description, ...schema } = fieldSchema(fieldAt(input, variable));
	return { name: leafOf(variable), in: "path", required: true, description, schema };
}

/** Fields that neither path nor body binds, as parameters of the query; none where the body is `*`. */
function queryParameters(
	input: DescMessage,
	rule: HttpRule,
	schemas: SchemaWriter,
): readonly Schema[] {
	if (rule.body === "*") return [];
	const bound = new Set(variablesOf(patternOf(rule).template));
	return input.fields
		.filter((field) => field.name !== rule.body && !bound.has(field.name) && fitsQuery(field))
		.map((field) => {
			const { description, deprecated, ...schema } = schemas.fieldSchema(field);
			return {
				...{ name: field.jsonName, in: "query" },
				...(description === undefined ? {} : { description }),
				...(deprecated === undefined ? {} : { deprecated }),
				// A map is written as labels[app]=web.
				...(field.fieldKind === "map" ? { style: "deepObject", explode: true } : {}),
				schema,
			};
		});
}

/** Checks that a field has a form of text: a list of messages is given in a body only. */
function fitsQuery(field: DescField): boolean {
	return field.fieldKind !== "list" || field.listKind !== "message" || hasOwnForm(field.message);
}

/** Parameters by which a form is chosen; they are no fields of the message. */
function formParameters(method: DescMethod): readonly Schema[] {
	const choice = (name: string, value: string, description: string): Schema => ({
		...{ name, in: "query", description },
		schema: { type: "string", enum: [value] },
	});
	if (method.methodKind === "server_streaming") {
		const description =
			"message: server-sent events go without names, so that a page's onmessage hears them all. Not for other forms.";
		return [choice("events", "message", description)];
	}
	if (itemsOf(method) === undefined) return [];
	const description =
		"array: all items, however many, as one JSON array in place of a response message with one page. An array that could not be completed stays open, and so is no JSON.";
	return [choice("format", "array", description)];
}

/** Message of the items of a method that lists page by page; undefined: it does not. */
function itemsOf(method: DescMethod): DescMessage | undefined {
	return listShapeOf(method)?.items.message;
}

/** Header fields of conditional requests (RFC 9110, 13.1). */
function preconditions({ input, methodKind }: DescMethod, verb: string): readonly Schema[] {
	if (methodKind !== "unary") {
		const description = "Token of the last event received; wins over resourceVersion.";
		return [{ name: "Last-Event-ID", in: "header", description, schema: { type: "string" } }];
	}
	if (verb === "get") {
		const description = "Entity tags that the caller has: 304 where one is current.";
		return [{ name: "If-None-Match", in: "header", description, schema: { type: "string" } }];
	}
	const holds = (message: DescMessage) =>
		message.fields.some(({ name }) => name === "resource_version");
	const target = input.fields.find(({ name }) => name === "wukong");
	const isConditional =
		holds(input) || (verb !== "post" && target?.fieldKind === "message" && holds(target.message));
	if (!isConditional) return [];
	const description = "Entity tag that must be the current one, else 412.";
	return [{ name: "If-Match", in: "header", description, schema: { type: "string" } }];
}

function requestBody(
	{ input }: DescMethod,
	rule: HttpRule,
	{ schemas, example }: { readonly schemas: SchemaWriter; readonly example: Schema | undefined },
): Schema {
	if (rule.body === "") return {};
	const body = rule.body === "*" ? undefined : fieldAt(input, rule.body);
	if (body !== undefined && body.fieldKind !== "message")
		throw new Error("a body is a message here");
	const content = {
		schema: schemas.messageRef(body?.message ?? input, variablesOf(patternOf(rule).template)),
		...(example === undefined ? {} : { example }),
	};
	const isPatch = rule.pattern.case === "patch";
	return {
		requestBody: {
			required: body !== undefined,
			content: {
				"application/json": content,
				...(isPatch ? { "application/merge-patch+json": content } : {}),
			},
		},
	};
}

/** The last line of a stream of lines: without it the stream was cut off. */
const lastLine = { $ref: "#/components/schemas/LastLine" };

function responsesOf(method: DescMethod, rule: HttpRule, { messageRef }: SchemaWriter): Schema {
	const schema = messageRef(method.output);
	const failure = { $ref: "#/components/responses/Failure" };
	if (method.methodKind === "server_streaming") {
		return {
			200: {
				description:
					"Events until the caller leaves, each one a JSON document: a line of NDJSON, or the data of a server-sent event.",
				content: {
					"text/event-stream": {
						schema: { type: "string" },
					},
					// One document a line.
					"application/x-ndjson": { schema: { anyOf: [schema, lastLine] } },
				},
			},
			204: {
				description:
					"To a browser that connects again by itself (Last-Event-ID) where that cannot help: it stops.",
			},
			default: failure,
		};
	}
	const etag = { ETag: { $ref: "#/components/headers/ETag" } };
	// A POST of the whole request makes nothing that has a path of its own.
	const isResource = rule.body !== "" && rule.body !== "*";
	const isCreate = rule.pattern.case === "post" && isResource && /^Create[A-Z]/.test(method.name);
	const items = itemsOf(method);
	const item = items && messageRef(items);
	const content =
		item === undefined
			? { "application/json": { schema } }
			: {
					"application/json": { schema: { anyOf: [schema, { type: "array", items: item }] } },
					// One document a line.
					"application/x-ndjson": { schema: { anyOf: [item, lastLine] } },
				};
	const description = commentOf(method.output);
	const location = { Location: { $ref: "#/components/headers/Location" } };
	return {
		...(isCreate ? { 201: { description, headers: { ...etag, ...location }, content } } : {}),
		200: {
			description: isCreate ? "With validateOnly: what would be; nothing is stored." : description,
			...(isCreate ? {} : { headers: etag }),
			content,
		},
		...(rule.pattern.case === "get" ? { 304: { description: "The caller has it already." } } : {}),
		default: failure,
	};
}
