import { type Wukong, WukongStatus_PowerState } from "@novasphere/wukong-gen/wukong";
import { haveSameHash } from "../../resource/wukong/precondition-hash.ts";
import type { Pacing } from "../../watch/pacing.ts";

/**
 * Time from the last telling of a VM to that of an error which replaces a state of the same spec, in
 * milliseconds: an operator that tries again and again says error and creating in turns, and what stays
 * is shown.
 */
const newErrorMs = 3_000;

/** Age from which on changes in the history are merged, in milliseconds. */
const mergeAfterMs = 10_000;

/**
 * Creates the pace at which streams are told of one VM: what a precondition covers (`preconditionHash`) at
 * once, whoever wrote it; status at most once in the interval.
 * @param minChangeIntervalMs in milliseconds, above 0
 */
export function createWukongPacing(minChangeIntervalMs: number): Pacing<Wukong> {
	return {
		intervalMs(told, next) {
			if (!haveSameHash(told, next)) return 0;
			return isNewError(told, next)
				? Math.max(newErrorMs, minChangeIntervalMs)
				: minChangeIntervalMs;
		},
		maxIntervalMs: Math.max(newErrorMs, minChangeIntervalMs),
		mergeAfterMs,
	};
}

/** True where an error shows that was not told, of a spec that was. */
function isNewError(told: Wukong, next: Wukong): boolean {
	const { ERROR } = WukongStatus_PowerState;
	if (next.status?.powerState !== ERROR || next.generation !== told.generation) return false;
	return told.status?.powerState !== ERROR || told.status.powerReason !== next.status.powerReason;
}
