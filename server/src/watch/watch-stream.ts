import type { WukongEvent } from "@novasphere/wukong-gen/wukong-service";
import type { Clock } from "../clock.ts";
import type { ChangeLog } from "./change-log.ts";
import type { Cursor } from "./cursor.ts";
import { createHeartbeat } from "./heartbeat.ts";
import { binarySizeBytes } from "./message-size.ts";
import type { StreamMarks } from "./stream-marks.ts";

/**
 * The messages of one watch. Either iterated, or taken in slices; by one reader.
 * Ends only by a failure, by `close`, or when its signal aborts.
 */
export interface WatchStream extends AsyncIterable<WukongEvent> {
	/**
	 * What there is to send now, up to about `maxBytes` of binary form, at least one
	 * message if there is any; empty: nothing for now.
	 * @throws the failure that ended the stream, once everything before it is taken
	 */
	take(maxBytes: number): readonly WukongEvent[];
	/**
	 * Calls back once when `take` is worth calling again; to be asked for right after an empty
	 * `take`, in the same turn of the event loop.
	 */
	onReady(callback: () => void): void;
	/** The reader has left. Frees everything; harmless when repeated. */
	close(): void;
}

/** A stream as its replica holds it. */
export interface OpenStream extends WatchStream {
	/** Ends the stream: a last HEARTBEAT, then the failure. */
	end(failure: unknown): void;
}

/** Bytes that an event takes besides its VM. */
const eventOverheadBytes = 64;

export interface WatchStreamOptions {
	readonly log: ChangeLog;
	readonly clock: Clock;
	readonly marks: StreamMarks;
	readonly heartbeatIntervalMs: number;
	/** Resume token to tell while the cursor is not there yet. */
	readonly initialToken: string;
	/** Makes the cursor; may have to wait for the store first, or throw at once. */
	readonly open: (signal: AbortSignal) => Cursor | Promise<Cursor>;
	readonly signal: AbortSignal;
	readonly onClosed: () => void;
}

type Phase =
	| { readonly name: "opening" }
	| { readonly name: "open"; readonly cursor: Cursor }
	/** A last heartbeat is still to be said. */
	| { readonly name: "ending"; readonly token: string; readonly failure: unknown }
	| { readonly name: "failed"; readonly failure: unknown }
	| { readonly name: "closed" };

export function createWatchStream(options: WatchStreamOptions): OpenStream {
	const { log, marks, signal } = options;
	let phase: Phase = { name: "opening" };
	let waiting: (() => void) | undefined;
	let forgetNews = () => {};

	const wake = () => {
		const callback = waiting;
		waiting = undefined;
		forgetNews();
		callback?.();
	};
	const heartbeat = createHeartbeat(options.clock, options.heartbeatIntervalMs, wake);
	const token = () => (phase.name === "open" ? phase.cursor.token : options.initialToken);
	/** Leaves the living phases; frees what the stream holds. */
	const leave = (next: Phase & { name: "failed" | "closed" }) => {
		const living = phase.name !== "failed" && phase.name !== "closed";
		if (!living) return;
		phase = next;
		heartbeat.stop();
		signal.removeEventListener("abort", onAbort);
		options.onClosed();
		wake();
	};
	const onAbort = () => leave({ name: "failed", failure: signal.reason });
	const opened = (cursor: Cursor) => {
		if (phase.name !== "opening") return;
		phase = { name: "open", cursor };
		wake();
	};

	const next = (): WukongEvent | undefined => {
		switch (phase.name) {
			case "ending": {
				const last = marks.heartbeat(phase.token);
				leave({ name: "failed", failure: phase.failure });
				return last;
			}
			case "failed":
				throw phase.failure;
			case "closed":
				return undefined;
		}
		if (heartbeat.due) {
			heartbeat.take();
			return marks.heartbeat(token());
		}
		if (phase.name === "opening") return undefined;
		const { cursor } = phase;
		const said = cursor.next();
		if (said === "synced") return marks.synced(cursor.token);
		return said === "reset" ? marks.reset() : said;
	};

	const stream: OpenStream = {
		take(maxBytes) {
			const slice: WukongEvent[] = [];
			let bytes = 0;
			while (bytes < maxBytes) {
				// What was taken before a failure is given out first; the next take throws.
				if (slice.length > 0 && phase.name === "failed") break;
				const event = next();
				if (event === undefined) break;
				slice.push(event);
				bytes += eventOverheadBytes;
				if (event.wukong !== undefined) bytes += binarySizeBytes(event.wukong);
			}
			return slice;
		},
		onReady(callback) {
			waiting = callback;
			if (phase.name === "open") forgetNews = log.onNews(wake);
			else if (phase.name !== "opening") wake();
		},
		close: () => leave({ name: "closed" }),
		end(failure) {
			if (phase.name !== "opening" && phase.name !== "open") return;
			phase = { name: "ending", token: token(), failure };
			wake();
		},
		[Symbol.asyncIterator]: () => ({
			async next() {
				for (;;) {
					const value = next();
					if (value !== undefined) return { done: false, value };
					if (phase.name === "closed") return { done: true, value: undefined };
					await new Promise<void>((resolve) => stream.onReady(resolve));
				}
			},
			async return() {
				stream.close();
				return { done: true, value: undefined };
			},
		}),
	};

	if (signal.aborted) {
		// It was never open, so nobody is told that it has closed.
		heartbeat.stop();
		phase = { name: "failed", failure: signal.reason };
	} else {
		signal.addEventListener("abort", onAbort);
		start();
	}
	return stream;

	function start() {
		const cursor = open();
		if (cursor instanceof Promise) {
			cursor.then(opened, (failure) => leave({ name: "failed", failure }));
		} else {
			opened(cursor);
		}
	}

	function open() {
		try {
			const cursor = options.open(signal);
			// The first message is sent at once, whatever there is to wait for.
			if (cursor instanceof Promise) heartbeat.beat();
			return cursor;
		} catch (failure) {
			return Promise.reject(failure);
		}
	}
}
