import type { Caller } from "../caller.ts";
import type { ApiObject } from "../resource/object.ts";
import type { Cursor } from "./cursor.ts";
import type { ControlEvents, ControlStamp } from "./events.ts";
import type { Beating, Heartbeats } from "./heartbeat.ts";
import type { ViewReader } from "./view.ts";

/**
 * The events of one watch, for one reader, who either iterates it or takes slices of it.
 * Ends only by a failure, by `close`, or when it is iterated and its caller leaves.
 */
export interface WatchStream<E> extends AsyncIterable<E> {
	/**
	 * Returns what is to be sent next, up to about `maxBytes` of binary form, at least one event if
	 * there is any; empty: nothing for now. Frozen where other streams are given the same array.
	 * @throws the failure that ended the stream, once everything before it is taken
	 */
	take(maxBytes: number): readonly E[];
	/** False where a `take` now would be empty. Decided by the log at each call, never stored. */
	readonly hasMore: boolean;
	/** Calls `waiter` once when `take` is worth a call again: at once where there is more already. */
	onReady(waiter: Waiter): void;
	/**
	 * Frees everything: the reader has left. Harmless when repeated.
	 * @param reason what `take` fails with from now on; undefined: it is empty
	 */
	close(reason?: unknown): void;
}

/**
 * A reader that waits for a stream. An object, not a function: thousands wait without a closure
 * each.
 */
export interface Waiter {
	ready(): void;
}

/** A stream as its replica sees it. */
export interface OpenStream<T extends ApiObject, E> extends WatchStream<E>, Beating, ViewReader {
	/** Ends the stream: a last HEARTBEAT, then the failure. */
	end(failure: unknown): void;
	/** Goes on with another cursor, one that begins with RESET. */
	restart(cursor: Cursor<T, E>): void;
}

/** What a watch stream works with. */
export interface WatchStreamOptions<T extends ApiObject, E> {
	readonly controlEvents: ControlEvents<E>;
	readonly heartbeats: Heartbeats;
	readonly heartbeatIntervalMs: number;
	/** Resume token of heartbeats until there is a cursor. */
	readonly initialToken: string;
	/** Makes the cursor; may have to wait for the store first, or throw at once. */
	readonly open: () => Cursor<T, E> | Promise<Cursor<T, E>>;
	/** Reader; its signal ends the stream where it is iterated. One that takes slices closes it. */
	readonly caller: Caller;
	/** Announced by SYNCED and HEARTBEAT, see {@link ControlStamp}. Default: nothing is. */
	readonly expireTimeMs?: ControlStamp["expireTimeMs"];
	readonly onClosed: (stream: OpenStream<T, E>) => void;
}

type Phase<T extends ApiObject, E> =
	| {
			readonly name: "opening";
			readonly token: string;
			/** Goes on with this one instead of the one that is awaited. */
			readonly instead?: Cursor<T, E>;
	  }
	/** Open. No object of its own: each of thousands would be one more to touch. */
	| Cursor<T, E>
	/** A last HEARTBEAT is still to be sent. */
	| { readonly name: "ending"; readonly token: string; readonly failure: unknown }
	| { readonly name: "failed"; readonly failure: unknown }
	| { readonly name: "closed" };

const nothing: readonly never[] = Object.freeze([]);

/**
 * A class: thousands may be open, and a closure for each of its functions would be most of their
 * memory.
 */
class Watch<T extends ApiObject, E> implements OpenStream<T, E> {
	readonly #controlEvents: ControlEvents<E>;
	readonly #heartbeats: Heartbeats;
	readonly heartbeatIntervalMs: number;
	readonly #expireTimeMs: number | undefined;
	readonly #onClosed: (stream: OpenStream<T, E>) => void;
	#phase: Phase<T, E>;
	/** True while no interval is under way: heartbeats do not add up for a stalled reader. */
	#beatIsDue = true;
	#waiting: Waiter | undefined;
	/** Dropped with the first slice, because it keeps the whole call in memory. */
	#caller: Caller | undefined;

	constructor(options: WatchStreamOptions<T, E>) {
		this.#controlEvents = options.controlEvents;
		this.#heartbeats = options.heartbeats;
		this.heartbeatIntervalMs = options.heartbeatIntervalMs;
		this.#expireTimeMs = options.expireTimeMs;
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
			// The replica has to have the stream in its books before it ends.
			queueMicrotask(() => this.#leave({ name: "failed", failure }));
			return;
		}
		if (cursor instanceof Promise) {
			// A HEARTBEAT is due already: it is sent at once, however long the version is waited for.
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
		// A wake before this call is not repeated, and a stream that has ended wakes nobody.
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

	restart(cursor: Cursor<T, E>): void {
		const phase = this.#phase;
		// One that still waits for its version waits on: what it shows is not to be older.
		if (phase.name === "opening") this.#phase = { ...phase, instead: cursor };
		else if (phase.name === "open") {
			this.#phase = cursor;
			this.wake();
		}
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
		const phase = this.#phase;
		if (phase.name !== "opening") return;
		this.#phase = phase.instead ?? cursor;
		this.wake();
	}

	/** Ends the stream and frees what it holds. */
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
				const last = this.#controlEvents.heartbeat(phase.token, this.#expireTimeMs);
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
			return [this.#controlEvents.heartbeat(this.#token, this.#expireTimeMs)];
		}
		if (phase.name === "opening") return nothing;
		const said = phase.next(maxBytes);
		if (said === "synced") return [this.#controlEvents.synced(phase.token, this.#expireTimeMs)];
		if (said === "reset") return [this.#controlEvents.reset()];
		return said ?? nothing;
	}
}

/** Creates a watch stream. */
export function createWatchStream<T extends ApiObject, E>(
	options: WatchStreamOptions<T, E>,
): OpenStream<T, E> {
	const stream = new Watch(options);
	stream.start(options.open);
	return stream;
}
