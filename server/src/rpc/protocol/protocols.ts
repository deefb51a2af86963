import { type Exchange, headerOf } from "../../http/exchange.ts";
import { parseMediaType } from "../../http/media-type.ts";
import type { Codec } from "../codec/codec.ts";
import type { ContentTypeFault } from "../refusals.ts";
import { connect } from "./connect/connect.ts";
import { grpc } from "./grpc/grpc.ts";
import { grpcWeb } from "./grpc-web/grpc-web.ts";
import { grpcWebText } from "./grpc-web-text/grpc-web-text.ts";
import type { Protocol, RefusalForm, StreamProtocol, UnaryProtocol } from "./protocol.ts";

/**
 * The protocols of a port. Accept-Post names them in this order; the first one that binds a GET
 * answers it.
 */
export const defaultProtocols: readonly Protocol[] = [connect, grpcWeb, grpcWebText, grpc];

/** What a content type says. */
export interface ContentType {
	/** Name of the protocol. */
	readonly name: string;
	readonly codec: Codec;
	/** undefined: unary calls of the protocol have another content type. */
	readonly unary: UnaryProtocol | undefined;
	/** undefined: streams of the protocol have another content type. */
	readonly stream: StreamProtocol | undefined;
}

/** The protocols of a port, by content type. */
export interface Protocols {
	readonly all: readonly Protocol[];
	/**
	 * Reads the content type of a request; "" where it has none. Unknown parameters are ignored, but
	 * for a charset of JSON: that is UTF-8 or refused, never guessed (RFC 8259, 8.1).
	 */
	readContentType(text: string): ContentType | ContentTypeFault;
	/**
	 * Finds how to write a refusal to a request without a route: by its content type, also where only
	 * the family is known. Who speaks no protocol, or one that this version of HTTP cannot carry, gets
	 * the form of a request without a content type.
	 * @param exchange undefined: the request could not even be read
	 */
	findRefusalForm(exchange: Exchange | undefined): RefusalForm;
}

/**
 * Indexes protocols by content type.
 * @throws RangeError where none takes requests without a content type
 */
export function createProtocols(all: readonly Protocol[] = defaultProtocols): Protocols {
	const types = new Map<string, ContentType>();
	const families = new Map<string, ContentType>();
	for (const { name, family, unary, stream } of all) {
		const codecs = { ...unary?.contentTypes, ...stream?.contentTypes };
		for (const [type, codec] of Object.entries(codecs)) {
			types.set(type, {
				name,
				codec,
				unary: unary !== undefined && type in unary.contentTypes ? unary : undefined,
				stream: stream !== undefined && type in stream.contentTypes ? stream : undefined,
			});
		}
		if (family !== undefined) families.set(family, { name, codec: "binary", unary, stream });
	}
	const untyped = types.get("");
	const fallback = untyped && createRefusalForm(untyped);
	if (untyped === undefined || fallback === undefined) {
		throw new RangeError("no protocol takes requests without a content type");
	}

	function readContentType(text: string): ContentType | ContentTypeFault {
		// Most requests name one in these very letters.
		const exact = types.get(text);
		if (exact !== undefined) return exact;
		if (/^[\t ]*$/.test(text)) return untyped as ContentType;
		const parsed = parseMediaType(text);
		if (parsed === undefined) return "malformed";
		const found = types.get(parsed.essence);
		if (found === undefined) return "unknown";
		const charset = parsed.parameters.get("charset");
		if (found.codec !== "json" || charset === undefined) return found;
		return /^utf-?8$/i.test(charset) ? found : "charset";
	}

	return {
		all,
		readContentType,
		findRefusalForm(exchange) {
			for (const protocol of all) {
				const form = protocol.findRefusalForm?.(exchange);
				if (form !== undefined) return form;
			}
			if (exchange?.method !== "POST") return fallback;
			const text = headerOf(exchange, "content-type") ?? "";
			const read = readContentType(text);
			const family = /^[\t ]*([^+;\t ]+)/.exec(text)?.[1]?.toLowerCase() ?? "";
			const type = typeof read === "object" ? read : families.get(family);
			const form = type && createRefusalForm(type);
			if (form === undefined) return fallback;
			const canCarry = !form.protocol.hasTrailers || exchange.connection.httpVersion === "2.0";
			return canCarry ? form : fallback;
		},
	};
}

/** A protocol with one content type for both is read for unary calls as well as for streams. */
function createRefusalForm({ codec, unary, stream }: ContentType): RefusalForm | undefined {
	const protocol = stream ?? unary;
	return protocol && { protocol, codec };
}
