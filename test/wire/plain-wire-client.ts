import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { WatchWukongRequestSchema } from "@novasphere/wukong-gen/wukong-service";
import {
	createPlainReader,
	errorOf,
	openPlainWatch,
	type PlainAnswer,
	type PlainForm,
} from "../support/plain-watch.ts";
import type { WireCallOptions, WireClient } from "./wire-client.ts";
import type { WireServer } from "./wires.ts";

/** How streams in plain HTTP are read, beside a client for all other calls. */
export interface PlainWireOptions {
	readonly server: WireServer;
	readonly form: PlainForm;
	readonly httpVersion: "1.1" | "2";
	readonly calls: WireClient;
}

/** A client that watches over plain HTTP, as a program without any library of ours does. */
export function createPlainWireClient(options: PlainWireOptions): WireClient {
	const { server, form, httpVersion, calls } = options;
	const open = new Set<PlainAnswer>();

	async function* watch(
		request: Parameters<WireClient["watch"]>[0],
		{ timeoutMs, signal }: WireCallOptions = {},
	) {
		const answer = await openPlainWatch({
			...{ ...server, form, httpVersion },
			request: create(WatchWukongRequestSchema, request as never),
			header: timeoutMs === undefined ? {} : { "connect-timeout-ms": `${timeoutMs}` },
		});
		open.add(answer);
		signal?.addEventListener("abort", answer.cut);
		try {
			const read = createPlainReader(form);
			for await (const chunk of answer.body) {
				for (const message of read(chunk)) {
					if (!("end" in message)) yield message.event;
					else throw errorOf(message.end);
				}
			}
		} catch (error) {
			throw signal?.aborted ? new ConnectError("left", Code.Canceled) : error;
		} finally {
			open.delete(answer);
			answer.cut();
		}
		throw new ConnectError(
			"the stream has no end",
			signal?.aborted ? Code.Canceled : Code.DataLoss,
		);
	}

	return {
		unary: calls.unary,
		watch: watch as WireClient["watch"],
		close() {
			for (const { cut } of open) cut();
			calls.close();
		},
	};
}
