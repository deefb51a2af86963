import type { Message } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Interceptor, MethodImplSpec, UnaryResponse } from "@connectrpc/connect";
import type { Compression } from "../connect-internals.ts";
import { compressedFlag, createEnvelope, envelopePrefixBytes } from "../envelope.ts";
import type { Refusal } from "../refusal.ts";
import { tooMuchUnread } from "../refusal-kinds.ts";
import { failureHeaders, nothingSent, readHeaders, type Sending, sendAnswer } from "./answering.ts";
import type { Call } from "./call.ts";
import type { Encoder } from "./encoder.ts";
import { invokeUnary } from "./invocation.ts";
import { touchedOf } from "./lazy-headers.ts";
import type { EncodedMessage, Metadata, UnaryProtocol } from "./protocol.ts";

/** A unary procedure as it is served. */
export interface UnaryProcedure {
	readonly spec: Extract<MethodImplSpec, { kind: "unary" }>;
	readonly interceptors: readonly Interceptor[];
}

/** How one unary call is answered. */
export interface UnaryTerms {
	readonly protocol: UnaryProtocol;
	/** Of the answer; undefined: none. */
	readonly compression: Compression | undefined;
	readonly encoder: Encoder;
	/** Turns anything thrown into the error that the caller gets. */
	readonly toError: (error: unknown) => Parameters<UnaryProtocol["failure"]>[1];
	readonly sending: Omit<Sending, "fields">;
	readonly refuse: (refusal: Refusal) => void;
}

/** Answers below this are not worth compressing, in bytes; connect's own default. */
const minCompressedBytes = 1_024;

/** Runs a unary call and answers it. */
export function runUnary(
	procedure: UnaryProcedure,
	{ call, message }: { readonly call: Call; readonly message: Message },
	terms: UnaryTerms,
): void {
	const { exchange, form, method, common } = call.start;
	const { protocol, sending, toError } = terms;
	const isRead = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
	const fields = isRead ? [...common, ...readHeaders] : common;

	const send = (encoded: EncodedMessage, metadata: Metadata) => {
		if (exchange.departure.happened) return sending.done(nothingSent);
		const whole = protocol.answer(form, encoded, metadata);
		const hasRoom = exchange.reserve(whole.body?.byteLength ?? 0);
		// What a call has done must be told; only a read can be asked for again.
		if (isRead && !hasRoom) return terms.refuse(tooMuchUnread);
		sendAnswer(exchange, whole, { ...sending, fields });
	};
	const answer = (response: UnaryResponse) => {
		const metadata = metadataOf(response);
		const envelope = terms.encoder.encode(method.output, response.message, form);
		const { compression } = terms;
		if (
			compression === undefined ||
			envelope.byteLength - envelopePrefixBytes < minCompressedBytes
		) {
			return send({ envelope, encoding: undefined }, metadata);
		}
		compress(envelope, compression).then((encoded) => send(encoded, metadata), fail);
	};
	const fail = (error: unknown) => {
		if (exchange.departure.happened) return sending.done(nothingSent);
		const metadata = metadataOf({ header: call.responseHeader, trailer: call.responseTrailer });
		const failure = protocol.failure(form, toError(error), metadata);
		sendAnswer(exchange, failure, { ...sending, fields: [...common, ...failureHeaders] });
	};

	invokeUnary(procedure, call, message).then((response) => {
		try {
			answer(response);
		} catch (error) {
			fail(error);
		}
	}, fail);
}

async function compress(
	envelope: Buffer,
	{ name, compress }: Compression,
): Promise<EncodedMessage> {
	const message = envelope.subarray(envelopePrefixBytes) as Uint8Array<ArrayBuffer>;
	return { envelope: createEnvelope(compressedFlag, await compress(message)), encoding: name };
}

/** What was added to an answer, if anybody asked for its headers at all. */
export function metadataOf({
	header,
	trailer,
}: Pick<UnaryResponse, "header" | "trailer">): Metadata {
	return { header: touchedOf(header), trailer: touchedOf(trailer) };
}
