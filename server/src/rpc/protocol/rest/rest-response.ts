import {
	type DescField,
	type DescMessage,
	type JsonObject,
	type JsonValue,
	type Message,
	type Registry,
	toJson,
} from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { listOf, metadataFieldsOf } from "../../../http/fields.ts";
import type { Encoder } from "../../codec/codec.ts";
import type { Refusal } from "../../refusals.ts";
import { withErrorMetadata } from "../connect/connect.ts";
import { bareBody } from "../envelope.ts";
import type {
	Answer,
	CallProtocol,
	Metadata,
	Response,
	StreamProtocol,
	UnaryProtocol,
} from "../protocol.ts";
import { connectTimeout } from "../timeout.ts";
import type { LocationOf } from "./create-location.ts";
import { type EntityTags, parseTags } from "./entity-tags.ts";
import { createErrorBody, type DescribeError } from "./error-body.ts";
import { indentJson } from "./pretty-json.ts";
import { type ErrorBody, type OpenForm, plainStreamHeaders } from "./stream-form.ts";

/** What the responses of one method share. */
export interface ResponseRule {
	readonly output: DescMessage;
	/** Types that a google.protobuf.Any may hold. */
	readonly registry: Registry;
	/** Field of the response message that the body is; undefined: it is the message. */
	readonly responseField: DescField | undefined;
	readonly locationOf: LocationOf | undefined;
	readonly describeError: DescribeError;
	/** undefined: nothing has entity tags. */
	readonly entityTags: EntityTags | undefined;
	/** Prefix of every path, as callers see it; "" or as in `/wukong`. */
	readonly basePath: string;
}

/** What a request asks of its response. */
export interface ResponseWish {
	/** JSON is indented. */
	readonly isPretty: boolean;
	/** A conflict is a failed precondition: If-Match is given, and something is to change. */
	readonly hasPrecondition: boolean;
	/** If-None-Match is given, or If-Match, and something is only read. */
	readonly isConditional: boolean;
}

const type = "application/json";
const ofJson = ["content-type", type] as const;

/** gRPC's code for a state that has changed meanwhile. */
const aborted = 10;

/** Creates the part of REST that answers unary calls of one rule. */
export function createUnaryPart(rule: ResponseRule, wish: ResponseWish): UnaryProtocol {
	const { responseField, locationOf, entityTags, basePath } = rule;
	const { isPretty } = wish;
	const own: Pick<UnaryProtocol, "replace" | "encode"> = {};
	if (wish.isConditional && entityTags !== undefined) {
		own.replace = (answer) => replaceUnchanged(answer, entityTags);
	}
	if (responseField !== undefined || isPretty) {
		own.encode = (message, encoder) => {
			const bytes = encodeBody(message, rule, encoder);
			return isPretty ? Buffer.from(indentJson(Buffer.from(bytes).toString())) : bytes;
		};
	}
	return {
		...createCallPart(rule, wish),
		...own,
		success(_codec, { bytes, encoding, answer }, metadata) {
			const headers: string[] = [...ofJson];
			let status = 200;
			const tag = entityTags?.tagOf(answer.response, answer.encoder);
			// Other bytes than those of the plain response are no longer the very same.
			if (tag !== undefined) {
				headers.push("etag", isPretty || encoding !== undefined ? `W/"${tag}"` : `"${tag}"`);
			}
			if (encoding !== undefined) headers.push("content-encoding", encoding);
			const location = locationOf?.(answer.request, answer.response);
			if (location !== undefined) {
				status = 201;
				headers.push("location", basePath + location);
			}
			pushMetadata(headers, metadata);
			return { status, headers, body: bytes };
		},
	};
}

/** Creates the part of REST that answers streams of one rule in one form. */
export function createStreamPart(
	rule: ResponseRule,
	wish: ResponseWish,
	form: OpenForm,
): StreamProtocol {
	const part = createCallPart(rule, wish);
	const statusOf = (error: ConnectError): ErrorBody =>
		createErrorBody(error, rule.describeError(error), rule.registry);
	return {
		...part,
		headers: plainStreamHeaders,
		isAnswer: form.isAnswer === true,
		contentType: () => form.contentType,
		get framing() {
			return form.framing;
		},
		start: () => form.start?.(),
		failure(codec, error, metadata) {
			const response = part.failure(codec, error, metadata);
			return form.failure?.(statusOf(error), response) ?? response;
		},
		end: (error, trailer) => form.end(error && statusOf(error), trailer),
	};
}

/** Creates what all parts of REST have in common. */
export function createCallPart(
	{ describeError, registry }: Pick<ResponseRule, "describeError" | "registry">,
	{ isPretty, hasPrecondition }: ResponseWish,
): CallProtocol {
	return {
		contentTypes: {},
		acceptPost: [],
		allowsGet: false,
		hasTrailers: false,
		hasConnectHandler: false,
		timeout: connectTimeout,
		encodingHeader: "content-encoding",
		acceptEncodingHeader: "accept-encoding",
		body: bareBody,
		bind: () => undefined,
		contentType: () => type,
		failure(_codec, error, metadata) {
			const described = describeError(error);
			const { json } = createErrorBody(error, described, registry);
			const isUnmet = hasPrecondition && error.code === aborted;
			const retry = error.metadata.has("retry-after") ? [] : retryFields(described.retryAfterMs);
			const headers: string[] = [...ofJson, ...retry];
			pushMetadata(headers, { ...metadata, header: withErrorMetadata(metadata.header, error) });
			return {
				status: isUnmet ? 412 : described.httpStatus,
				headers,
				body: Buffer.from(isPretty ? indentJson(json) : json),
			};
		},
		refusalStatus,
	};
}

/** Statuses that REST has and Connect has not. */
function refusalStatus({ httpStatus, cause }: Refusal): number {
	if (cause !== "protocol") return httpStatus;
	if (httpStatus === 429) return 413;
	return httpStatus === 501 ? 415 : httpStatus;
}

/** Retry-After has whole seconds (RFC 9110, 10.2.3). */
export function retryFields(retryAfterMs: number | undefined): readonly string[] {
	return retryAfterMs === undefined ? [] : ["retry-after", String(Math.ceil(retryAfterMs / 1_000))];
}

/**
 * Answers a read without its message where the caller has it (304), or where it is not the one that
 * the caller means.
 * @throws ConnectError where If-Match names another state (412)
 */
function replaceUnchanged(
	{ exchange, response, encoder }: Answer,
	entityTags: EntityTags,
): Response | undefined {
	const tag = entityTags.tagOf(response, encoder);
	if (tag === undefined) return undefined;
	const wanted = parseTags(listOf(exchange.rawHeaders, "if-match") ?? "*");
	if (wanted !== "*" && !wanted?.some((one) => entityTags.matches(response, one))) {
		throw entityTags.createMismatch();
	}
	const list = listOf(exchange.rawHeaders, "if-none-match") ?? "";
	const known = parseTags(list);
	if (known !== "*" && known?.includes(tag) !== true) return undefined;
	// In the form in which the caller was given it.
	const weak = `W/"${tag}"`;
	return { status: 304, headers: ["etag", list.includes(weak) ? weak : `"${tag}"`] };
}

function encodeBody(
	message: Message,
	{ output, responseField, registry }: ResponseRule,
	encoder: Encoder,
): Uint8Array {
	if (responseField === undefined) return encoder.encode(output, message, "json");
	if (responseField.fieldKind === "message" && responseField.oneof === undefined) {
		const value = (message as unknown as Record<string, unknown>)[responseField.localName];
		const isWhole = value !== undefined && (value as Partial<Message>).$typeName !== undefined;
		if (isWhole) return encoder.encode(responseField.message, value as Message, "json");
	}
	const jsonOf = (alwaysEmitImplicit: boolean): JsonValue | undefined => {
		const json = toJson(output, message, { registry, alwaysEmitImplicit }) as JsonObject;
		return json[responseField.jsonName];
	};
	// What is unset has no place in the whole message, but is all that there is here.
	return Buffer.from(JSON.stringify(jsonOf(false) ?? jsonOf(true) ?? null));
}

function pushMetadata(headers: string[], { header, trailer }: Metadata): void {
	if (header !== undefined) headers.push(...metadataFieldsOf(header));
	if (trailer === undefined) return;
	// There are no HTTP trailers here: they go ahead, under other names, as Connect has it.
	const fields = metadataFieldsOf(trailer);
	for (let i = 0; i < fields.length; i += 2) {
		headers.push(`trailer-${fields[i]}`, fields[i + 1] as string);
	}
}
