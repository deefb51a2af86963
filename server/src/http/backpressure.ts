import type { Writable } from "node:stream";
import type { Clock } from "../clock.ts";
import type { Disconnect } from "./disconnect.ts";
import type { ExchangeOptions } from "./exchange.ts";
import { runAfterTick } from "./run-after-tick.ts";

/**
 * Waits until a stream can take more or is closed. Calls `cutOff` when neither happens within
 * stallTimeoutMs, if there is one. Waiting for "drain" alone would never end after a reset, and its
 * handler would leak.
 */
export function waitForDrain(
	target: Writable,
	options: {
		readonly clock: Clock;
		readonly disconnect: Disconnect;
		readonly stallTimeoutMs: number | undefined;
	},
	cutOff: () => void,
): Promise<void> {
	const { clock, disconnect, stallTimeoutMs } = options;
	if (target.destroyed || disconnect.hasOccurred || !target.writableNeedDrain)
		return Promise.resolve();
	return new Promise((resolve) => {
		const forget = disconnect.subscribe(settle);
		const timer =
			stallTimeoutMs === undefined
				? undefined
				: clock.setTimer(stallTimeoutMs, () => {
						cutOff();
						settle();
					});
		function settle(): void {
			timer?.cancel();
			target.off("drain", settle).off("close", settle);
			forget();
			resolve();
		}
		target.on("drain", settle).on("close", settle);
	});
}

/** A response that was ended. */
export interface EndedAnswer {
	readonly writable: Writable;
	readonly options: ExchangeOptions;
	/** Ends the connection or stream of a peer that does not read. */
	cutOff(): void;
}

/**
 * Cuts off a peer that does not take the rest of an ended response within stalledWriteTimeoutMs.
 */
export function boundEnd(answer: EndedAnswer): void {
	// HTTP/2 needs one turn for the response and one for its trailers.
	runAfterTick(lookAgain, answer);
}

function lookAgain(answer: EndedAnswer): void {
	if (!isOut(answer)) runAfterTick(arm, answer);
}

function arm(answer: EndedAnswer): void {
	if (isOut(answer)) return;
	const { clock, limits } = answer.options;
	const timer = clock.setTimer(limits.stalledWriteTimeoutMs, () => answer.cutOff());
	answer.writable.once("close", () => timer.cancel());
}

/** Checks whether all of it was taken, or nobody is left to take it. */
function isOut({ writable }: EndedAnswer): boolean {
	return writable.destroyed || writable.writableFinished;
}
