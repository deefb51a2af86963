import {
	create,
	type DescField,
	type DescMessage,
	type DescMethod,
	type Message,
} from "@bufbuild/protobuf";
import type { Decoded, Decoder } from "../../codec/codec.ts";
import { parseTemplate } from "../../path-template.ts";
import type { Refusal } from "../../refusals.ts";
import type { Variables } from "../../router.ts";
import { type BodyRule, createBodyRule, readBody } from "./bind-body.ts";
import { type BoundVariable, bindPath, bindVariable } from "./bind-path.ts";
import { bindQuery, invalidParameters } from "./bind-query.ts";
import type { HttpRule } from "./http-rule.ts";
import type { QueryParameter } from "./query.ts";

/** Rule by which a request message is put together of path, query and body. */
export interface MessageRule {
	readonly input: DescMessage;
	readonly httpMethod: string;
	readonly body: BodyRule;
	readonly variables: readonly BoundVariable[];
	/** Reason why a query must not name a field, by its contract name; "" stands for all. */
	readonly taken: ReadonlyMap<string, string>;
}

/**
 * Creates the rule of one HTTP binding of a method.
 * @throws RangeError where it names what the request message has not
 */
export function createMessageRule({ input }: DescMethod, rule: HttpRule): MessageRule {
	const body = createBodyRule(input, rule.body);
	const { variables } = parseTemplate(rule.template);
	const bound = variables.map(({ name }) => bindVariable(input, name));
	const taken = new Map(bound.map(({ target }) => [target.path, "is given by the path"]));
	if (body.kind === "message") taken.set("", "belongs in the body, and not in the query");
	if (body.kind === "field") taken.set(body.field.name, "is the body, and not given in the query");
	return { input, httpMethod: rule.httpMethod, body, variables: bound, taken };
}

/** The parts of a request, as they came. */
export interface RequestParts {
	/** Bytes of the body; undefined: there is none. */
	readonly bytes: Buffer | undefined;
	readonly variables: Variables;
	readonly parameters: readonly QueryParameter[];
	/** Changes the message by what the head says; undefined: it says nothing. */
	readonly prepare: ((message: Message) => Refusal | undefined) | undefined;
}

/** Puts a request message together. */
export function decodeParts(rule: MessageRule, parts: RequestParts, decoder: Decoder): Decoded {
	const { variables, parameters } = parts;
	const read = parts.bytes === undefined ? undefined : readBody(parts.bytes, rule, decoder);
	if (read !== undefined && "cause" in read) return { refusal: read };
	const message = read === undefined ? create(rule.input) : read.message;
	const mask = read?.mask;
	const refusal =
		bindPath(message, rule.variables, { variables, decoder }) ??
		(parameters.length === 0 ? undefined : bindQuery(message, parameters, { rule, decoder })) ??
		parts.prepare?.(message);
	if (refusal !== undefined) return { refusal };
	if (mask !== undefined && rule.body.kind === "field") setMask(message, rule.body.mask, mask);
	return { message };
}

/** A mask that the request names wins. */
function setMask(message: Message, field: DescField | undefined, mask: Message): void {
	if (field === undefined) return;
	(message as unknown as Record<string, unknown>)[field.localName] ??= mask;
}

/** Refuses a request for one of its header fields. */
export function invalidHeader(name: string, description: string): Refusal {
	return invalidParameters([{ field: name, description }]);
}
