import type { DescMethod, Message } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { parseMediaType } from "../../../http/media-type.ts";
import { jsonTypesOf } from "../../codec/json-types.ts";
import { badRequest, type Refusal, wrongContentType } from "../../refusals.ts";
import type { PathBinding, ProcedurePath, RequestBinding, RequestHead } from "../protocol.ts";
import { chooseMediaType } from "./accept.ts";
import { invalidParameters } from "./bind-query.ts";
import { createLocation } from "./create-location.ts";
import { type EntityTags, parseTags } from "./entity-tags.ts";
import { findField } from "./field-target.ts";
import type { HttpRule } from "./http-rule.ts";
import { createMessageRule, decodeParts, invalidHeader, type MessageRule } from "./message-rule.ts";
import { parseQuery, type QueryParameter } from "./query.ts";
import { announcesBody, type RequestFields, readRequestFields } from "./request-fields.ts";
import type { RestOptions } from "./rest-options.ts";
import {
	createStreamPart,
	createUnaryPart,
	type ResponseRule,
	type ResponseWish,
} from "./rest-response.ts";
import type { ListForms, OpenForm, StreamForm } from "./stream-form.ts";

const json = "application/json";
const mergePatch = "application/merge-patch+json";

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
interface HttpPath {
	readonly message: MessageRule;
	readonly response: ResponseRule;
	/** Nothing is changed by it. */
	readonly isRead: boolean;
	readonly entityTags: EntityTags | undefined;
}

/** What the head of a request says, beside its path. */
interface RequestTerms {
	readonly fields: RequestFields;
	/** Those that are fields of the message. */
	readonly parameters: readonly QueryParameter[];
	/** Those of the form of a stream. */
	readonly ofForm: readonly QueryParameter[];
	readonly wish: ResponseWish;
	/** Tag of If-Match that is a precondition of a change. */
	readonly precondition: string | undefined;
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
			const terms = readTerms(request, path, []);
			if ("cause" in terms) return terms;
			if (chooseMediaType(terms.fields.accept, [json]) === undefined) return notAcceptable([json]);
			const binding = bindMessage(request, path, { terms, prepare: undefined });
			return { protocolName: "rest", protocol: parts(terms.wish), binding };
		};
	}
	const offered = [json, ...lists.mediaTypes];
	return (request) => {
		const terms = readTerms(request, path, lists.parameters);
		if ("cause" in terms) return terms;
		const { fields, ofForm, wish } = terms;
		const mediaType = ofForm.length > 0 ? "" : chooseMediaType(fields.accept, offered);
		if (mediaType === undefined) return notAcceptable(offered);
		const binding = bindMessage(request, path, { terms, prepare: undefined });
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
		const terms = readTerms(request, path, own);
		if ("cause" in terms) return terms;
		const mediaType = chooseMediaType(terms.fields.accept, offered);
		const form = forms.find(({ mediaTypes }) => mediaTypes.some((one) => one === mediaType));
		if (form === undefined) return notAcceptable(offered);
		const foreign = terms.ofForm.find(({ name }) => !form.parameters?.includes(name));
		if (foreign !== undefined) {
			return invalidHeader(foreign.name, `is no parameter of ${form.mediaTypes[0]}`);
		}
		const open = form.open({ exchange, method, parameters: terms.ofForm });
		if ("cause" in open) return open;
		const prepare = open.prepare && ((message: Message) => open.prepare?.(message, exchange));
		const binding = bindMessage(request, path, { terms, prepare });
		return { protocolName: form.name, protocol: parts(terms.wish)(open), binding };
	};
}

/** Reads what the head says; refuses what contradicts itself. */
function readTerms(
	{ exchange, query }: RequestHead,
	{ message, isRead, entityTags }: HttpPath,
	formNames: readonly string[],
): RequestTerms | Refusal {
	const fields = readRequestFields(exchange.rawHeaders);
	if (fields.methodOverride !== undefined) {
		return invalidHeader(fields.methodOverride, "is not taken here; send the method itself");
	}
	const bodyFault = checkBody(fields, message);
	if (bodyFault !== undefined) return bodyFault;
	const split = splitQuery(query, message, formNames);
	if ("cause" in split) return split;
	const { ifMatch, ifNoneMatch } = fields;
	const isPretty = split.isPretty;
	if (ifMatch === undefined && ifNoneMatch === undefined) {
		const wish = { isPretty, hasPrecondition: false, isConditional: false };
		return { fields, ...split, wish, precondition: undefined };
	}
	for (const [name, list] of [
		["if-match", ifMatch],
		["if-none-match", ifNoneMatch],
	] as const) {
		if (list !== undefined && parseTags(list) === undefined) {
			return invalidHeader(name, 'is to be a list of entity tags, as in "abc", or *');
		}
	}
	const hasPrecondition = ifMatch !== undefined;
	if (isRead) {
		const wish = { isPretty, hasPrecondition, isConditional: entityTags !== undefined };
		return { fields, ...split, wish, precondition: undefined };
	}
	if (ifNoneMatch !== undefined) return invalidHeader("if-none-match", "is for reads only");
	const tags = parseTags(ifMatch ?? "*");
	if (tags !== "*" && tags?.length !== 1)
		return invalidHeader("if-match", "is to be one entity tag");
	const precondition = tags === "*" ? undefined : tags?.[0];
	return {
		fields,
		...split,
		wish: { isPretty, hasPrecondition, isConditional: false },
		precondition,
	};
}

/** Checks what the head says of the body. */
function checkBody(fields: RequestFields, { body, httpMethod }: MessageRule): Refusal | undefined {
	if (body.kind === "none") {
		// The body of a GET is not read.
		return httpMethod === "GET" && announcesBody(fields) ? bodyOfRead : undefined;
	}
	const { contentType, contentLength } = fields;
	if (contentType === undefined || contentType === json || contentLength === "0") return undefined;
	const accepted = httpMethod === "PATCH" ? [json, mergePatch] : [json];
	const parsed = parseMediaType(contentType);
	if (parsed === undefined) return wrongType(accepted, "malformed");
	if (!accepted.includes(parsed.essence)) return wrongType(accepted, "unknown");
	const charset = parsed.parameters.get("charset");
	return charset === undefined || /^utf-?8$/i.test(charset)
		? undefined
		: wrongType(accepted, "charset");
}

/** 415, with what is taken instead; curl's -d says that it sends a form. */
function wrongType(
	accepted: readonly string[],
	fault: "unknown" | "malformed" | "charset",
): Refusal {
	const types = accepted.join(", ");
	const { message, ...refusal } = wrongContentType(types, fault);
	const header = accepted.includes(mergePatch) ? "accept-patch" : "accept-post";
	return {
		...refusal,
		...badRequest(
			"content_type",
			`${message}, as with curl --json, or with -H 'content-type: ${json}'`,
		),
		httpStatus: 415,
		headers: [header, types],
	};
}

function notAcceptable(offered: readonly string[]): Refusal {
	const message = `the answer comes as ${offered.join(" or ")}; accept one of these`;
	return { ...badRequest("headers", message), httpStatus: 406 };
}

const bodyOfRead: Refusal = invalidParameters([
	{ field: "", description: "has a body, of which a GET would take nothing; use the query" },
]);

/** Divides the parameters that are the message's from the others. */
function splitQuery(
	query: string,
	{ input }: MessageRule,
	formNames: readonly string[],
): (Pick<RequestTerms, "parameters" | "ofForm"> & { readonly isPretty: boolean }) | Refusal {
	if (query === "") return noParameters;
	const parsed = parseQuery(query);
	if (!Array.isArray(parsed)) return invalidParameters([parsed]);
	const parameters: QueryParameter[] = [];
	const ofForm: QueryParameter[] = [];
	let pretty: QueryParameter | undefined;
	for (const parameter of parsed) {
		const { name } = parameter;
		// The contract's own names win.
		if (name !== "pretty" && !formNames.includes(name)) parameters.push(parameter);
		else if (findField(input, name) !== undefined) parameters.push(parameter);
		else if (name === "pretty") {
			if (pretty !== undefined) return invalidHeader(name, "is given twice");
			pretty = parameter;
		} else {
			if (ofForm.some((other) => other.name === name)) return invalidHeader(name, "is given twice");
			ofForm.push(parameter);
		}
	}
	if (pretty?.hasValue === true && !/^(?:true|false|)$/.test(pretty.value)) {
		return invalidHeader("pretty", "is to be true or false");
	}
	return { parameters, ofForm, isPretty: pretty !== undefined && pretty.value !== "false" };
}

const noParameters = { parameters: [], ofForm: [], isPretty: false } as const;

const noBytes = Buffer.alloc(0);

function bindMessage(
	{ variables }: RequestHead,
	{ message: rule, entityTags }: HttpPath,
	{
		terms,
		prepare,
	}: {
		readonly terms: RequestTerms;
		readonly prepare: ((message: Message) => Refusal | undefined) | undefined;
	},
): RequestBinding {
	const { parameters, precondition } = terms;
	const prepareAll =
		precondition === undefined
			? prepare
			: (message: Message) => prepare?.(message) ?? demand(message, precondition, entityTags);
	if (rule.body.kind === "none" && rule.httpMethod === "GET") {
		const parts = { bytes: undefined, variables, parameters, prepare: prepareAll };
		const decode: RequestBinding["decode"] = (_bytes, _schema, decoder) =>
			decodeParts(rule, parts, decoder);
		return { codec: "json", message: noBytes, decode };
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
