/**
 * Why a commit failed, by SQLite's result code (https://sqlite.org/rescode.html).
 *
 * Surely nothing was written, and a later commit may succeed:
 * - FULL: there is no room (SQLITE_FULL).
 * - READ_ONLY: the file can only be read (SQLITE_READONLY).
 * - WRITE: the system refused a write before the commit was complete (SQLITE_IOERR_WRITE): a
 *   quota, or a file system that was made read-only under an open file.
 * - OTHER: anything else that SQLite rolled back.
 *
 * What is on the disk is not known; nothing may be written on top of it, because after a failed
 * fsync the system may have dropped what it had not written:
 * - IO: any other input or output failed (SQLITE_IOERR), or a commit could not be rolled back.
 * - DAMAGED: the file is no intact database any more (SQLITE_CORRUPT, SQLITE_NOTADB).
 * - GONE: what commits has ended or fails in an unknown way.
 */
export type CommitErrorCode = "FULL" | "READ_ONLY" | "WRITE" | "OTHER" | "IO" | "DAMAGED" | "GONE";

/** What to do something about, for whoever runs the service. */
export const commitErrorWords: Readonly<Record<CommitErrorCode, string>> = {
	FULL: "the disk is full",
	READ_ONLY: "the data file can only be read",
	WRITE:
		"the system refuses to write the data file (is there a quota, or a read-only file system?)",
	OTHER: "the last commit failed",
	IO: "the disk fails",
	DAMAGED: "the data file is damaged",
	GONE: "the database has ended",
};

const lastingCodes: readonly CommitErrorCode[] = ["IO", "DAMAGED", "GONE"];

/** A commit failed. */
export class CommitError extends Error {
	override readonly name = "CommitError";
	readonly code: CommitErrorCode;

	constructor(code: CommitErrorCode, problem: string, cause?: unknown) {
		super(problem, { cause });
		this.code = code;
	}

	/**
	 * False: surely nothing was written, and the next commit may succeed.
	 * True: what is on the disk is not known; the store must not go on.
	 */
	get lasting(): boolean {
		return lastingCodes.includes(this.code);
	}
}
