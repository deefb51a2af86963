import type { Wukong } from "@novasphere/wukong-gen/wukong";
import { wantedOn } from "../../resource/wukong/power-state.ts";

/** Notes the grace period of a stop, in milliseconds. Under the prefix that no caller sees. */
const graceKey = "wukong.novasphere.dev/stop-grace-ms";

/** Returns how long the guest has to shut down, in milliseconds; unset: as long as it takes. */
export function graceMs({ annotations }: Wukong): number {
	const noted = annotations[graceKey];
	return noted === undefined ? Number.POSITIVE_INFINITY : Number(noted);
}

/**
 * Notes the grace period of a stop on a record: the shorter one, where a stop is under way already.
 * A note of an earlier stop is dropped once the VM is wanted on.
 * @param periodMs undefined: this edit gives none
 * @returns the record itself where that changes nothing
 */
export function withGracePeriod(record: Wukong, periodMs: number | undefined): Wukong {
	const { [graceKey]: noted, ...others } = record.annotations;
	if (wantedOn(record.spec)) {
		return noted === undefined ? record : { ...record, annotations: others };
	}
	const stopped = record.status?.phase === "Stopped";
	if (periodMs === undefined || stopped || periodMs >= graceMs(record)) return record;
	return { ...record, annotations: { ...others, [graceKey]: String(periodMs) } };
}
