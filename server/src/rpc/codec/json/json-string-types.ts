import { create } from "@bufbuild/protobuf";
import {
	type Duration,
	DurationSchema,
	type FieldMask,
	FieldMaskSchema,
	type Timestamp,
	TimestampSchema,
} from "@bufbuild/protobuf/wkt";
import { JsonFault, refuse } from "./json-fault.ts";
import type { JsonText } from "./json-text.ts";

/** Bounds of a timestamp: 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const [minTimeSeconds, maxTimeSeconds] = [-62_135_596_800, 253_402_300_799];

const maxDurationSeconds = 315_576_000_000;

/** Longest time or duration, in characters. */
const maxTimeLength = 64;

const timeForm =
	/^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

const durationForm = /^([-+]?)(?=\.?\d)(0|[1-9]\d*)?(?:\.(\d{0,9}))?s$/;

/** Reads a time as RFC 3339 has it, with an offset or in UTC; no leap second (timestamp.proto). */
export function readTimestamp(text: JsonText): Timestamp {
	const what = "a time as in 2026-01-31T12:30:00.5Z (RFC 3339)";
	return timestampOf(text.takeString() ?? text.refuseNext(what)) ?? refuse(what);
}

/** Reads seconds with up to nine digits behind the point, and an `s` (duration.proto). */
export function readDuration(text: JsonText): Duration {
	const what = "a duration in seconds as in 1.5s";
	return durationOf(text.takeString() ?? text.refuseNext(what)) ?? refuse(what);
}

function timestampOf(said: string): Timestamp | undefined {
	const match = said.length > maxTimeLength ? null : timeForm.exec(said);
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
	const match = said.length > maxTimeLength ? null : durationForm.exec(said);
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

/** Longest text of a mask, in characters: room for four hundred of the longest map keys. */
const maxMaskLength = 128 * 1_024;

/** A path: a name, and behind a dot more names, or the key of a map, which may hold anything (AIP-161). */
const pathForm = /^(?:\*|[A-Za-z][A-Za-z0-9]*(?:\..+)?)$/s;

/**
 * Reads paths that are separated by commas, each in lowerCamelCase (field_mask.proto). Whether a path
 * leads to a field is not checked here.
 */
export function readFieldMask(text: JsonText): FieldMask | undefined {
	const what = "names of fields in lowerCamelCase, separated by commas";
	const given = text.takeString() ?? text.refuseNext(what);
	if (given.length > maxMaskLength) throw new JsonFault("entries", "is too long");
	const said = withoutOuterSpace(given);
	if (said === "") return create(FieldMaskSchema);
	// Before any path is made.
	for (let comma = 0; comma >= 0; comma = said.indexOf(",", comma + 1)) text.countEntry();
	if (said.includes("_")) refuse(what);
	if (text.isTrial) return undefined;
	const paths: string[] = [];
	for (const path of said.split(",")) {
		if (!pathForm.test(path)) refuse(what);
		paths.push(path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
	}
	return create(FieldMaskSchema, { paths });
}

/** Trims by Unicode, as protobuf-go does: JavaScript's own takes U+FEFF for white space, and not U+0085. */
function withoutOuterSpace(text: string): string {
	let start = 0;
	let end = text.length;
	while (start < end && whiteSpace.test(text.charAt(start))) start++;
	while (end > start && whiteSpace.test(text.charAt(end - 1))) end--;
	return text.slice(start, end);
}

const whiteSpace = /\p{White_Space}/u;
