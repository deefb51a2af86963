import { expect, test } from "vitest";
import { parseTime } from "../../../server/src/resource/time.ts";

test.each([
	["2026-01-31T12:00:00Z", Date.UTC(2026, 0, 31, 12)],
	["2026-01-31T12:00:00.5Z", Date.UTC(2026, 0, 31, 12, 0, 0, 500)],
	["2026-01-31T12:00:00.123456789Z", Date.UTC(2026, 0, 31, 12, 0, 0, 123)],
	["2026-01-31T12:00:00+02:00", Date.UTC(2026, 0, 31, 10)],
	["0001-01-01T00:00:00Z", -62_135_596_800_000],
	["9999-12-31T23:59:59Z", Date.UTC(9999, 11, 31, 23, 59, 59)],
])("%s is a time of RFC 3339", (text, ms) => {
	expect(parseTime(text)).toBe(ms);
});

test.each([
	["2026-01-31T12:00:00", "has no zone: each machine would read another one"],
	["2026-01-31", "has no time of day"],
	["1", "is what Date alone takes for a year"],
	["Sat, 31 Jan 2026 12:00:00 GMT", "is a time of HTTP"],
	["+275760-09-13T00:00:00Z", "is later than a Timestamp can be"],
	["9999-12-31T23:59:59-01:00", "is later than a Timestamp can be"],
	["0000-12-31T23:59:59Z", "is earlier than a Timestamp can be"],
	["0001-01-01T00:00:00+01:00", "is earlier than a Timestamp can be"],
	["2026-13-45T99:99:99Z", "is no date"],
	["", "is empty"],
	[1_767_225_600_000, "is a number"],
	[null, "is nothing"],
])("%s is no time: it %s", (value, _) => {
	expect(parseTime(value)).toBeUndefined();
});
