import type { Message } from "@bufbuild/protobuf";
import type { Interceptor, MethodImplSpec, StreamResponse } from "@connectrpc/connect";
import type { Clock } from "../../clock.ts";
import type { Share } from "../fairness.ts";
import { fieldsOf } from "../fields.ts";
import type { TransportLimits } from "../limits.ts";
import { failureHeaders, sendAnswer, streamHeaders } from "./answering.ts";
import type { Call } from "./call.ts";
import type { Encoder } from "./encoder.ts";
import { invokeStream, toMessage } from "./invocation.ts";
import type { StreamProtocol } from "./protocol.ts";
import { isSliced } from "./sliced-stream.ts";
import { writeMessages, writeSlices } from "./stream-writer.ts";
import { metadataOf, type UnaryTerms } from "./unary.ts";

/** A server-streaming procedure as it is served. */
export interface StreamProcedure {
	readonly spec: Extract<MethodImplSpec, { kind: "server_streaming" }>;
	readonly interceptors: readonly Interceptor[];
}

/** How one stream is answered. */
export interface StreamTerms extends Pick<UnaryTerms, "toError" | "sending"> {
	readonly protocol: StreamProtocol;
	readonly encoder: Encoder;
	readonly share: Share;
	readonly limits: Pick<TransportLimits, "streamHeadDelayMs" | "streamSliceBytes">;
	readonly clock: Clock;
}

/** Runs a server-streaming call and answers it. */
export function runStream(
	procedure: StreamProcedure,
	{ call, message }: { readonly call: Call; readonly message: Message },
	terms: StreamTerms,
): void {
	const { exchange, form, common, method } = call.start;
	const { protocol, encoder, share, limits, sending } = terms;
	let headIsSent = false;
	let sentBytes = 0;
	let response: StreamResponse | undefined;

	const begin = () => {
		if (headIsSent) return;
		headIsSent = true;
		headTimer.cancel();
		const { header } = metadata();
		exchange.writeHead({
			status: 200,
			headers: [
				...common,
				...streamHeaders,
				"content-type",
				protocol.contentType(form),
				...fieldsOf(header),
			],
			trailers: protocol.hasTrailers,
			flush: true,
		});
	};
	const metadata = () =>
		metadataOf(response ?? { header: call.responseHeader, trailer: call.responseTrailer });
	/** Browsers hold `fetch` back until then: a stream with nothing to say yet shows that it is open. */
	const headTimer = terms.clock.setTimer(limits.streamHeadDelayMs, begin);

	const finish = (error?: unknown) => {
		headTimer.cancel();
		if (exchange.departure.happened) return sending.done({ complete: false, sentBytes });
		const failure = error === undefined ? undefined : terms.toError(error);
		if (failure !== undefined && !headIsSent) {
			const answer = protocol.failure(form, failure, metadata());
			return sendAnswer(exchange, answer, { ...sending, fields: [...common, ...failureHeaders] });
		}
		begin();
		exchange.end(protocol.ending(failure, metadata().trailer));
		sending.done({ complete: true, sentBytes });
	};
	const output = {
		exchange,
		share,
		sliceBytes: limits.streamSliceBytes,
		toMessage: (init: unknown) => toMessage(method.output, init),
		encode: (messages: readonly Message[]) => {
			const bytes = encoder.encodeAll(method.output, messages, form);
			sentBytes += bytes.byteLength;
			begin();
			return bytes;
		},
	};

	exchange.departure.on(() => headTimer.cancel());
	invokeStream(procedure, call, message).then((started) => {
		response = started;
		const messages = started.message;
		if (isSliced(messages)) writeSlices(messages, output, finish);
		else writeMessages(messages, output).then(finish, finish);
	}, finish);
}
