import type { HealthCheckResponse } from "@novasphere/wukong-gen/health";
import type { Caller } from "../../caller.ts";
import type { Failure } from "../../failure.ts";
import type { BatchedStream } from "../../rpc/batched-stream.ts";

/** Options of a {@link HealthStream}. */
export interface HealthStreamOptions {
	/** Returns the status as it is: the same object as long as it is the same status. */
	readonly current: () => HealthCheckResponse;
	/** Its signal ends a stream that is iterated. */
	readonly caller: Pick<Caller, "signal">;
	readonly onClosed: () => void;
}

const nothing: readonly never[] = Object.freeze([]);

/**
 * The statuses of one service for one reader: what is to be said is looked up when it is asked for.
 * A class: thousands may be open.
 */
export class HealthStream implements BatchedStream<HealthCheckResponse> {
	readonly #current: () => HealthCheckResponse;
	readonly #onClosed: () => void;
	#caller: Pick<Caller, "signal"> | undefined;
	#sent: HealthCheckResponse | undefined;
	#waiting: { ready(): void } | undefined;
	/** What `take` fails with once the last status is said; undefined: the stream goes on. */
	#end: { readonly failure: unknown } | undefined;
	#isClosed = false;

	constructor({ current, caller, onClosed }: HealthStreamOptions) {
		this.#current = current;
		this.#caller = caller;
		this.#onClosed = onClosed;
	}

	take(): readonly HealthCheckResponse[] {
		this.#caller = undefined;
		return this.#next();
	}

	get hasMore(): boolean {
		if (this.#isClosed) return this.#end !== undefined;
		return this.#end !== undefined || this.#current() !== this.#sent;
	}

	onReady(waiter: { ready(): void }): void {
		this.#waiting = waiter;
		this.wake();
	}

	/** Calls the reader where there is something to say. */
	wake(): void {
		if (!this.#isClosed && !this.hasMore) return;
		const waiter = this.#waiting;
		this.#waiting = undefined;
		waiter?.ready();
	}

	/** Ends the stream: its last status, then the failure. */
	end(failure: Failure): void {
		this.#end ??= { failure };
		this.wake();
	}

	close(reason?: unknown): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#caller = undefined;
		if (reason !== undefined) this.#end = { failure: reason };
		this.#onClosed();
		this.wake();
	}

	[Symbol.asyncIterator](): AsyncIterator<HealthCheckResponse> {
		const signal = this.#caller?.signal;
		const onAbort = () => this.close(signal?.reason);
		if (signal?.aborted) onAbort();
		signal?.addEventListener("abort", onAbort, { once: true });
		return {
			next: async () => {
				for (;;) {
					const [value] = this.#next();
					if (value !== undefined) return { done: false, value };
					if (this.#isClosed) return { done: true, value: undefined };
					await new Promise<void>((ready) => this.onReady({ ready }));
				}
			},
			return: async () => {
				signal?.removeEventListener("abort", onAbort);
				this.close();
				return { done: true, value: undefined };
			},
		};
	}

	#next(): readonly HealthCheckResponse[] {
		if (!this.#isClosed) {
			const current = this.#current();
			if (current !== this.#sent) {
				this.#sent = current;
				return [current];
			}
		}
		if (this.#end === undefined) return nothing;
		this.close();
		throw this.#end.failure;
	}
}
