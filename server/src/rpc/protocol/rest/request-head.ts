import type { HeaderFields } from "../../../http/fields.ts";
import { parseMediaType } from "../../../http/media-type.ts";
import { badRequest, type Refusal, wrongContentType } from "../../refusals.ts";
import type { RequestHead } from "../protocol.ts";
import { invalidParameters } from "./bind-query.ts";
import { type EntityTags, parseTags } from "./entity-tags.ts";
import { findField } from "./field-target.ts";
import { invalidHeader, type MessageRule } from "./message-rule.ts";
import { parseQuery, type QueryParameter } from "./query.ts";
import type { ResponseWish } from "./rest-response.ts";

const json = "application/json";
const mergePatch = "application/merge-patch+json";

/** What the head of a request is judged by. */
export interface HeadRule {
	readonly message: MessageRule;
	/** Nothing is changed by it. */
	readonly isRead: boolean;
	readonly entityTags: EntityTags | undefined;
}

/** What the head of a request says, beside its path. */
export interface ParsedHead {
	readonly fields: RequestFields;
	/** Those that are fields of the message. */
	readonly parameters: readonly QueryParameter[];
	/** Those of the form of a stream. */
	readonly ofForm: readonly QueryParameter[];
	readonly wish: ResponseWish;
	/** Tag of If-Match that is a precondition of a change. */
	readonly precondition: string | undefined;
}

/** Reads what the head says; refuses what contradicts itself. */
export function parseHead(
	{ exchange, query }: RequestHead,
	{ message, isRead, entityTags }: HeadRule,
	formNames: readonly string[],
): ParsedHead | Refusal {
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
		// The announced body of a GET is not read.
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

/** A GET has a body. */
export const bodyOfRead: Refusal = invalidParameters([
	{ field: "", description: "has a body, of which a GET would take nothing; use the query" },
]);

/** Divides the parameters that are the message's from the others. */
function splitQuery(
	query: string,
	{ input }: MessageRule,
	formNames: readonly string[],
): (Pick<ParsedHead, "parameters" | "ofForm"> & { readonly isPretty: boolean }) | Refusal {
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

/** The header fields of a request that decide how it is bound and answered. */
interface RequestFields {
	accept: string | undefined;
	contentType: string | undefined;
	contentLength: string | undefined;
	transferEncoding: string | undefined;
	ifMatch: string | undefined;
	ifNoneMatch: string | undefined;
	/** Name of a field that asks for another method than the request's own. */
	methodOverride: string | undefined;
}

/** Reads the fields in one pass. Those that are lists are joined (RFC 9110, 5.3). */
function readRequestFields(raw: HeaderFields): RequestFields {
	const fields: RequestFields = {
		accept: undefined,
		contentType: undefined,
		contentLength: undefined,
		transferEncoding: undefined,
		ifMatch: undefined,
		ifNoneMatch: undefined,
		methodOverride: undefined,
	};
	for (let i = 0; i < raw.length; i += 2) {
		const value = raw[i + 1] as string;
		switch (raw[i]) {
			case "accept":
				fields.accept = joined(fields.accept, value);
				break;
			case "content-type":
				fields.contentType = joined(fields.contentType, value);
				break;
			case "content-length":
				fields.contentLength = value;
				break;
			case "transfer-encoding":
				fields.transferEncoding = value;
				break;
			case "if-match":
				fields.ifMatch = joined(fields.ifMatch, value);
				break;
			case "if-none-match":
				fields.ifNoneMatch = joined(fields.ifNoneMatch, value);
				break;
			case "x-http-method":
			case "x-http-method-override":
			case "x-method-override":
				fields.methodOverride = raw[i];
		}
	}
	return fields;
}

function joined(list: string | undefined, value: string): string {
	return list === undefined ? value : `${list}, ${value}`;
}

/** Checks whether a body is announced. HTTP/2 need not announce one. */
function announcesBody({ contentLength, transferEncoding }: RequestFields): boolean {
	return transferEncoding !== undefined || (contentLength !== undefined && contentLength !== "0");
}
