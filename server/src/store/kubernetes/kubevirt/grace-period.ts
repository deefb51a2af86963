import type { Wukong } from "@novasphere/wukong-gen/wukong";
import type { Edit } from "../../store.ts";
import { outcomeUnknown } from "../write-failure.ts";
import type { EditCompanion } from "../writes.ts";
import type { Actions } from "./actions.ts";

const never = new AbortController().signal;

/**
 * Gives a stop its grace period, which the Wukong has no field for. The wish is written first: an
 * operator that is not told puts the VM back on. What can be known to fail is known before that, by a
 * dry run.
 */
export function createGracePeriods(actions: Actions): EditCompanion<Wukong, Edit> {
	return {
		async check({ gracePeriodMs }, current, options) {
			if (gracePeriodMs === undefined) return;
			await actions.stop(current, gracePeriodMs, { ...options, validateOnly: true });
		},
		async finish({ gracePeriodMs }, current, options, isWritten) {
			if (gracePeriodMs === undefined || options.validateOnly) return;
			try {
				// What is begun is completed, even if the caller has left.
				await actions.stop(current, gracePeriodMs, { ...options, signal: never });
			} catch (error) {
				// The wish is stored: nothing else may be said than that the rest is not known.
				throw isWritten ? outcomeUnknown(current, error) : error;
			}
		},
	};
}
