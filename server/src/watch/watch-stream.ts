import type { Caller } from "../caller.ts";
import type { ApiObject } from "../resource/object.ts";
import type { Cursor } from "./cursor.ts";
import type { ControlEvents } from "./events.ts";
import type { Beating, Heartbeats } from "./heartbeat.ts";
import type { ViewReader } from "./view.ts";

/**
 * The messages of one watch. Either iterated, or taken in slices; by one reader.
 * Ends only by a failure, by `close`, or when it is iterated and its caller leaves.
 */
export interface WatchStream<E> extends AsyncIterable<E> {
	/**
	 * What there is to send next, up to about `maxBytes` of binary form, at least one message if
	 * there is any; empty: nothing for now. Frozen where other streams are given the same.
	 * @throws the failure that ended the stream, once everything before it is taken
	 */
	take(maxBytes: number): readonly E[];
	/** False: a `take` now would be empty. Judged by the log at each call, never remembered. */
	readonly hasMore: boolean;
	/** Tells it once when `take` is worth calling again: at once where there is more already. */
	onReady(waiter: Waiter): void;
	/**
	 * The reader has left. Frees everything; harmless when repeated.
	 * @param reason what `take` fails with from now on; undefined: it is empty
	 */
	close(reason?: unknown): void;
}

/** Who waits for a stream. An object, not a function: thousands wait, and need no closure. */
export interface Waiter {
	ready(): void;
}

/** A stream as its replica holds it. */
export interface OpenStream<E> extends WatchStream<E>, Beating, ViewReader {
	/** Ends the stream: a last HEARTBEAT, then the failure. */
	end(failure: unknown): void;
}

export interface WatchStreamOptions<T extends ApiObject, E> {
	readonly controlEvents: ControlEvents<E>;
	readonly heartbeats: Heartbeats;
	readonly heartbeatIntervalMs: number;
	/** Resume token to tell while the cursor is not there yet. */
	readonly initialToken: string;
	/** Makes the cursor; may have to wait for the store first, or throw at once. */
	readonly open: () => Cursor<T, E> | Promise<Cursor<T, E>>;
	/** Whose signal ends the stream where it is iterated; who takes slices closes it. */
	readonly caller: Caller;
	readonly onClosed: (stream: OpenStream<E>) => void;
}

type Phase<T extends ApiObject, E> =
	| { readonly name: "opening"; readonly token: string }
	/** Open. No object of its own: each of thousands would be one more to touch. */
	| Cursor<T, E>
	/** A last heartbeat is still to be said. */
	| { readonly name: "ending"; readonly token: string; readonly failure: unknown }
	| { readonly name: "failed"; readonly failure: unknown }
	| { readonly name: "closed" };

const nothing: readonly never[] = Object.freeze([]);

/** A class: thousands may be open, and a closure for each of its functions would be most of their memory. */
class Watch<T extends ApiObject, E> implements OpenStream<E> {
	readonly #controlEvents: ControlEvents<E>;
	readonly #heartbeats: Heartbeats;
	readonly heartbeatIntervalMs: number;
	readonly #onClosed: (stream: OpenStream<E>) => void;
	#phase: Phase<T, E>;
	/** True while no interval is under way: a stalled reader piles up no beats. */
	#beatIsDue = true;
	#waiting: Waiter | undefined;
	/** Forgotten with the first slice: it holds on to the whole call. */
	#caller: Caller | undefined;

	constructor(options: WatchStreamOptions<T, E>) {
		this.#controlEvents = options.controlEvents;
		this.#heartbeats = options.heartbeats;
		this.heartbeatIntervalMs = options.heartbeatIntervalMs;
		this.#onClosed = options.onClosed;
		this.#caller = options.caller;
		this.#phase = { name: "opening", token: options.initialToken };
	}

	/** Makes the cursor. */
	start(open: WatchStreamOptions<T, E>["open"]): void {
		let cursor: Cursor<T, E> | Promise<Cursor<T, E>>;
		try {
			cursor = open();
		} catch (failure) {
			this.#beginInterval();
			// Its replica has to know the stream before it hears of its end.
			queueMicrotask(() => this.#leave({ name: "failed", failure }));
			return;
		}
		if (cursor instanceof Promise) {
			// A beat is due already: the first message is sent at once, whatever there is to wait for.
			cursor.then(
				(opened) => this.#opened(opened),
				(failure) => this.#leave({ name: "failed", failure }),
			);
		} else {
			this.#beginInterval();
			this.#opened(cursor);
		}
	}

	take(maxBytes: number): readonly E[] {
		if (this.#caller !== undefined) this.#caller = undefined;
		return this.#next(maxBytes);
	}

	get hasMore(): boolean {
		const phase = this.#phase;
		switch (phase.name) {
			case "open":
				return this.#beatIsDue || !phase.isAtEnd;
			case "opening":
				return this.#beatIsDue;
			default:
				return phase.name !== "closed";
		}
	}

	onReady(waiter: Waiter): void {
		this.#waiting = waiter;
		// What came before is not told again, and after its end a stream is told nothing at all.
		if (this.hasMore || this.#phase.name === "closed") this.wake();
	}

	wake(): void {
		const waiter = this.#waiting;
		this.#waiting = undefined;
		waiter?.ready();
	}

	skipTo(next: Parameters<ViewReader["skipTo"]>[0]): void {
		const phase = this.#phase;
		if (phase.name === "open") phase.skipTo(next);
	}

	beat(): void {
		this.#beatIsDue = true;
		this.wake();
	}

	close(reason?: unknown): void {
		this.#leave(reason === undefined ? { name: "closed" } : { name: "failed", failure: reason });
	}

	end(failure: unknown): void {
		const { name } = this.#phase;
		if (name !== "opening" && name !== "open") return;
		this.#phase = { name: "ending", token: this.#token, failure };
		this.wake();
	}

	[Symbol.asyncIterator](): AsyncIterator<E> {
		const signal = this.#caller?.signal;
		const onAbort = () => this.#leave({ name: "failed", failure: signal?.reason });
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
					const [value] = this.#next(1);
					if (value !== undefined) return { done: false, value };
					if (this.#phase.name === "closed") return finish();
					await new Promise<void>((ready) => this.onReady({ ready }));
				}
			},
			return: async () => finish(),
		};
	}

	#beginInterval(): void {
		this.#beatIsDue = false;
		this.#heartbeats.begin(this);
	}

	get #token(): string {
		const phase = this.#phase;
		return "token" in phase ? phase.token : "";
	}

	#opened(cursor: Cursor<T, E>): void {
		if (this.#phase.name !== "opening") return;
		this.#phase = cursor;
		this.wake();
	}

	/** Leaves the living phases; frees what the stream holds. */
	#leave(next: Phase<T, E> & { name: "failed" | "closed" }): void {
		const { name } = this.#phase;
		if (name === "failed" || name === "closed") return;
		this.#phase = next;
		this.#caller = undefined;
		this.#heartbeats.stop(this);
		this.#onClosed(this);
		this.wake();
	}

	#next(maxBytes: number): readonly E[] {
		const phase = this.#phase;
		switch (phase.name) {
			case "ending": {
				const last = this.#controlEvents.heartbeat(phase.token);
				this.#leave({ name: "failed", failure: phase.failure });
				return [last];
			}
			case "failed":
				throw phase.failure;
			case "closed":
				return nothing;
		}
		if (this.#beatIsDue) {
			this.#beginInterval();
			return [this.#controlEvents.heartbeat(this.#token)];
		}
		if (phase.name === "opening") return nothing;
		const said = phase.next(maxBytes);
		if (said === "synced") return [this.#controlEvents.synced(phase.token)];
		if (said === "reset") return [this.#controlEvents.reset()];
		return said ?? nothing;
	}
}

export function createWatchStream<T extends ApiObject, E>(
	options: WatchStreamOptions<T, E>,
): OpenStream<E> {
	const stream = new Watch(options);
	stream.start(options.open);
	return stream;
}
