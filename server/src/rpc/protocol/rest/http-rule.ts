import { type DescMethod, getOption, type Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { jsonTypesOf } from "../../codec/json-types.ts";

/** One binding of a method to HTTP (google/api/http.proto). */
export interface HttpRule {
	/** Method of HTTP, as in `GET`; `*` for any. */
	readonly httpMethod: string;
	/** Path template, as in `/v1/{name=shelves/*}:archive`. */
	readonly template: string;
	/** Field that the request body is; `*` for the message itself; "" for no body. */
	readonly body: string;
	/** Field that the response body is; "" for the message itself. */
	readonly responseBody: string;
}

/**
 * Reads the rules of a method from its descriptor, the main one first. The extension is found among
 * the imports of the method's own file: no generated code is needed.
 * @throws RangeError where a rule has no pattern, or bindings within additional bindings
 */
export function readHttpRules(method: DescMethod): readonly HttpRule[] {
	const extension = jsonTypesOf(method.parent.file).getExtension("google.api.http");
	const schema = extension?.message;
	if (extension === undefined || schema === undefined) return [];
	const main = reflect(schema, getOption(method, extension) as Message);
	if (patternOf(main) === undefined) return [];
	const further = readField(main, "additional_bindings") as Iterable<ReflectMessage>;
	return [main, ...further].map((rule, index) => {
		const pattern = patternOf(rule);
		const isNested = index > 0 && [...(readField(rule, "additional_bindings") as [])].length > 0;
		if (pattern === undefined || isNested) {
			throw new RangeError(`the HTTP rules of ${method.toString()} are malformed`);
		}
		const body = String(readField(rule, "body"));
		return { ...pattern, body, responseBody: String(readField(rule, "response_body") ?? "") };
	});
}

const verbs = ["get", "put", "post", "delete", "patch"];

function patternOf(rule: ReflectMessage): Pick<HttpRule, "httpMethod" | "template"> | undefined {
	const field = rule.oneofCase(rule.oneofs.find(({ name }) => name === "pattern") as never);
	if (field === undefined) return undefined;
	if (verbs.includes(field.name)) {
		return { httpMethod: field.name.toUpperCase(), template: String(rule.get(field)) };
	}
	const custom = rule.get(field) as ReflectMessage;
	return {
		httpMethod: String(readField(custom, "kind")),
		template: String(readField(custom, "path")),
	};
}

/** @returns undefined where this copy of http.proto lacks the field */
function readField(message: ReflectMessage, name: string): unknown {
	const field = message.desc.fields.find((candidate) => candidate.name === name);
	return field && message.get(field);
}
