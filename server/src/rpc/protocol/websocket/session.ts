import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { TicketCarrier } from "../../../caller.ts";
import type { Connection } from "../../../http/connection.ts";
import type { HeaderFields } from "../../../http/fields.ts";
import type { TransportLimits } from "../../../http/limits.ts";
import type { MessageSocket, MessageSocketHandler } from "../../../http/message-socket.ts";
import type { ScheduledTask, StreamScheduler } from "../../../http/scheduler.ts";
import { callerLeft } from "../../call/cancellation.ts";
import { toCallError } from "../../call/error-response.ts";
import { Invocation } from "../../call/invocation.ts";
import { invokeStream, type StreamProcedure } from "../../call/invoke-implementation.ts";
import type { Decoder, Encoder } from "../../codec/codec.ts";
import type { RequestSummary, RpcObserver } from "../../observer.ts";
import {
	createRefusalError,
	type Refusal,
	type RefusalDetails,
	tooManySubscriptions,
} from "../../refusals.ts";
import { createErrorBody, type DescribeError } from "../rest/error-body.ts";
import { type ClientMessage, readClientMessage } from "./client-message.ts";
import { completeStatus, createStatusMessage } from "./server-message.ts";
import { Subscription, type SubscriptionOptions } from "./subscription.ts";

/** What the sockets of a port share. */
export interface SessionOptions {
	/** The procedure that subscriptions call. */
	readonly procedure: StreamProcedure;
	readonly createRequestId: () => string;
	readonly decoder: Decoder;
	readonly encoder: Encoder;
	readonly refusalDetails: RefusalDetails;
	/** Says of an error what the contract of the services says. */
	readonly describeError: DescribeError;
	readonly scheduler: StreamScheduler;
	/** `maxConcurrentStreams` bounds the subscriptions of one socket. */
	readonly limits: Pick<TransportLimits, "streamSliceBytes" | "maxConcurrentStreams">;
	readonly observer: RpcObserver;
}

/** The request that a socket came by. */
export interface SessionRequest {
	readonly connection: Connection;
	/** Address of the caller. */
	readonly address: string;
	/** Path and query. */
	readonly path: string;
	/** Stream ticket of the handshake; undefined: there was none. */
	readonly ticket?: TicketCarrier | undefined;
	readonly rawHeaders: HeaderFields;
	readonly summary: RequestSummary;
}

/** Close codes of our own (RFC 6455, 7.4.2), beside 1001, 1003 and 1011. */
const closeCodes = { malformed: 4400, duplicate: 4409 } as const;

/**
 * The subscriptions of one WebSocket. Each is a call of its own, which passes all interceptors. A
 * class: thousands may be open.
 */
export class Session implements MessageSocketHandler, ScheduledTask {
	readonly #socket: MessageSocket;
	readonly #request: SessionRequest;
	readonly #options: SessionOptions;
	readonly #shared: SubscriptionOptions;
	readonly #subscriptions = new Map<string, Subscription>();
	/** Messages that wait for their turn; nothing is read meanwhile. */
	#messages: { readonly bytes: Buffer; readonly isText: boolean }[] = [];
	#isDraining = false;
	#isClosed = false;

	constructor(socket: MessageSocket, request: SessionRequest, options: SessionOptions) {
		this.#socket = socket;
		this.#request = request;
		this.#options = options;
		const { procedure, encoder, scheduler, limits, observer } = options;
		this.#shared = {
			schema: procedure.spec.method.output,
			encoder,
			scheduler,
			sliceBytes: limits.streamSliceBytes,
			report: observer.unexpected,
		};
	}

	onMessage(bytes: Buffer, isText: boolean): void {
		if (this.#isClosed) return;
		// Each message has its turn, and its answer room: who reads nothing is read no more.
		if (this.#messages.length === 0) {
			this.#socket.pause();
			this.#options.scheduler.queue(this);
		}
		this.#messages.push({ bytes, isText });
	}

	onClosed(): void {
		this.#end();
	}

	/** Closes the socket once its streams have ended, which is their implementation's work. */
	drain(): void {
		this.#isDraining = true;
		this.#closeIfDrained();
	}

	ready(): void {
		if (this.#messages.length > 0) this.#options.scheduler.queue(this);
		else this.#socket.resume();
	}

	run(): void {
		try {
			const message = this.#messages.shift();
			if (message === undefined || this.#isClosed) return;
			this.#take(message);
			this.#socket.onRoom(this);
		} catch (fault) {
			this.#options.observer.unexpected(fault);
			this.#close(1011, "an internal fault");
		}
	}

	#take({ bytes, isText }: { readonly bytes: Buffer; readonly isText: boolean }): void {
		if (!isText) {
			this.#close(1003, "messages are to be text");
			return;
		}
		const message = readClientMessage(bytes);
		if (typeof message === "string") {
			this.#close(closeCodes.malformed, message);
		} else if (message.type === "unsubscribe") {
			// One that has ended meanwhile is not known any more.
			this.#subscriptions.get(message.id)?.cancel(callerLeft());
		} else if (this.#subscriptions.has(message.id)) {
			this.#close(closeCodes.duplicate, "a subscription of this id is open");
		} else {
			this.#subscribe(message);
		}
	}

	#subscribe({ id, query }: ClientMessage & { readonly type: "subscribe" }): void {
		const { limits, procedure, decoder } = this.#options;
		const requestId = this.#options.createRequestId();
		if (this.#subscriptions.size >= limits.maxConcurrentStreams) {
			this.#refuse({ id, requestId }, tooManySubscriptions);
			return;
		}
		const decoded = decoder.decode(procedure.spec.method.input, Buffer.from(query), "json");
		if ("refusal" in decoded) this.#refuse({ id, requestId }, decoded.refusal);
		else this.#open({ id, requestId }, decoded.message);
	}

	#open({ id, requestId }: Named, message: Message): void {
		const { procedure, observer } = this.#options;
		const invocation = this.#createInvocation(procedure.spec.method, requestId);
		const subscription = new Subscription(
			{
				id,
				socket: this.#socket,
				cancellation: invocation.cancellation,
				onEnd: (error, sentBytes) => {
					this.#subscriptions.delete(id);
					this.#socket.gathers = this.#subscriptions.size > 1;
					const complete = this.#socket.isOpen;
					this.#sendStatus({ id, requestId }, error);
					observer.callEnded({ requestId, complete, sentBytes });
					this.#closeIfDrained();
				},
			},
			this.#shared,
		);
		this.#subscriptions.set(id, subscription);
		this.#socket.gathers = this.#subscriptions.size > 1;
		invokeStream(procedure, invocation, message)
			.then((response) => subscription.begin(response.message))
			.catch((error: unknown) => subscription.fail(error));
	}

	#createInvocation(method: DescMethod, requestId: string) {
		const { connection, address, path, rawHeaders, ticket } = this.#request;
		const { httpVersion, secure, peer } = connection;
		return new Invocation({
			exchange: { rawHeaders },
			method,
			path,
			httpMethod: "GET",
			codec: "json",
			context: { requestId, protocol: "websocket", httpVersion, secure, peer, address, ticket },
			common: [],
			leftMs: () => undefined,
		});
	}

	#refuse({ id, requestId }: Named, refusal: Refusal): void {
		const { observer, refusalDetails, procedure } = this.#options;
		const { method } = procedure.spec;
		observer.callRefused({
			cause: refusal.cause,
			httpStatus: refusal.httpStatus,
			...this.#request.summary,
			procedure: `/${method.parent.typeName}/${method.name}`,
			requestId,
			address: this.#request.address,
		});
		this.#sendStatus({ id, requestId }, createRefusalError(refusal, refusalDetails));
	}

	/** @param error undefined: the stream is complete */
	#sendStatus({ id, requestId }: Named, error: unknown): void {
		if (!this.#socket.isOpen) return;
		const json = error === undefined ? completeStatus : this.#statusOf(error);
		this.#socket.send(createStatusMessage({ id, requestId }, json));
	}

	#statusOf(thrown: unknown): string {
		const { decoder, describeError } = this.#options;
		const error = toCallError(thrown, this.#options);
		return createErrorBody(error, describeError(error), decoder.registry).json;
	}

	#closeIfDrained(): void {
		if (this.#isDraining && this.#subscriptions.size === 0) {
			this.#close(1001, "this replica is shutting down; connect again");
		}
	}

	#close(code: number, reason: string): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#socket.close(code, reason);
		this.#end();
	}

	/** Frees what is left. */
	#end(): void {
		this.#isClosed = true;
		this.#messages = [];
		for (const subscription of [...this.#subscriptions.values()]) subscription.cancel(callerLeft());
	}
}

/** Names of a subscription: the caller's, and the one in the log. */
interface Named {
	readonly id: string;
	readonly requestId: string;
}
