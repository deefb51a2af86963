import type { Message } from "@bufbuild/protobuf";
import type {
	ConnectError,
	Interceptor,
	MethodImplSpec,
	StreamResponse,
} from "@connectrpc/connect";
import type { Clock } from "../../clock.ts";
import type { Share } from "../fairness.ts";
import type { TransportLimits } from "../limits.ts";
import type { Call } from "./call.ts";
import type { Encoder } from "./encoder.ts";
import { invokeStream } from "./invocation.ts";
import type { StreamProtocol } from "./protocol.ts";
import { isSliced } from "./sliced-stream.ts";
import { StreamAnswer } from "./stream-answer.ts";
import { SliceWriter, writeMessages } from "./stream-writer.ts";
import type { UnaryTerms } from "./unary.ts";

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
	const answer = new StreamAnswer(call, terms);
	const finish = (error: unknown) => answer.finish(error);
	const write = ({ header, trailer, message: messages }: StreamResponse) => {
		answer.setMetadata(header, trailer);
		if (!isSliced(messages)) {
			writeMessages(messages, answer, terms.share).then(finish, finish);
			return;
		}
		const writer = new SliceWriter(messages, answer, terms.sending.fairness);
		call.cancellation.onAbort((reason: ConnectError) => writer.leave(reason));
		const { reason } = call.cancellation;
		if (reason === undefined) writer.run();
		else writer.leave(reason);
	};
	invokeStream(procedure, call, message).then(write, finish);
}
