import type { ApiObject } from "../resource/object.ts";
import type { ChangeLog } from "./change-log.ts";
import type { ChangeKind } from "./events.ts";
import { type Filter, shows } from "./filter.ts";
import { type LogEntry, stateToSend } from "./log-entry.ts";
import { eventOverheadBytes, type Slice, viewChange } from "./slice.ts";

/** What a stream has missed that resumes. */
export interface ResumedSpan {
	/** Sequence number before which it ends: the log's end when the stream began. */
	readonly end: number;
	/** Bases of the token that the stream came with: what is newer in its kind was missed. */
	readonly bases: readonly bigint[];
	/** Token of all messages until SYNCED: the heads at `end`, and these bases. */
	readonly token: string;
}

/** The part of a view that is looked through. */
interface LookedThrough<T extends ApiObject, E> {
	readonly log: ChangeLog<T, E>;
	readonly filter: Filter;
}

/**
 * Returns what was missed, by objects: one DELETED for each one that left the view and has not come
 * back, then the state at the end of the span, once. Every state between is left out: another replica may
 * have told some of them already, in another order of the kinds. Reads nothing but the entries of the span
 * and their links, so that a reader may stand still anywhere in it at no cost.
 * Needs a history that merges nothing across the end of the span meanwhile (`ChangeLog.hold`).
 */
export function sliceResumed<T extends ApiObject, E>(
	{ log, filter }: LookedThrough<T, E>,
	at: { readonly from: number; readonly span: ResumedSpan; readonly maxBytes: number },
): Slice<E> {
	const { span, maxBytes } = at;
	const events: E[] = [];
	let bytes = 0;
	const say = (kind: ChangeKind, object: T, timeMs: number) => {
		events.push(log.events.change(kind, object, { token: span.token, timeMs }));
		bytes += eventOverheadBytes + log.sizeBytes(object);
	};
	for (const entry of log.history.entries(at.from, span.end)) {
		if (bytes >= maxBytes) return sliceOf(events, entry.sequence);
		if (!isMissed(entry, span)) continue;
		const { change } = entry;
		const isGone = isNewer(entry, span) && viewChange(change, filter) === "deleted";
		if (isGone && !comesBack(entry, span, filter)) {
			say("deleted", stateToSend(change, "deleted"), change.timeMs);
		}
		if (isFollowed(entry, span)) continue;
		const { change: last } = lastIn(entry, span);
		if (last.deleted || !shows(filter, last.object)) continue;
		say(hasEntered(entry, span, filter) ? "added" : "modified", last.object, last.timeMs);
	}
	return sliceOf(events, span.end);
}

function sliceOf<E>(events: E[], end: number): Slice<E> {
	return { events: Object.freeze(events), end, skipped: 0, places: undefined };
}

/** True where the entry is a change that the token does not cover. */
function isNewer<T extends ApiObject, E>(
	{ role, change }: LogEntry<T, E>,
	{ bases }: ResumedSpan,
): boolean {
	return role === "change" && change.version > (bases[change.kind ?? 0] ?? change.version);
}

/**
 * True where the token may not cover what an entry brought. With an object that is new here comes what
 * the other kinds had for it before: that was no change of any object here.
 */
function isMissed<T extends ApiObject, E>(entry: LogEntry<T, E>, span: ResumedSpan): boolean {
	if (isNewer(entry, span)) return true;
	if (entry.role === "release" || entry.change.previous !== undefined) return false;
	const { positions } = entry.places;
	return positions.some((position, kind) => kind > 0 && position > (span.bases[kind] ?? position));
}

/** True where the same object, which has left the view, enters it again before the span ends. */
function comesBack<T extends ApiObject, E>(
	entry: LogEntry<T, E>,
	{ end }: ResumedSpan,
	filter: Filter,
): boolean {
	const { uid } = entry.change.previous ?? entry.change.object;
	let next = entry.change.deleted ? undefined : entry.next;
	for (; next !== undefined && next.sequence < end; next = next.next) {
		const { object, deleted } = next.change;
		if (deleted || object.uid !== uid) return false;
		if (shows(filter, object)) return true;
	}
	return false;
}

/** True where another missed change of the object comes before the span ends. */
function isFollowed<T extends ApiObject, E>(entry: LogEntry<T, E>, span: ResumedSpan): boolean {
	for (let { next } = entry; next !== undefined && next.sequence < span.end; next = next.next) {
		if (isMissed(next, span)) return true;
	}
	return false;
}

function lastIn<T extends ApiObject, E>(
	entry: LogEntry<T, E>,
	{ end }: ResumedSpan,
): LogEntry<T, E> {
	let last = entry;
	while (last.next !== undefined && last.next.sequence < end) last = last.next;
	return last;
}

/**
 * True where the reader does not hold the object: the first that happened to it in the view, among
 * what was missed, is that it entered.
 */
function hasEntered<T extends ApiObject, E>(
	entry: LogEntry<T, E>,
	span: ResumedSpan,
	filter: Filter,
): boolean {
	const { uid } = lastIn(entry, span).change.object;
	let first: ChangeKind | undefined;
	let at: LogEntry<T, E> | undefined = lastIn(entry, span);
	for (; at !== undefined && at.change.object.uid === uid; at = at.previous) {
		if (!isNewer(at, span)) continue;
		const kind = viewChange(at.change, filter);
		if (kind === "added" || kind === "deleted") first = kind;
	}
	return first === "added";
}
