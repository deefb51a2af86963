import type { ApiObject } from "../resource/object.ts";
import { hasEqualLabels, type LogEntry } from "./log-entry.ts";

/**
 * Leaves what an entry says to those of its object that came before it and stay, because they are of other
 * kinds, or late tellings: who resumes from before one of these has the dropped change already, and is
 * not to be told a state without it. A change of labels is nothing that happens to those readers: the
 * state before has them, too. After a deletion, or another object of the name, those before are of
 * no use to anybody.
 * @returns the entries that are to leave with it
 */
export function leaveToEarlier<T extends ApiObject, E>(entry: LogEntry<T, E>): LogEntry<T, E>[] {
	const { change } = entry;
	const { object, previous } = change;
	if (change.deleted || previous === undefined || previous.uid !== object.uid) {
		const useless: LogEntry<T, E>[] = [];
		for (let at = entry.previous; at !== undefined; at = at.previous) useless.push(at);
		return useless;
	}
	const isMoved = !hasEqualLabels(previous, object);
	for (let at = entry.previous; at !== undefined; at = at.previous) {
		at.change = { ...at.change, object, ...(isMoved && { previous: object }) };
		at.forgetEvents();
		if (at.role === "change") break;
	}
	return [];
}
