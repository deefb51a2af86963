import { create } from "@bufbuild/protobuf";
import {
	type Duration,
	DurationSchema,
	type Timestamp,
	TimestampSchema,
} from "@bufbuild/protobuf/wkt";
import { refuse } from "./json-fault.ts";
import type { JsonText } from "./json-text.ts";

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const [minTimeSeconds, maxTimeSeconds] = [-62_135_596_800, 253_402_300_799];

const maxDurationSeconds = 315_576_000_000;

/** No time and no duration is longer, in characters. */
const maxLength = 64;

const timeForm =
	/^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

const durationForm = /^([-+]?)(?=\.?\d)(0|[1-9]\d*)?(?:\.(\d{0,9}))?s$/;

/** A time in the form of RFC 3339, with an offset or in UTC; no leap second (timestamp.proto). */
export function readTimestamp(text: JsonText): Timestamp {
	const what = "a time as in 2026-01-31T12:30:00.5Z (RFC 3339)";
	return timestampOf(text.takeString() ?? text.refuseNext(what)) ?? refuse(what);
}

/** Seconds with up to nine digits behind the point, and an `s` (duration.proto). */
export function readDuration(text: JsonText): Duration {
	const what = "a duration in seconds as in 1.5s";
	return durationOf(text.takeString() ?? text.refuseNext(what)) ?? refuse(what);
}

function timestampOf(said: string): Timestamp | undefined {
	const match = said.length > maxLength ? null : timeForm.exec(said);
	if (match === null) return undefined;
	const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
		.slice(1, 7)
		.map(Number);
	const [offsetHour, offsetMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
	if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) {
		return undefined;
	}
	// Date.UTC takes the first hundred years for those of 1900.
	const date = new Date(0);
	date.setUTCFullYear(year, month - 1, day);
	if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
	const offsetSeconds = (offsetHour * 60 + offsetMinute) * 60 * (match[8] === "-" ? -1 : 1);
	const seconds = date.getTime() / 1_000 + (hour * 60 + minute) * 60 + second - offsetSeconds;
	if (seconds < minTimeSeconds || seconds > maxTimeSeconds) return undefined;
	return create(TimestampSchema, { seconds: BigInt(seconds), nanos: nanosOf(match[7]) });
}

function durationOf(said: string): Duration | undefined {
	const match = said.length > maxLength ? null : durationForm.exec(said);
	if (match === null) return undefined;
	const sign = match[1] === "-" ? -1 : 1;
	const seconds = Number(match[2] ?? 0);
	if (seconds > maxDurationSeconds) return undefined;
	const nanos = sign * nanosOf(match[3]);
	// No negative zero: a bigint has none, and nanos is written where it is one.
	return create(DurationSchema, {
		seconds: BigInt(sign * seconds),
		nanos: nanos === 0 ? 0 : nanos,
	});
}

function nanosOf(fraction: string | undefined): number {
	return Number((fraction ?? "").padEnd(9, "0"));
}
