import { parsePlainVersion, parseVersion, startOver } from "../resource/version.ts";
import type { Store } from "../store/store.ts";
import type { ChangeLog } from "./change-log.ts";
import type { CursorStart } from "./cursor.ts";

/** The version is newer than the log: ask the store. */
export interface Ahead {
	readonly at: "ahead";
	readonly version: bigint;
}

/**
 * Where a stream with this `resource_version` starts, judged by what the log
 * holds. A token that cannot be used is RESET, never an error.
 */
export function resumeStart(
	token: string,
	log: ChangeLog,
	store: Pick<Store, "exactVersions">,
): CursorStart | Ahead {
	if (token === "") return { at: "snapshot" };
	const version = parsePlainVersion(token);
	if (version === undefined) {
		// A version of more places, or with a suffix, is of a replica that watches other kinds or
		// namespaces: what it leaves out is not known here.
		if (parseVersion(token) !== undefined) return { at: "reset", cause: "foreign", token };
		const cause = token === startOver ? "restarted" : "malformed";
		return { at: "reset", cause, token: startOver };
	}
	if (version < log.history.base) return { at: "reset", cause: "expired", token };
	if (store.exactVersions && !isKnown(version, log)) {
		return { at: "reset", cause: "foreign", token };
	}
	if (version > log.head) return { at: "ahead", version };
	return { at: "version", version };
}

/** True where the version is the head, the base, or that of a change in the history. */
export function isKnown(version: bigint, log: ChangeLog): boolean {
	const { history } = log;
	if (version === log.head || version === history.base) return true;
	const sequence = history.after(version) - 1;
	return sequence >= history.firstSequence && history.at(sequence).change.version === version;
}
