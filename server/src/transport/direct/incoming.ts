import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { CollectedBody } from "../body-collector.ts";
import type { Compression } from "../connect-internals.ts";
import { type Exchange, headerOf } from "../exchange.ts";
import type { Refusal } from "../refusal.ts";
import { badRequest, requestTooLarge } from "../refusal-kinds.ts";
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
	const limit = {
		maxMessageBytes: rule.maxMessageBytes,
		isEnveloped: rule.framing.isEnveloped,
		declaredBytes: length === undefined ? undefined : Number(length),
	};
	exchange.collectBody(limit, (body) => openMessage(body, rule, done));
}

/** Takes the message out of a body that is there; `undefined`: it is too large. */
export function openMessage(
	body: CollectedBody,
	rule: IncomingRule,
	done: (message: Decoded) => void,
): void {
	const { framing, compression, schema, form } = rule;
	const opened =
		body === undefined ? requestTooLarge : openRequest(body, framing, compression !== undefined);
	if ("cause" in opened) {
		done({ refusal: opened });
		return;
	}
	// A query's message was never held against the limit for bodies.
	if (opened.bytes.byteLength > rule.maxMessageBytes) {
		done({ refusal: requestTooLarge });
		return;
	}
	if (!opened.isCompressed || compression === undefined) {
		done(decode(schema, opened.bytes, { form, ...rule.decodeOptions }));
		return;
	}
	compression.decompress(opened.bytes as Uint8Array<ArrayBuffer>, rule.maxMessageBytes).then(
		(bytes) => done(decode(schema, Buffer.from(bytes), { form, ...rule.decodeOptions })),
		(error: unknown) => done({ refusal: refusalOf(error) }),
	);
}

function refusalOf(error: unknown): Refusal {
	const isTooLarge = error instanceof ConnectError && error.code === Code.ResourceExhausted;
	return isTooLarge ? requestTooLarge : badRequest("protocol", "decompression failed");
}
