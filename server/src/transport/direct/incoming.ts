import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { CollectedBody } from "../body-collector.ts";
import type { Compression } from "../connect-internals.ts";
import { envelopePrefixBytes } from "../envelope.ts";
import { type Exchange, headerOf } from "../exchange.ts";
import type { Refusal } from "../refusal.ts";
import { badRequest, messageTooLarge } from "../refusal-kinds.ts";
import { type Decoded, type DecodeOptions, decode } from "./decoder.ts";
import type { Form } from "./form.ts";
import type { Framing } from "./protocol.ts";
import { openRequest } from "./request-envelope.ts";

/** How a request message is read. */
export interface IncomingRule {
	readonly framing: Framing;
	readonly schema: DescMessage;
	readonly form: Form;
	/** Of the message; undefined: none. */
	readonly compression: Compression | undefined;
	/** Before decompression and after it. */
	readonly maxMessageBytes: number;
	readonly decodeOptions: DecodeOptions;
}

/**
 * Reads the one request message of a call.
 * @param done called once, perhaps at once, but not when the peer leaves
 */
export function readMessage(
	exchange: Exchange,
	rule: IncomingRule,
	done: (message: Decoded) => void,
): void {
	const length = headerOf(exchange, "content-length");
	const { framing, maxMessageBytes } = rule;
	const declaredBytes = length === undefined ? undefined : Number(length);
	const { text } = framing;
	if (text === undefined) {
		const limit = { maxMessageBytes, isEnveloped: framing.isEnveloped, declaredBytes };
		exchange.collectBody(limit, (body) => openMessage(body, rule, done));
		return;
	}
	const maxTextBytes = text.maxBytes(maxMessageBytes + envelopePrefixBytes);
	const limit = { maxMessageBytes: maxTextBytes, isEnveloped: false, declaredBytes };
	exchange.collectBody(limit, (body) => {
		const decoded = body === undefined ? undefined : text.decode(body);
		if (decoded !== undefined && "cause" in decoded) done({ refusal: decoded });
		else openMessage(decoded, rule, done);
	});
}

/** Takes the message out of a body that is there; `undefined`: it is too large. */
export function openMessage(
	body: CollectedBody,
	rule: IncomingRule,
	done: (message: Decoded) => void,
): void {
	const { framing, compression, schema, form } = rule;
	const opened =
		body === undefined
			? messageTooLarge(rule.maxMessageBytes)
			: openRequest(body, framing, compression !== undefined);
	if ("cause" in opened) {
		done({ refusal: opened });
		return;
	}
	// A query's message was never held against the limit for bodies.
	if (opened.bytes.byteLength > rule.maxMessageBytes) {
		done({ refusal: messageTooLarge(rule.maxMessageBytes) });
		return;
	}
	if (!opened.isCompressed || compression === undefined) {
		done(decode(schema, opened.bytes, { form, ...rule.decodeOptions }));
		return;
	}
	compression.decompress(opened.bytes as Uint8Array<ArrayBuffer>, rule.maxMessageBytes).then(
		(bytes) => done(decode(schema, Buffer.from(bytes), { form, ...rule.decodeOptions })),
		(error: unknown) => done({ refusal: refusalOf(error, rule) }),
	);
}

function refusalOf(error: unknown, { maxMessageBytes }: IncomingRule): Refusal {
	const isTooLarge = error instanceof ConnectError && error.code === Code.ResourceExhausted;
	return isTooLarge
		? messageTooLarge(maxMessageBytes)
		: badRequest("protocol", "decompression failed");
}
