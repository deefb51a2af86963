import type { DescMethod, Message } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { jsonTypesOf } from "../../codec/json-types.ts";
import type { Refusal } from "../../refusals.ts";
import type { PathBinding, ProcedurePath, RequestBinding, RequestHead } from "../protocol.ts";
import { chooseMediaType, notAcceptable } from "./accept.ts";
import { invalidParameters } from "./bind-query.ts";
import { createLocation } from "./create-location.ts";
import type { EntityTags } from "./entity-tags.ts";
import type { DescribeError } from "./error-body.ts";
import { findField } from "./field-target.ts";
import type { HttpRule } from "./http-rule.ts";
import { createMessageRule, decodeParts, invalidHeader } from "./message-rule.ts";
import { bodyOfRead, type HeadRule, type ParsedHead, parseHead } from "./request-head.ts";
import {
	createStreamPart,
	createUnaryPart,
	type ResponseRule,
	type ResponseWish,
} from "./rest-response.ts";
import type { ListForms, OpenForm, StreamForm } from "./stream-form.ts";

const json = "application/json";

/** Options of REST. */
export interface RestOptions {
	/** Says of an error what the contract of the services says. */
	readonly describeError: DescribeError;
	/** Default: nothing has entity tags. */
	readonly entityTags?: EntityTags | undefined;
	/** Forms of streams; the first one is for whoever takes anything. Default: no streams. */
	readonly streamForms?: readonly StreamForm[];
	/** Default: lists come as response messages, page by page. */
	readonly listForms?: ListForms | undefined;
	/** Prefix of every path, as callers see it: "" or as in `/wukong`. Default: "". */
	readonly basePath?: string;
}

/**
 * Creates the path of one HTTP rule of a method.
 * @throws RangeError where the rule binds to what the messages have not
 */
export function createHttpPath(
	method: DescMethod,
	rule: HttpRule,
	options: RestOptions,
): ProcedurePath {
	const message = createMessageRule(method, rule);
	const { output } = method;
	const responseField = rule.responseBody === "" ? undefined : findField(output, rule.responseBody);
	if (rule.responseBody !== "" && responseField === undefined) {
		throw new RangeError(`response_body "${rule.responseBody}": there is no such field`);
	}
	const { describeError, entityTags, basePath = "" } = options;
	const locationOf = createLocation(method, rule);
	const registry = jsonTypesOf(output.file);
	const response = {
		...{ output, registry, responseField, locationOf },
		...{ describeError, entityTags, basePath },
	};
	const isRead =
		rule.httpMethod === "GET" ||
		method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
	const path: HttpPath = { message, response, isRead, entityTags };
	const bind =
		method.methodKind === "unary"
			? createUnaryBind(path, method, options.listForms)
			: createStreamBind(path, method, options.streamForms ?? []);
	return { httpMethod: rule.httpMethod, template: rule.template, bind };
}

/** One HTTP rule of a method. */
interface HttpPath extends HeadRule {
	readonly response: ResponseRule;
}

function createUnaryBind(
	path: HttpPath,
	method: DescMethod,
	lists: ListForms | undefined,
): ProcedurePath["bind"] {
	const parts = createMemo((wish) => createUnaryPart(path.response, wish));
	const adapt = lists?.adapt(method);
	if (lists === undefined || adapt === undefined) {
		return (request) => {
			const head = parseHead(request, path, []);
			if ("cause" in head) return head;
			if (chooseMediaType(head.fields.accept, [json]) === undefined) return notAcceptable([json]);
			const binding = bindMessage(request, path, { head, prepare: undefined });
			return { protocolName: "rest", protocol: parts(head.wish), binding };
		};
	}
	const offered = [json, ...lists.mediaTypes];
	return (request) => {
		const head = parseHead(request, path, lists.parameters);
		if ("cause" in head) return head;
		const { fields, ofForm, wish } = head;
		const mediaType = ofForm.length > 0 ? "" : chooseMediaType(fields.accept, offered);
		if (mediaType === undefined) return notAcceptable(offered);
		const binding = bindMessage(request, path, { head, prepare: undefined });
		if (mediaType === json) return { protocolName: "rest", protocol: parts(wish), binding };
		const form = lists.open({ exchange: request.exchange, method, parameters: ofForm });
		if ("cause" in form) return form;
		const protocol = createStreamPart(path.response, wish, form);
		return { protocolName: lists.name, protocol, binding, adapt };
	};
}

function createStreamBind(
	path: HttpPath,
	method: DescMethod,
	forms: readonly StreamForm[],
): ProcedurePath["bind"] {
	const offered = forms.flatMap(({ mediaTypes }) => mediaTypes);
	const own = forms.flatMap(({ parameters = [] }) => parameters);
	const parts = createMemo((wish) =>
		createFormMemo((form) => createStreamPart(path.response, wish, form)),
	);
	return (request): PathBinding | Refusal => {
		const { exchange } = request;
		const head = parseHead(request, path, own);
		if ("cause" in head) return head;
		const mediaType = chooseMediaType(head.fields.accept, offered);
		const form = forms.find(({ mediaTypes }) => mediaTypes.some((one) => one === mediaType));
		if (form === undefined) return notAcceptable(offered);
		const foreign = head.ofForm.find(({ name }) => !form.parameters?.includes(name));
		if (foreign !== undefined) {
			return invalidHeader(foreign.name, `is no parameter of ${form.mediaTypes[0]}`);
		}
		const open = form.open({ exchange, method, parameters: head.ofForm });
		if ("cause" in open) return open;
		const prepare = open.prepare && ((message: Message) => open.prepare?.(message, exchange));
		const binding = bindMessage(request, path, { head, prepare });
		return { protocolName: form.name, protocol: parts(head.wish)(open), binding };
	};
}

const noBytes = Buffer.alloc(0);

function bindMessage(
	{ exchange, variables }: RequestHead,
	{ message: rule, entityTags }: HttpPath,
	{
		head,
		prepare,
	}: {
		readonly head: ParsedHead;
		readonly prepare: ((message: Message) => Refusal | undefined) | undefined;
	},
): RequestBinding {
	const { parameters, precondition } = head;
	const prepareAll =
		precondition === undefined
			? prepare
			: (message: Message) => prepare?.(message) ?? demand(message, precondition, entityTags);
	if (rule.body.kind === "none" && rule.httpMethod === "GET") {
		const parts = { bytes: undefined, variables, parameters, prepare: prepareAll };
		const decode: RequestBinding["decode"] = (bytes, _schema, decoder) =>
			bytes.byteLength > 0 ? { refusal: bodyOfRead } : decodeParts(rule, parts, decoder);
		return exchange.mayHaveBodyUnannounced
			? { codec: "json", decode }
			: { codec: "json", message: noBytes, decode };
	}
	const decode: RequestBinding["decode"] = (bytes, _schema, decoder) =>
		decodeParts(rule, { bytes, variables, parameters, prepare: prepareAll }, decoder);
	return { codec: "json", decode };
}

function demand(message: Message, tag: string, entityTags: EntityTags | undefined) {
	const fault = entityTags === undefined ? "none" : entityTags.require(message, tag);
	if (fault === "none") return invalidHeader("if-match", "is not taken here: nothing is compared");
	return fault && invalidParameters([fault]);
}

/** Keeps what is made for each wish: there are eight. */
function createMemo<T>(make: (wish: ResponseWish) => T): (wish: ResponseWish) => T {
	const made: (T | undefined)[] = new Array(8).fill(undefined);
	return (wish) => {
		const at =
			(wish.isPretty ? 1 : 0) + (wish.hasPrecondition ? 2 : 0) + (wish.isConditional ? 4 : 0);
		made[at] ??= make(wish);
		return made[at] as T;
	};
}

function createFormMemo<T extends object>(make: (form: OpenForm) => T): (form: OpenForm) => T {
	const made = new WeakMap<OpenForm, T>();
	return (form) => {
		let found = made.get(form);
		if (found === undefined) {
			found = make(form);
			made.set(form, found);
		}
		return found;
	};
}
