import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
	type AccessAnswer,
	WatchAccessResponse_Type as Type,
	type WatchAccessResponse,
	WatchAccessResponseSchema,
} from "@novasphere/wukong-gen/access-service";
import type { Caller } from "../../caller.ts";
import type { Clock } from "../../clock.ts";
import type { BatchedStream } from "../../rpc/batched-stream.ts";
import type { Beating, Heartbeats } from "../../watch/heartbeat.ts";

/** Options of an {@link AccessStream}. */
export interface AccessStreamOptions {
	readonly heartbeats: Heartbeats;
	readonly heartbeatIntervalMs: number;
	/** Announced by each message; undefined: it ends by no time that is known. */
	readonly expireTimeMs: number | undefined;
	readonly clock: Pick<Clock, "nowMs">;
	/** Its signal ends a stream that is iterated. */
	readonly caller: Pick<Caller, "signal">;
	readonly onClosed: () => void;
}

const nothing: readonly never[] = Object.freeze([]);

/**
 * The answers to one caller's questions, as they change. There is no queue: a reader gets those that hold
 * when it reads. A class: a thousand may be open.
 */
export class AccessStream implements BatchedStream<WatchAccessResponse>, Beating {
	readonly heartbeatIntervalMs: number;
	readonly #options: Omit<AccessStreamOptions, "caller">;
	#caller: AccessStreamOptions["caller"] | undefined;
	/** Those that are still to be said; undefined: the reader has the newest. */
	#news: readonly AccessAnswer[] | undefined;
	#beatIsDue = false;
	#waiting: { ready(): void } | undefined;
	/** What `take` fails with once a last HEARTBEAT is said; undefined: the stream goes on. */
	#end: { readonly failure: unknown } | undefined;
	#isClosed = false;

	constructor({ caller, ...options }: AccessStreamOptions) {
		this.#options = options;
		this.#caller = caller;
		this.heartbeatIntervalMs = options.heartbeatIntervalMs;
		options.heartbeats.begin(this);
	}

	/** Says other answers from now on. */
	tell(answers: readonly AccessAnswer[]): void {
		this.#news = answers;
		this.#wake();
	}

	/** Ends the stream: a last HEARTBEAT, then the failure. */
	end(failure: unknown): void {
		this.#end ??= { failure };
		this.#wake();
	}

	beat(): void {
		this.#beatIsDue = true;
		this.#wake();
	}

	take(): readonly WatchAccessResponse[] {
		this.#caller = undefined;
		return this.#next();
	}

	get hasMore(): boolean {
		if (this.#end !== undefined) return true;
		return !this.#isClosed && (this.#news !== undefined || this.#beatIsDue);
	}

	onReady(waiter: { ready(): void }): void {
		this.#waiting = waiter;
		if (this.hasMore || this.#isClosed) this.#wake();
	}

	close(reason?: unknown): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#caller = undefined;
		this.#end = reason === undefined ? undefined : { failure: reason };
		this.#options.heartbeats.stop(this);
		this.#options.onClosed();
		this.#wake();
	}

	[Symbol.asyncIterator](): AsyncIterator<WatchAccessResponse> {
		const signal = this.#caller?.signal;
		const onAbort = () => this.close(signal?.reason);
		if (signal?.aborted) onAbort();
		signal?.addEventListener("abort", onAbort, { once: true });
		const finish = () => {
			signal?.removeEventListener("abort", onAbort);
			this.close();
			return { done: true, value: undefined } as const;
		};
		return {
			next: async () => {
				for (;;) {
					const [value] = this.#next();
					if (value !== undefined) return { done: false, value };
					if (this.#isClosed) return finish();
					await new Promise<void>((ready) => this.onReady({ ready }));
				}
			},
			return: async () => finish(),
		};
	}

	#wake(): void {
		const waiter = this.#waiting;
		this.#waiting = undefined;
		waiter?.ready();
	}

	#next(): readonly WatchAccessResponse[] {
		if (this.#end !== undefined) {
			const { failure } = this.#end;
			if (this.#isClosed) throw failure;
			this.close(failure);
			return [this.#message(Type.HEARTBEAT, nothing)];
		}
		if (this.#isClosed) return nothing;
		const news = this.#news;
		if (news !== undefined) {
			this.#news = undefined;
			return [this.#message(Type.ANSWERS, news)];
		}
		if (!this.#beatIsDue) return nothing;
		this.#beatIsDue = false;
		this.#options.heartbeats.begin(this);
		return [this.#message(Type.HEARTBEAT, nothing)];
	}

	#message(type: Type, answers: readonly AccessAnswer[]): WatchAccessResponse {
		const { clock, expireTimeMs } = this.#options;
		const message = create(WatchAccessResponseSchema, {
			...{ type, answers: [...answers], time: timestampFromMs(clock.nowMs()) },
		});
		if (expireTimeMs !== undefined) message.credentialsExpireTime = timestampFromMs(expireTimeMs);
		return message;
	}
}
