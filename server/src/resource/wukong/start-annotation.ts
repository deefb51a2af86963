import { parseTime } from "../time.ts";

/**
 * Annotation in which Start notes when it was asked for, as RFC 3339 in UTC with milliseconds. It is
 * hidden from callers. Its change makes an operator look at its VM again, also where the wish stands
 * as it was; and whoever derives the power state reads from it that a start is on its way.
 */
export const startAskedKey = "wukong.novasphere.dev/start-asked";

/** The same for Stop, of a VM that was started past its operator. */
export const stopAskedKey = "wukong.novasphere.dev/stop-asked";

/** Writes a time as the annotation has it. @param ms milliseconds since 1970 */
export function formatStartAsked(ms: number): string {
	return new Date(ms).toISOString();
}

/** Reads the annotation. @returns milliseconds since 1970; undefined: there is none that can be read */
export function readStartAsked(annotations: {
	readonly [key: string]: string;
}): number | undefined {
	return parseTime(annotations[startAskedKey]);
}
