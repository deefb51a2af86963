import type { Writable } from "node:stream";
import type { Clock } from "../clock.ts";
import { afterTurn } from "./after-turn.ts";
import type { Departure } from "./departure.ts";
import type { ExchangeOptions } from "./exchange.ts";

/**
 * Waits until a stream can take more, or is closed, whichever comes first, and
 * calls `cutOff` when neither happens within stallTimeoutMs, if there is one. Waiting for
 * "drain" alone would never end after a reset, and its handler would be lost.
 */
export function waitForDrain(
	target: Writable,
	options: {
		readonly clock: Clock;
		readonly departure: Departure;
		readonly stallTimeoutMs: number | undefined;
	},
	cutOff: () => void,
): Promise<void> {
	const { clock, departure, stallTimeoutMs } = options;
	if (target.destroyed || departure.happened || !target.writableNeedDrain) return Promise.resolve();
	return new Promise((resolve) => {
		const forget = departure.on(settle);
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

/**
 * Cuts off a peer that never takes the rest of an answer that was ended, within
 * stalledWriteTimeoutMs.
 */
export function boundEnd(target: Writable, options: ExchangeOptions, cutOff: () => void): void {
	const isDone = () => target.destroyed || target.writableFinished;
	const arm = () => {
		if (isDone()) return;
		const timer = options.clock.setTimer(options.limits.stalledWriteTimeoutMs, cutOff);
		target.once("close", () => timer.cancel());
	};
	// HTTP/2 needs one turn for the answer and one for its trailers.
	afterTurn(() => {
		if (!isDone()) afterTurn(arm);
	});
}
