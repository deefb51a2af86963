import type { Message } from "@bufbuild/protobuf";
import type { Interceptor, MethodImplSpec, StreamResponse } from "@connectrpc/connect";
import type { Clock } from "../../clock.ts";
import type { TransportLimits } from "../../http/limits.ts";
import type { StreamScheduler } from "../../http/scheduler.ts";
import { isBatched } from "../batched-stream.ts";
import type { Encoder } from "../codec/encoder.ts";
import type { RpcObserver } from "../observer.ts";
import type { StreamProtocol } from "../protocol/protocol.ts";
import type { RefusalDetails } from "../refusals.ts";
import type { Call } from "./call.ts";
import { invokeStream } from "./invoke-implementation.ts";
import { StreamAnswer } from "./stream-response.ts";
import { writeBatches, writeMessages } from "./stream-writer.ts";

/** A server-streaming procedure as it is served. */
export interface StreamProcedure {
	readonly spec: Extract<MethodImplSpec, { kind: "server_streaming" }>;
	readonly interceptors: readonly Interceptor[];
}

/** What streams share. */
export interface StreamOptions {
	readonly encoder: Encoder;
	readonly scheduler: StreamScheduler;
	readonly limits: TransportLimits;
	readonly clock: Clock;
	readonly observer: RpcObserver;
	readonly refusalDetails: RefusalDetails;
}

/** How one stream is answered. */
export interface StreamTerms {
	readonly protocol: StreamProtocol;
	readonly options: StreamOptions;
	/** Milliseconds until the deadline; undefined: there is none. */
	readonly leftMs: number | undefined;
}

/** Runs a server-streaming call and answers it. Keeps its deadline, and hears of its caller leaving. */
export function runStream(
	procedure: StreamProcedure,
	{ call, message }: { readonly call: Call; readonly message: Message },
	terms: StreamTerms,
): void {
	const answer = new StreamAnswer(call, terms);
	const fail = (error: unknown) => answer.fail(error);
	const write = ({ header, trailer, message: messages }: StreamResponse) => {
		answer.setMetadata(header, trailer);
		if (isBatched(messages)) {
			writeBatches(messages, answer, terms.options.scheduler);
			return undefined;
		}
		const written = writeMessages(messages, answer, terms.options.scheduler.join());
		return written.then(() => answer.finish(undefined));
	};
	try {
		invokeStream(procedure, call, message).then(write).catch(fail);
	} catch (error) {
		fail(error);
	}
}
