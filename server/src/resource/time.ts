/** The last time that a Timestamp of Protocol Buffers can be, in milliseconds since 1970. */
export const maxTimeMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The first one: 0001-01-01T00:00:00Z. */
const minTimeMs = -62_135_596_800_000;

const format = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Parses a time of RFC 3339, as Kubernetes writes them. Another text is none, whatever `Date` makes of
 * it: a time without a zone would be another one on each machine, and not every date can be answered.
 * @returns milliseconds since 1970; undefined: it is no time, or none that a Timestamp can be
 */
export function parseTime(value: unknown): number | undefined {
	if (typeof value !== "string" || !format.test(value)) return undefined;
	const ms = Date.parse(value);
	// NaN is in no range.
	return ms >= minTimeMs && ms <= maxTimeMs ? ms : undefined;
}
