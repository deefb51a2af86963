import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import { invalidRequest } from "../../failure.ts";

/**
 * Reads a duration of a request, whose bounds the field rules have judged.
 * @param field its contract name
 * @returns milliseconds; undefined where it is unset
 * @throws INVALID_REQUEST for more nanoseconds than a second has: binary requests can hold that, JSON cannot
 */
export function requestedMs(field: string, duration: Duration | undefined): number | undefined {
	if (duration === undefined) return undefined;
	if (duration.nanos >= 0 && duration.nanos < 1e9) return durationMs(duration);
	throw invalidRequest({ field, description: "must have from 0 to 999,999,999 nanoseconds" });
}
