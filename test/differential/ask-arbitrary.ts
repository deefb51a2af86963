import type { DescMethod, JsonObject } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { WukongService } from "@novasphere/wukong-gen/wukong-service";
import fc from "fast-check";
import { pathOf } from "../support/path-of.ts";
import type { Ask } from "./ask.ts";
import { askHeaders, type RpcProtocol } from "./ask-headers.ts";
import { type Content, contents } from "./content.ts";
import type { Codec } from "./message-bytes.ts";
import type { Messages } from "./messages.ts";
import { pack } from "./packed.ts";

/** Requests for a service: all its methods in all protocols, forms and versions of HTTP. */
export function asks(messages: Messages): fc.Arbitrary<Ask> {
	const methods = WukongService.methods.filter(({ name }) => name in messages);
	return fc
		.record({
			method: fc.constantFrom(...methods),
			form: fc.constantFrom<Codec>("json", "binary"),
			protocol: fc.constantFrom<RpcProtocol | "get">("connect", "grpc", "grpc-web", "get"),
		})
		.chain(({ method, form, protocol }) => {
			const known = messages[method.name] as readonly JsonObject[];
			return contents(method.input, form, known).chain((content) => {
				if (protocol !== "get") return posts(method, content, { form, protocol });
				return mayBeGot(method)
					? gets(method, content, form)
					: posts(method, content, { form, protocol: "connect" });
			});
		});
}

const httpVersion = fc.constantFrom("1.1" as const, "2" as const);

function mayBeGot({ idempotency, methodKind }: DescMethod): boolean {
	return idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS && methodKind === "unary";
}

function posts(
	method: DescMethod,
	{ message, packed, wrap, isExpired }: Content,
	kind: { readonly form: Codec; readonly protocol: RpcProtocol },
): fc.Arbitrary<Ask> {
	const isStream = method.methodKind !== "unary";
	const isEnveloped = isStream || kind.protocol !== "connect";
	return fc.record({
		http: kind.protocol === "grpc" ? fc.constant("2" as const) : httpVersion,
		method: fc.constant("POST"),
		target: fc.constant(pathOf(method.name)),
		headers: askHeaders({ ...kind, isStream, isExpired, named: packed.named }),
		body: fc.constant(pack(message, packed, isEnveloped ? wrap : undefined)),
		inPieces: fc.constantFrom(false, false, false, true),
	});
}

function gets(
	method: DescMethod,
	{ message, packed, isExpired }: Content,
	form: Codec,
): fc.Arbitrary<Ask> {
	const content = pack(message, packed, undefined);
	const encoding = form === "json" ? "json" : "proto";
	const compression = packed.named === undefined ? "" : `&compression=${packed.named}`;
	const query = fc
		.tuple(fc.constantFrom(...spellings), fc.constantFrom("", "", ...moreParameters))
		.map(([spell, more]) => `encoding=${encoding}${spell(content)}${compression}${more}`);
	return fc.record({
		http: httpVersion,
		method: fc.constantFrom("GET", "GET", "HEAD"),
		target: query.map((text) => `${pathOf(method.name)}?${text}`),
		headers: askHeaders({ form, protocol: "get", isStream: false, isExpired, named: undefined }),
		body: fc.constant(Buffer.alloc(0)),
	});
}

/** How a message may be written in a query. */
const spellings = [
	(content: Buffer) => `&message=${encodeURIComponent(content.toString())}`,
	(content: Buffer) => `&base64=1&message=${content.toString("base64url")}`,
	(content: Buffer) => `&base64=1&message=${encodeURIComponent(content.toString("base64"))}`,
];

const moreParameters = ["&connect=v1", "&connect=v2", "&x=1", "&encoding=json"];
