import type { DescField, DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import { parseTemplate } from "../../path-template.ts";
import { type HttpRule, readHttpRules } from "./http-rule.ts";

/** Returns the path of what a call has created; undefined: it has created nothing that has one. */
export type LocationOf = (request: Message, response: Message) => string | undefined;

/**
 * Creates the Location of what a rule creates (AIP-133): a POST whose body is a field of the type
 * that the response holds, where a GET of the same service reads one of them behind the same path.
 * Its variables are found among the created one's own fields; of several such paths the longest is
 * taken, which says the most.
 * @returns undefined: the rule creates nothing
 */
export function createLocation(method: DescMethod, rule: HttpRule): LocationOf | undefined {
	if (rule.httpMethod !== "POST" || method.methodKind !== "unary") return undefined;
	const body = method.input.fields.find(({ name }) => name === rule.body);
	const type = body?.fieldKind === "message" ? body.message : undefined;
	const template = parseTemplate(rule.template);
	if (type === undefined || template.verb !== undefined) return undefined;
	const created = createdIn(method.output, type);
	if (created === undefined) return undefined;
	const paths = method.parent.methods
		.filter((sibling) => sibling.methodKind === "unary" && createdIn(sibling.output, type))
		.flatMap(readHttpRules)
		.filter(({ httpMethod }) => httpMethod === "GET")
		.map((sibling) => createItemPath(sibling.template, type))
		.filter((path) => path !== undefined);
	const places = paths.map(({ segments }) => segments.slice(0, -1).join("/"));
	if (!places.includes(template.segments.join("/"))) return undefined;
	paths.sort((one, other) => other.segments.length - one.segments.length);
	const dryRun = method.input.fields.find(
		({ name, fieldKind }) => name === "validate_only" && fieldKind === "scalar",
	);
	return (request, response) => {
		if (dryRun !== undefined && read(request, dryRun) === true) return undefined;
		const item = created === "itself" ? response : read(response, created);
		if (item === undefined) return undefined;
		for (const path of paths) {
			const found = path.create(item as Message);
			if (found !== undefined) return found;
		}
		return undefined;
	};
}

function createdIn(output: DescMessage, type: DescMessage): DescField | "itself" | undefined {
	if (output === type) return "itself";
	return output.fields.find(
		(field) => field.fieldKind === "message" && field.message === type && !field.oneof,
	);
}

interface ItemPath {
	readonly segments: readonly string[];
	/** @returns undefined where the item has not all that the path names */
	create(item: Message): string | undefined;
}

/** @returns undefined where the template does not end with a variable, or names no fields of the item */
function createItemPath(text: string, type: DescMessage): ItemPath | undefined {
	const { segments, variables, verb } = parseTemplate(text);
	const fields = variables.map(({ name, start, end, isMultiple }) => {
		const own = name.slice(name.lastIndexOf(".") + 1);
		const field = type.fields.find((candidate) => candidate.name === own && !candidate.oneof);
		return field?.fieldKind === "scalar" && !isMultiple && end !== -1
			? { start, field }
			: undefined;
	});
	const places = fields.filter((field) => field !== undefined);
	const stars = segments.filter((segment) => segment === "*").length;
	const endsWithVariable = places.some(({ start }) => start === segments.length - 1);
	if (verb !== undefined || places.length !== stars || !endsWithVariable) return undefined;
	return {
		segments,
		create(item) {
			const parts = [...segments];
			for (const { start, field } of places) {
				const value = read(item, field);
				if (value === undefined || value === "") return undefined;
				parts[start] = encodeURIComponent(String(value));
			}
			return `/${parts.join("/")}`;
		},
	};
}

function read(message: Message, { localName }: DescField): unknown {
	return (message as unknown as Record<string, unknown>)[localName];
}
