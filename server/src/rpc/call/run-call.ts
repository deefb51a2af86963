import type { Message } from "@bufbuild/protobuf";
import type { StreamResponse } from "@connectrpc/connect";
import { isBatched } from "../batched-stream.ts";
import type { Invocation } from "./invocation.ts";
import {
	invokeStream,
	invokeUnary,
	type StreamProcedure,
	type UnaryProcedure,
} from "./invoke-implementation.ts";
import { type StreamResponseRule, StreamServerResponse } from "./stream-response.ts";
import { writeBatches, writeMessages } from "./stream-writer.ts";
import { type UnaryResponseRule, UnaryServerResponse } from "./unary-response.ts";

/** Runs a unary implementation and sends its response. */
export function runUnary(
	procedure: UnaryProcedure,
	{ invocation, message }: { readonly invocation: Invocation; readonly message: Message },
	rule: UnaryResponseRule,
): void {
	const response = new UnaryServerResponse(invocation, message, rule);
	try {
		invokeUnary(procedure, invocation, message).then(
			(result) => response.succeed(result),
			(error: unknown) => response.fail(error),
		);
	} catch (error) {
		response.fail(error);
	}
}

/**
 * Runs a server-streaming implementation and sends its response. Keeps its deadline, and ends it
 * when the caller leaves.
 */
export function runStream(
	procedure: StreamProcedure,
	{ invocation, message }: { readonly invocation: Invocation; readonly message: Message },
	rule: StreamResponseRule,
): void {
	const response = new StreamServerResponse(invocation, rule);
	const { scheduler } = rule.options;
	const fail = (error: unknown) => response.fail(error);
	const write = ({ header, trailer, message: messages }: StreamResponse) => {
		response.setMetadata(header, trailer);
		if (isBatched(messages)) {
			writeBatches(messages, response, scheduler);
			return undefined;
		}
		const written = writeMessages(messages, response, scheduler.join());
		return written.then(() => response.complete());
	};
	try {
		invokeStream(procedure, invocation, message).then(write).catch(fail);
	} catch (error) {
		fail(error);
	}
}
