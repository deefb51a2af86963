import type { Exchange } from "./exchange.ts";
import type { StreamBudget } from "./scheduler.ts";

/** Options of a body's writer. */
export interface WriteOptions {
	readonly budget: Pick<StreamBudget, "spend" | "nextTurn">;
	readonly sliceBytes: number;
	/** Limit of {@link Exchange.drained}. */
	readonly stallTimeoutMs: number | undefined;
}

/**
 * Writes a body in slices of at most `sliceBytes`, waiting for the reader and for
 * the stream's turn in between. When the peer leaves, the source's `return` is
 * called at that moment, also while a write waits or a message is awaited.
 *
 * @returns the bytes written, and whether that was all of them.
 */
export async function writeBody(
	exchange: Exchange,
	body: AsyncIterable<Uint8Array>,
	options: WriteOptions,
): Promise<{ sentBytes: number; complete: boolean }> {
	const { disconnect } = exchange;
	const source = body[Symbol.asyncIterator]();
	let sentBytes = 0;
	let leave: (() => void) | undefined;
	const onClosed = () => {
		closeIterator(source);
		leave?.();
	};
	const forget = disconnect.subscribe(onClosed);
	if (disconnect.hasOccurred) onClosed();

	const read = () =>
		new Promise<IteratorResult<Uint8Array> | undefined>((resolve, reject) => {
			leave = () => resolve(undefined);
			source.next().then(resolve, reject);
		});

	try {
		while (!disconnect.hasOccurred) {
			const next = await read();
			if (next === undefined) break;
			if (next.done === true) return { sentBytes, complete: !disconnect.hasOccurred };
			for (const slice of slices(next.value, options.sliceBytes)) {
				const hasRoom = exchange.write(slice);
				sentBytes += slice.byteLength;
				if (options.budget.spend(slice.byteLength)) await options.budget.nextTurn();
				if (!hasRoom) await exchange.drained(options.stallTimeoutMs);
				if (disconnect.hasOccurred) break;
			}
		}
		return { sentBytes, complete: false };
	} finally {
		forget();
	}
}

/** Asks an iterator for its cleanup without waiting for it; that the cleanup fails is no matter. */
export function closeIterator(iterator: AsyncIterator<unknown>): void {
	(async () => iterator.return?.())().catch(() => {});
}

function* slices(bytes: Uint8Array, sliceBytes: number): Generator<Uint8Array> {
	for (let start = 0; start < bytes.byteLength; start += sliceBytes) {
		yield bytes.subarray(start, start + sliceBytes);
	}
}
